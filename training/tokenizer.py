"""The tokenizer: a byte-level BPE with GPT-2's way of cutting text, made from the conversations themselves.

No merge joins digits, so that numbers are read digit by digit. A space joins only whole frequent words, by the last
merges, so that a rare word has the same tokens wherever it stands: what is to be copied looks the same at both places.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.chat import SPECIAL, Piece

VOCABULARY: Final = 2048
_SPACED: Final = 520
_COMMON: Final = 8
"""Times that a word must stand in the corpus to have a say."""
_SPACE: Final = "\u0120"


def train(texts: Iterable[str]) -> Tokenizer:
    """Makes a tokenizer of VOCABULARY tokens from texts without marks of the chat template."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(re.findall(r" ?[^\W\d_]+| ?[^\s\w]+|_+", text))
    bare: Counter[str] = Counter()
    spaced: Counter[str] = Counter()
    for word, count in counts.items():
        bare[word.lstrip(" ")] += count
        if word.startswith(" "):
            spaced[word[1:]] += count

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("\n"), "removed"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL) - _SPACED,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    # Frequencies flattened: a word of a pattern stands in thousands of examples, one to be copied in a few. Made-up
    # words, which are rarer still, have no say: they are cut into the pieces of real ones.
    corpus = (word for word, n in sorted(bare.items()) if n >= _COMMON for _ in range(min(64, int(n**0.5))))
    tokenizer.train_from_iterator(corpus, trainer)
    return _with_spaces(tokenizer, spaced)


def _with_spaces(trained: Tokenizer, spaced: Counter[str]) -> Tokenizer:
    model: dict[str, Any] = _model(trained)
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    merges = [(left, right) for left, right in model["merges"]]
    wanted = VOCABULARY - len(SPECIAL) - len(tokens)
    for word, _ in sorted(spaced.items(), key=lambda item: (-item[1], item[0])):
        if wanted == 0:
            break
        bytes_as_letters = "".join(trained.encode(word, add_special_tokens=False).tokens[:1])
        if bytes_as_letters != word:  # more than one token, or not ASCII
            continue
        tokens.append(_SPACE + word)
        merges.append((_SPACE, word))
        wanted -= 1
    return assemble([*tokens, *SPECIAL], merges)


def assemble(tokens: Sequence[str], merges: Sequence[tuple[str, str]]) -> Tokenizer:
    """The tokenizer of these tokens, by id, and merges, the first one strongest."""
    whole = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, list(merges)))
    whole.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    whole.decoder = decoders.ByteLevel()
    whole.add_special_tokens(list(SPECIAL))
    return whole


def _model(tokenizer: Tokenizer) -> dict[str, Any]:
    import json

    model: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    return model


def vocabulary(tokenizer: Tokenizer) -> tuple[list[str], list[str]]:
    """The tokens by id, and the merges as GGUF writes them."""
    model = _model(tokenizer)
    tokens = [str(tokenizer.id_to_token(i)) for i in range(tokenizer.get_vocab_size())]
    return tokens, [" ".join(merge) for merge in model["merges"]]


def encode(tokenizer: Tokenizer, parts: Iterable[Piece]) -> tuple[list[int], list[bool]]:
    """Token ids, and for each whether the model shall learn to write it.

    Text that is not learnt is joined before it is cut into tokens, as llama.cpp does with the whole prompt.
    """
    ids: list[int] = []
    learnt: list[bool] = []

    def add(text: str, learn: bool, spelled: bool, forced: bool) -> None:
        new = [t for c in text for t in tokenizer.encode(c).ids] if spelled else tokenizer.encode(text).ids
        ids.extend(new)
        learnt.extend([learn and not forced, *([learn] * (len(new) - 1))] if new else [])

    prompt = ""
    for piece in parts:
        if not piece.learnt:
            prompt += piece.text
            continue
        if prompt:
            add(prompt, False, False, False)
            prompt = ""
        add(piece.text, True, piece.spelled, piece.forced)
    if prompt:
        add(prompt, False, False, False)
    return ids, learnt


def save(tokenizer: Tokenizer, path: Path) -> None:
    """Writes it as one JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))


def load(path: Path) -> Tokenizer:
    """Reads what `save` wrote."""
    return Tokenizer.from_file(str(path))
