"""The training run: seeded, with checkpoints that it goes on from, a progress bar and a curve of the loss."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
import torch.nn.functional as functional
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from training.batches import Batches
from training.conversations.systems import GENERIC_SYSTEMS
from training.mixture import Mixture
from training.network import Network, Shape
from training.optimiser import Muon

_WARM_UP: Final = 60
"""Steps until the full rate."""
_SAVE_S: Final = 120.0


@dataclass(frozen=True)
class Plan:
    """A run. `steps` in all, each of about `tokens` tokens; over the last `cooling` (0-1) of them the rate falls to 0."""

    steps: int = 4500
    tokens: int = 8192
    cooling: float = 0.45
    matrix_rate: float = 0.02
    other_rate: float = 0.003
    seed: int = 1

    def pace(self, step: int) -> float:
        """The share of the full rate at a step."""
        left = (self.steps - step) / max(1.0, self.steps * self.cooling)
        return min(1.0, (step + 1) / _WARM_UP, max(left, 0.01))


def learn(plan: Plan, tokenizer: Tokenizer, folder: Path, shape: Shape) -> Network:
    """Trains, or goes on training from `folder`/checkpoint.pt, and returns the network. Leaves loss.png there."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)
    network = Network(shape).to(device)
    matrices = [p for name, p in network.named_parameters() if p.ndim == 2 and name.startswith("blk.")]
    others = [p for name, p in network.named_parameters() if p.ndim == 1 or not name.startswith("blk.")]
    optimisers = [
        Muon(matrices, plan.matrix_rate),
        torch.optim.Adam(others, plan.other_rate, betas=(0.9, 0.98), eps=1e-10, fused=True),
    ]
    losses, start = _resume(folder / "checkpoint.pt", network, optimisers, device)
    _compile(network)
    # What was seen before a break is not seen again: the stream after it has a seed of its own.
    batches = iter(Batches(Mixture(f"{plan.seed}:{start}", GENERIC_SYSTEMS), tokenizer, plan.tokens))
    saved = time.monotonic()
    with tqdm(total=plan.steps, initial=start, unit="step", smoothing=0.02, mininterval=5) as bar:
        for step in range(start, plan.steps):
            tokens, targets, weights = (part.to(device) for part in next(batches))
            for optimiser, rate in zip(optimisers, (plan.matrix_rate, plan.other_rate), strict=True):
                optimiser.param_groups[0]["lr"] = rate * plan.pace(step)
            losses.append(_step(network, optimisers, tokens, targets, weights))
            bar.update()
            bar.set_postfix_str(f"loss {sum(losses[-50:]) / len(losses[-50:]):.4f}", refresh=False)
            if not math.isfinite(losses[-1]):
                raise FloatingPointError(f"the loss of step {step} is {losses[-1]}; lower the rates")
            if time.monotonic() - saved > _SAVE_S or step + 1 == plan.steps:
                saved = time.monotonic()
                _save(folder / "checkpoint.pt", network, optimisers, losses)
    _draw_curve(losses, folder / "loss.png")
    return network


def _step(network: Network, optimisers: list[Any], tokens: Tensor, targets: Tensor, weights: Tensor) -> float:
    with torch.autocast(tokens.device.type, torch.bfloat16):
        hidden = network(tokens)
        learnt = targets >= 0
        logits = network.logits(hidden[learnt]).float()
    weights = weights[learnt]
    loss = (functional.cross_entropy(logits, targets[learnt], reduction="none") * weights).sum() / weights.sum()
    loss.backward()  # type: ignore[no-untyped-call]
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


def _save(path: Path, network: Network, optimisers: list[Any], losses: list[float]) -> None:
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


def _resume(path: Path, network: Network, optimisers: list[Any], device: torch.device) -> tuple[list[float], int]:
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
