"""What a local model can do, parameter by parameter: the same for every model file, but for its context."""

from __future__ import annotations

from typing import Final

import msgspec

from penstock.params import Capabilities, Parameter, Support, parameters
from penstock.params.capabilities import OWN_FIELDS, SAMPLING_FIELDS

# fmt: off
_LACKS: Final = (
    "audio", "metadata", "moderation", "prediction", "prompt_cache_key", "prompt_cache_options",
    "prompt_cache_retention", "safety_identifier", "service_tier", "user", "verbosity", "web_search_options",
)
# fmt: on

_ANY: Final = Capabilities.of(
    "a local model",
    {
        **parameters(
            renamed={},
            unsupported=_LACKS,
            extras=(*SAMPLING_FIELDS, *(OWN_FIELDS - {"provider"})),
            fans_out=True,
        ),
        "modalities": Parameter(Support.REFUSED),
        **dict.fromkeys(("functions", "function_call"), Parameter(Support.TRANSLATED)),  # into `tools`
    },
    input_modalities=("text",),
    output_modalities=("text",),
    endpoints=("/v1/chat/completions", "/v1/responses", "/v1/tokenize", "/v1/detokenize"),
)


def local_capabilities(model: str, context: int | None) -> Capabilities:
    """The capabilities of the local model of that name; `context` in tokens, as the engine has loaded it."""
    return msgspec.structs.replace(_ANY, model=f"the local model '{model}'", context_length=context)
