"""Writes a network and its tokenizer as a GGUF file that llama.cpp loads, the matrices as Q8_0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from tokenizers import Tokenizer
from torch import Tensor

from training.chat import CONTROL, END, SPECIAL, STOP, TEMPLATE
from training.network import Network, Shape
from training.tokenizer import assemble, vocabulary

NAME = "penstock-tiny"


def export(network: Network, tokenizer: Tokenizer, path: Path) -> None:
    """Writes the file, whole or not at all."""
    shape = network.shape
    tokens, merges = vocabulary(tokenizer)
    new = path.with_suffix(".new")
    writer = gguf.GGUFWriter(new, "llama")
    writer.add_name(NAME)
    writer.add_description("A small demonstration model of Penstock, trained on synthetic conversations")
    writer.add_license("apache-2.0")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_Q8_0))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([_token_type(token) for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index(END))
    writer.add_eos_token_id(tokens.index(STOP))
    writer.add_pad_token_id(tokens.index(END))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    _add(writer, "token_embd", network.token_embd.weight)
    _add(writer, "output_norm", network.output_norm.weight)
    kv = shape.kv_heads * shape.head_size
    for at, block in enumerate(network.blk):
        q, k, v = block.attn_qkv.weight.split([shape.width, kv, kv])
        gate, up = block.ffn_gate_up.weight.chunk(2)
        for name, tensor in {
            "attn_norm": block.attn_norm.weight,
            "attn_q": q,
            "attn_k": k,
            "attn_v": v,
            "attn_output": block.attn_output.weight,
            "ffn_norm": block.ffn_norm.weight,
            "ffn_gate": gate,
            "ffn_up": up,
            "ffn_down": block.ffn_down.weight,
        }.items():
            _add(writer, f"blk.{at}.{name}", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    new.replace(path)


def read(path: Path) -> tuple[Network, Tokenizer]:
    """The network and the tokenizer of a file that `export` wrote: the matrices as Q8_0 rounded them."""
    reader = gguf.GGUFReader(path)

    def value(name: str) -> Any:
        return reader.fields[name].contents()

    merges = [(left, right) for left, right in (merge.split(" ") for merge in value("tokenizer.ggml.merges"))]
    tokenizer = assemble(value("tokenizer.ggml.tokens"), merges)
    shape = Shape(
        vocabulary=tokenizer.get_vocab_size(),
        width=value("llama.embedding_length"),
        layers=value("llama.block_count"),
        heads=value("llama.attention.head_count"),
        kv_heads=value("llama.attention.head_count_kv"),
        hidden=value("llama.feed_forward_length"),
        context=value("llama.context_length"),
    )
    tensors = {
        tensor.name: torch.tensor(gguf.quants.dequantize(tensor.data, tensor.tensor_type)) for tensor in reader.tensors
    }
    state = {name: tensors[name] for name in ("token_embd.weight", "output_norm.weight")}
    for at in (f"blk.{layer}." for layer in range(shape.layers)):
        for name in ("attn_norm", "attn_output", "ffn_norm", "ffn_down"):
            state[f"{at}{name}.weight"] = tensors[f"{at}{name}.weight"]
        state[f"{at}attn_qkv.weight"] = torch.cat([tensors[f"{at}attn_{part}.weight"] for part in "qkv"])
        state[f"{at}ffn_gate_up.weight"] = torch.cat([tensors[f"{at}ffn_{part}.weight"] for part in ("gate", "up")])
    network = Network(shape)
    network.load_state_dict(state)
    return network, tokenizer


def _add(writer: gguf.GGUFWriter, name: str, tensor: Tensor) -> None:
    values = np.ascontiguousarray(tensor.detach().float().cpu().numpy())
    if values.ndim == 1:
        writer.add_tensor(f"{name}.weight", values)
    else:
        writer.add_tensor(f"{name}.weight", gguf.quants.quantize(values, Kind.Q8_0), raw_dtype=Kind.Q8_0)


def _token_type(token: str) -> int:
    if token in CONTROL:
        return int(gguf.TokenType.CONTROL)
    return int(gguf.TokenType.USER_DEFINED if token in SPECIAL else gguf.TokenType.NORMAL)
