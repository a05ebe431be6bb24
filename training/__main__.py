"""`python -m training`: makes penstock-tiny, from nothing to the file in the package; each step goes on where it was.

`--only tokenizer|learn|export|evaluate` does one step. `make model` does all; `make model-eval` the last.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import re
import zlib
from pathlib import Path
from typing import Final

from training import card
from training.chat import SPECIAL, pieces
from training.conversations.draw import Draw
from training.conversations.systems import GENERIC_SYSTEMS
from training.mixture import Mixture

_FOLDER: Final = Path(__file__).parent / "run"
_CORPUS: Final = 40_000
"""Conversations that the tokenizer is made from."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--only", choices=tuple(_DO), help="do this step alone")
    parser.add_argument("--steps", type=int, default=24_000, metavar="N", help="training steps in all (default: 24000)")
    parser.add_argument("--rate", type=float, default=0.001, metavar="R", help="highest learning rate (default: 0.001)")
    parser.add_argument(
        "--run", type=Path, default=_FOLDER, metavar="DIR", help="for checkpoints (default: training/run)"
    )
    parser.add_argument("--from", type=Path, metavar="FILE", dest="start_from", help="train this model file further")
    parser.add_argument(
        "--model", type=Path, default=card.MODEL, metavar="FILE", help="the GGUF file to write and score"
    )
    parser.add_argument(
        "--mean", type=Path, nargs="+", default=(), metavar="CHECKPOINT", help="export the mean of the run and of these"
    )
    parser.add_argument("--examples", type=int, default=400, metavar="N", help="questions a row of the score table")
    parser.add_argument("--wrong", type=int, default=0, metavar="N", help="wrong answers to show of each skill")
    arguments = parser.parse_args()
    arguments.run.mkdir(parents=True, exist_ok=True)
    for step in _DO if arguments.only is None else (arguments.only,):
        _DO[step](arguments)


def make_tokenizer(path: Path, conversations: int) -> None:
    """Makes the tokenizer from so many conversations, and writes it as JSON."""
    from training import tokenizer

    examples = itertools.islice(Mixture(Draw("tokenizer"), GENERIC_SYSTEMS), conversations)
    texts = ("".join(piece.text for piece in pieces(example, history=False)) for example in examples)
    marks = re.compile("|".join(map(re.escape, SPECIAL)))
    tokenizer.save(tokenizer.train(marks.sub("\n", text) for text in texts), path)


def _tokenizer(arguments: argparse.Namespace) -> None:
    path = arguments.run / "tokenizer.json"
    if path.exists():
        return
    if arguments.start_from is None:
        make_tokenizer(path, _CORPUS)
    else:
        from training import export, tokenizer

        tokenizer.save(export.read(arguments.start_from)[1], path)


def _learn(arguments: argparse.Namespace) -> None:
    from training import export, learn, network, tokenizer

    plan = learn.Plan(steps=arguments.steps, rate=arguments.rate)
    if arguments.start_from is None:
        tokens = tokenizer.load(arguments.run / "tokenizer.json")
        learn.learn(plan, tokens, arguments.run, network.Shape(tokens.get_vocab_size()))
    else:
        first, tokens = export.read(arguments.start_from)
        # A seed of its own: what this model has already seen does not come again. And no drills: it has had them.
        plan = dataclasses.replace(plan, copying=0, drills=False, seed=zlib.crc32(arguments.start_from.read_bytes()))
        learn.learn(plan, tokens, arguments.run, first.shape, first)


def _export(arguments: argparse.Namespace) -> None:
    from training import export, learn, tokenizer

    tokens = tokenizer.load(arguments.run / "tokenizer.json")
    network = learn.mean([arguments.run / "checkpoint.pt", *arguments.mean])
    export.export(network, tokens, arguments.model)


def _evaluate(arguments: argparse.Namespace) -> None:
    from training import evaluate

    scores, new_wordings, free = evaluate.evaluate(arguments.model, arguments.examples)
    for title, of in ("", scores), (" (new wordings)", new_wordings), ("", free):
        for row, skills in of.items():
            for name, score in skills.items():
                print(f"{row:12} {name + title:40} {score.right:4} of {score.asked:4}  {score.share:7.1%}")
                for wrong in score.wrong[: arguments.wrong]:
                    print(f"  {wrong}")
    card.write(arguments.model, evaluate.table(scores, new_wordings, free), evaluate.speed(arguments.model))


_DO: Final = {"tokenizer": _tokenizer, "learn": _learn, "export": _export, "evaluate": _evaluate}
"""The steps by name, in their order."""


if __name__ == "__main__":
    main()
