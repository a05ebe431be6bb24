"""Texts to tokens and back, with the tokenizer of a local model; nothing is generated, so nothing is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from penstock.core.errors import InvalidRequest, UpstreamTimeout
from penstock.core.exchange import Outgoing, Reply
from penstock.dialects.tokens import DetokenizeRequest, DetokenizeResponse, TokenizeRequest, TokenizeResponse
from penstock.engine import Engine
from penstock.providers.local import Endpoint, tokens
from penstock.routing import Catalogue
from penstock.routing.catalogue import LOCAL
from penstock.settings import Timeouts
from penstock.transport import Transport, Watch


class Tokenizers:
    """The tokenizers of all local models. A model is loaded for it, and a place in its line is taken, as for a call."""

    def __init__(
        self, catalogue: Catalogue, engine: Engine, transport: Transport, watch: Watch, timeouts: Timeouts
    ) -> None:
        self._catalogue = catalogue
        self._engine = engine
        self._transport = transport
        self._watch = watch
        self._timeouts = timeouts

    async def tokenize(self, request: TokenizeRequest, members: dict[str, msgspec.Raw]) -> TokenizeResponse:
        """The tokens of a text or of messages; `members` are the request's, as they came.

        Raises InvalidRequest for a model that is not local and for messages that are not text, ModelNotFound,
        Unavailable, UpstreamError.
        """
        async with self._endpoint(request.model) as endpoint:
            text = request.prompt if request.prompt is not None else request.input
            if text is None:
                functions = (
                    [tool["function"] for tool in msgspec.json.decode(members["tools"])] if request.tools else []
                )
                messages = msgspec.json.decode(members["messages"])
                answer = request.add_generation_prompt is not False
                asked = tokens.template(endpoint, messages, functions, answer=answer)
                text = tokens.read_prompt(await self._ask(asked))
            asked = tokens.tokenize(endpoint, text, special=request.add_special_tokens is not False)
            found = tokens.read_tokens(await self._ask(asked))
            return TokenizeResponse(
                tokens=[token.id for token in found],
                count=len(found),
                max_model_len=endpoint.context,
                token_strs=[token.text for token in found] if request.return_token_strs else None,
            )

    async def detokenize(self, request: DetokenizeRequest) -> DetokenizeResponse:
        """The text of tokens. Raises as `tokenize`, and InvalidRequest for an id that the model does not have."""
        async with self._endpoint(request.model) as endpoint:
            for position, token in enumerate(request.tokens):
                if token >= endpoint.vocabulary:
                    raise InvalidRequest(
                        f"'tokens[{position}]' is {token}; this model has the tokens 0 to {endpoint.vocabulary - 1}.",
                        param=f"tokens[{position}]",
                    )
            return DetokenizeResponse(tokens.read_text(await self._ask(tokens.detokenize(endpoint, request.tokens))))

    @asynccontextmanager
    async def _endpoint(self, model: str) -> AsyncIterator[Endpoint]:
        target = self._catalogue.plan(model)[0]
        if target.provider != LOCAL:
            raise InvalidRequest(
                f"'model' is '{model}', which the vendor '{target.provider}' serves; the tokens of local models alone "
                "are known here.",
                param="model",
                code="unsupported_value",
            )
        async with self._engine.lease(target.model) as endpoint:
            yield endpoint

    async def _ask(self, outgoing: Outgoing) -> Reply:
        timeouts = self._timeouts

        def more() -> None:
            patience.wait(timeouts.between_bytes_s, UpstreamTimeout, "the tokenizer did not go on with its answer")

        with self._watch.patience(self._watch.loop.time() + timeouts.whole_s) as patience:
            patience.wait(timeouts.first_byte_s, UpstreamTimeout, "the tokenizer did not begin its answer")
            with await self._transport.open(outgoing, timeouts.connect_s) as upstream:
                more()
                return await upstream.reply(more)
