"""The training run: seeded, with checkpoints that it goes on from, a progress bar and a curve of the loss."""

from __future__ import annotations

import itertools
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as functional
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.optim import Optimizer

from training.batches import Batches, copying
from training.chat import SPECIAL
from training.conversations.draw import Draw
from training.conversations.systems import GENERIC_SYSTEMS
from training.mixture import STAGES, Mixture
from training.muon import Muon
from training.network import Network, Shape

_COPIES: Final = 25
"""One step of this many is a batch of copies, once the first ones are over."""
_ROUND: Final = 256
"""The number of learnt tokens in a batch is rounded up to a multiple of this."""
_SAVE_S: Final = 120.0
"""Seconds between checkpoints."""
_DECAY: Final = 0.01
_TOLD: Final = 25
"""Steps between two lines, where nobody watches."""


@dataclass(frozen=True)
class Plan:
    """`steps` in all, each of about `tokens` tokens; the first `warm_up` lead to the full rate, and over the last
    `cooling` (0-1) of them it falls to 0.

    The first `copying` steps learn nothing but to copy, and later every 25th step does, so that no token is forgotten.
    Without `drills` all steps are of the last stage of the mixture.
    """

    steps: int = 24_000
    copying: int = 500
    warm_up: int = 150
    tokens: int = 2560
    cooling: float = 0.9
    rate: float = 0.001
    seed: int = 1
    drills: bool = True

    def pace(self, step: int) -> float:
        """The share of the full rate at a step."""
        left = (self.steps - step) / max(1.0, self.steps * self.cooling)
        return min(1.0, (step + 1) / self.warm_up, max(left, 0.01))

    def stage(self, step: int) -> int:
        """Which of the mixture's stages a step belongs to."""
        if not self.drills:
            return len(STAGES) - 1
        ends = itertools.accumulate(stage.share for stage in STAGES)
        done = (step - self.copying) / max(1, self.steps - self.copying)
        return min(sum(done >= end for end in ends), len(STAGES) - 1)


