"""Muon: momentum whose step is made orthogonal, for the matrices of a network's layers.

After Jordan and others (2024), with the scale of Liu and others (2025, "Muon is scalable for LLM training"), so that
the same rate serves it and AdamW. Written here because PyTorch has its own only since 2.9, and steps matrix by matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import torch
from torch import Tensor, nn

_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)
"""Of the polynomial that drives every singular value to about 1."""
_ROUNDS: Final = 5
_SCALE: Final = 0.2
"""The root mean square of a step at rate 1, which is about AdamW's."""


class Muon(torch.optim.Optimizer):
    """Steps matrices of equal shape together. `parts` of a group: heights of the matrices that its parameters hold one
    above the other (a fused projection is several matrices)."""

    def __init__(
        self, groups: Iterable[tuple[Sequence[nn.Parameter], Sequence[int]]], rate: float, decay: float
    ) -> None:
        super().__init__(
            [{"params": list(parameters), "parts": list(parts)} for parameters, parts in groups],
            {"lr": rate, "momentum": 0.95, "decay": decay},
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step of every parameter that has a gradient."""
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            steps = torch.stack([self._momentum(p, group["momentum"]) for p in parameters])
            whole = torch.cat([_orthogonal(part) for part in steps.split(group["parts"], dim=1)], dim=1)
            for parameter, step in zip(parameters, whole, strict=True):
                parameter.mul_(1 - group["lr"] * group["decay"]).add_(step, alpha=-group["lr"])

    def _momentum(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        mean: Tensor = state["momentum"].lerp_(gradient, 1 - momentum)
        return gradient.lerp(mean, momentum)


def _orthogonal(matrices: Tensor) -> Tensor:
    """The nearest orthogonal matrices, about, of (count, rows, columns), scaled."""
    a, b, c = _COEFFICIENTS
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ROUNDS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    x = x.mT if tall else x
    return x.type_as(matrices) * (_SCALE * max(matrices.shape[1:]) ** 0.5)
