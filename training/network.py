"""The network: llama's architecture, in the tensors and names that GGUF gives them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

_LONG = 200
"""Tokens of a row from which fused attention is the faster one."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network. `context` in tokens; `width` must be a multiple of 32 (blocks of Q8_0) and of `heads`."""

    vocabulary: int
    width: int = 256
    layers: int = 6
    heads: int = 8
    kv_heads: int = 4
    hidden: int = 704
    context: int = 2048
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_size(self) -> int:
        """Dimensions of one attention head."""
        return self.width // self.heads

    def as_dict(self) -> dict[str, Any]:
        """The sizes by name, for a checkpoint."""
        return asdict(self)


class Block(nn.Module):
    """One layer: attention, then a gated feed-forward, each on its normed input and added to it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        kv = shape.kv_heads * shape.head_size
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.attn_qkv = nn.Linear(shape.width, shape.width + 2 * kv, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.ffn_gate_up = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        """`x`: (batch, tokens, width); `cosine`, `sine`: (tokens, head_size / 2)."""
        x = x + self._attend(self.attn_norm(x), cosine, sine, mask)
        gate, up = self.ffn_gate_up(self.ffn_norm(x)).chunk(2, dim=-1)
        down: Tensor = self.ffn_down(functional.silu(gate) * up)
        return x + down

    def _attend(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        shape, (batch, tokens, _) = self.shape, x.shape
        kv = shape.kv_heads * shape.head_size
        q, k, v = self.attn_qkv(x).split([shape.width, kv, kv], dim=-1)
        q = _rotate(q.view(batch, tokens, shape.heads, shape.head_size), cosine, sine).transpose(1, 2)
        k = _rotate(k.view(batch, tokens, shape.kv_heads, shape.head_size), cosine, sine).transpose(1, 2)
        v = v.view(batch, tokens, shape.kv_heads, shape.head_size).transpose(1, 2)
        repeated = shape.heads // shape.kv_heads
        if repeated > 1:
            k, v = k.repeat_interleave(repeated, 1), v.repeat_interleave(repeated, 1)
        if tokens > _LONG:
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:  # written out: for short rows PyTorch's fused attention takes a processor longer than all else together
            scores = (q @ k.transpose(-1, -2)) * shape.head_size**-0.5 + mask
            mixed = scores.float().softmax(dim=-1).type_as(v) @ v
        out: Tensor = self.attn_output(mixed.transpose(1, 2).reshape(batch, tokens, shape.width))
        return out


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turns neighbouring pairs by the angle of their position (llama.cpp's NORM form of rotary embeddings)."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cosine, sine = cosine[:, None, :], sine[:, None, :]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2).type_as(x)


class Network(nn.Module):
    """The whole network; the embedding of tokens is also the output's matrix."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        size = shape.head_size
        speeds = shape.rope_base ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
        angles = torch.arange(shape.context, dtype=torch.float32)[:, None] * speeds
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)
        self.apply(self._initialise)

    def _initialise(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(
                module.weight, std=0.02 if isinstance(module, nn.Embedding) else module.weight.shape[1] ** -0.5 * 0.7
            )

    def forward(self, tokens: Tensor) -> Tensor:
        """`tokens`: (batch, tokens) of ids; returns the last hidden states (batch, tokens, width), normed."""
        length = tokens.shape[1]
        x = self.token_embd(tokens)
        mask = torch.full((length, length), float("-inf"), device=x.device).triu(1)
        for block in self.blk:
            x = block(x, self.cosine[:length], self.sine[:length], mask)
        normed: Tensor = self.output_norm(x)
        return normed

    def matrices(self) -> list[tuple[list[nn.Parameter], list[int]]]:
        """The matrices of the layers, those of one shape together, each with the heights of the matrices that it holds
        one above the other."""
        shape, blocks = self.shape, list(self.blk)
        kv = shape.kv_heads * shape.head_size
        return [
            ([block.attn_qkv.weight for block in blocks], [shape.width, kv, kv]),
            ([block.attn_output.weight for block in blocks], [shape.width]),
            ([block.ffn_gate_up.weight for block in blocks], [shape.hidden, shape.hidden]),
            ([block.ffn_down.weight for block in blocks], [shape.width]),
        ]

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token, for hidden states of any leading shape."""
        return functional.linear(hidden, self.token_embd.weight)