def learn(plan: Plan, tokenizer: Tokenizer, folder: Path, shape: Shape, start_from: Network | None = None) -> Network:
    """Trains, or goes on training from `folder`/checkpoint.pt, and returns the network. Leaves loss.png there.

    Where there is no checkpoint yet, the weights of `start_from` are the first ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)
    network = Network(shape).to(device)
    if start_from is not None:
        network.load_state_dict(start_from.state_dict())
    optimisers = _optimisers(network, plan.rate)
    losses, start = _resume(folder / "checkpoint.pt", network, optimisers, device)
    _compile(network)
    # What was seen before a break is not seen again: the stream after it has a seed of its own.
    seed = f"{plan.seed}:{start}"
    streams = [
        iter(Batches(Mixture(Draw(f"{seed}:{n}"), GENERIC_SYSTEMS, stage=stage), tokenizer, plan.tokens))
        for n, stage in enumerate(STAGES)
    ]
    copies = copying(seed, shape.vocabulary - len(SPECIAL), plan.tokens)
    saved = time.monotonic()
    console = Console(stderr=True)
    columns = (TextColumn("loss {task.fields[loss]:.4f}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, speed_estimate_period=300) as bar:
        task = bar.add_task("", total=plan.steps, completed=start, loss=math.nan)
        for step in range(start, plan.steps):
            copies_now = step < plan.copying or step % _COPIES == 0
            tokens, targets, weights = (
                part.to(device) for part in next(copies if copies_now else streams[plan.stage(step)])
            )
            for group in itertools.chain.from_iterable(optimiser.param_groups for optimiser in optimisers):
                group["lr"] = plan.rate * plan.pace(step)
            losses.append(_step(network, optimisers, tokens, targets, weights))
            recent = sum(losses[-50:]) / len(losses[-50:])
            bar.update(task, completed=step + 1, loss=recent)
            if not console.is_terminal and (step + 1) % _TOLD == 0:
                console.print(f"step {step + 1} of {plan.steps}, loss {recent:.4f}")
            if not math.isfinite(losses[-1]):
                raise FloatingPointError(f"the loss of step {step} is {losses[-1]}; lower the rates")
            if time.monotonic() - saved > _SAVE_S or step + 1 == plan.steps:
                saved = time.monotonic()
                _save(folder / "checkpoint.pt", network, optimisers, losses)
    _draw_curve(losses, folder / "loss.png")
    return network


def _optimisers(network: Network, rate: float) -> list[Optimizer]:
    """Muon for the matrices of the layers, AdamW for the rest. After 500 steps from the same weights the loss is 0.107
    with both and 0.116 with AdamW alone; a step takes a quarter longer."""
    matrices = network.matrices()
    by_muon = {id(weight) for weights, _ in matrices for weight in weights}
    others = [weight for weight in network.parameters() if id(weight) not in by_muon]
    return [
        torch.optim.AdamW(others, rate, betas=(0.9, 0.98), weight_decay=_DECAY, fused=True),
        Muon(matrices, rate, _DECAY),
    ]


def _step(network: Network, optimisers: list[Optimizer], tokens: Tensor, targets: Tensor, weights: Tensor) -> float:
    with torch.autocast(tokens.device.type, torch.bfloat16):
        hidden = network(tokens)
        learnt = (targets >= 0).flatten().nonzero().squeeze(1)
        # Filled up with tokens that weigh nothing: oneDNN keeps a program for each shape that it meets.
        learnt = functional.pad(learnt, (0, -len(learnt) % _ROUND))
        logits = network.logits(hidden.flatten(0, 1)[learnt]).float()
    weights = weights.flatten()[learnt] * (targets.flatten()[learnt] >= 0)
    losses = functional.cross_entropy(logits, targets.flatten()[learnt].clamp(min=0), reduction="none")
    loss = (losses * weights).sum() / weights.sum()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimiser in optimisers:
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    return float(loss.detach())


def _compile(network: Network) -> None:
    """Half as fast again on a CPU, where there is a compiler; PENSTOCK_TRAIN_COMPILE=0 does without."""
    if os.environ.get("PENSTOCK_TRAIN_COMPILE", "1") == "0":
        return
    torch._dynamo.config.recompile_limit = 64
    for block in network.blk:
        block.compile(dynamic=False)


def _save(path: Path, network: Network, optimisers: list[Optimizer], losses: list[float]) -> None:
    new = path.with_suffix(".new")
    torch.save(
        {
            "shape": network.shape.as_dict(),
            "network": network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in optimisers],
            "losses": losses,
        },
        new,
    )
    new.replace(path)


def _resume(path: Path, network: Network, optimisers: list[Optimizer], device: torch.device) -> tuple[list[float], int]:
    if not path.exists():
        return [], 0
    saved = torch.load(path, map_location=device, weights_only=True)
    if saved["shape"] != network.shape.as_dict():
        raise ValueError(f"{path} is of another shape of network: {saved['shape']}; remove it to begin anew")
    network.load_state_dict(saved["network"])
    for optimiser, state in zip(optimisers, saved["optimisers"], strict=True):
        optimiser.load_state_dict(state)
    losses: list[float] = saved["losses"]
    return losses, len(losses)


def read(path: Path) -> Network:
    """The network of a checkpoint, on the CPU."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network = Network(Shape(**saved["shape"]))
    network.load_state_dict(saved["network"])
    return network


def mean(paths: Sequence[Path]) -> Network:
    """The network with the mean of the weights of these checkpoints, which must be of one training."""
    networks = [read(path) for path in paths]
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    return networks[0]


def _draw_curve(losses: list[float], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    window = max(1, len(losses) // 200)
    means = [sum(losses[i : i + window]) / len(losses[i : i + window]) for i in range(0, len(losses), window)]
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    axes.plot([i * window for i in range(len(means))], means)
    axes.set(xlabel="step", ylabel="loss (nats per learnt token)", yscale="log", title="penstock-tiny")
    axes.grid(visible=True, which="both", alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
