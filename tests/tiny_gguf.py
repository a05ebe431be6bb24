"""Writes a llama of random weights as a GGUF file that llama.cpp loads: about 0.6 MB, the same bytes for the same seed.

The tokenizer is a byte-level BPE with the 256 bytes, a few merges and the ChatML marks; the chat template is ChatML
with tools in the Hermes form (`<tool_call>{"name": ..., "arguments": ...}</tool_call>`). What it writes is noise, but
printable ASCII noise: a constant dimension of the embeddings gives every token a bias of its own in the output.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

WIDTH, LAYERS, HEADS, HIDDEN = 64, 2, 4, 128

CHATML = """\
{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
{{- '# Tools\\n\\n<tools>' }}
{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\\n</tools>\\n\\nFor each call return <tool_call>{"name": <name>, "arguments": <object>}</tool_call>' }}
{{- '<|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}
{%- if message.content %}{{- message.content }}{%- endif %}
{%- for call in message.tool_calls or [] %}
{%- if call.function %}{%- set call = call.function %}{%- endif %}
{{- '<tool_call>{"name": "' + call.name + '", "arguments": ' }}
{%- if call.arguments is string %}{{- call.arguments }}{%- else %}{{- call.arguments | tojson }}{%- endif %}
{{- '}</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- elif message.role == 'tool' %}
{{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

THINKING = (
    CHATML.replace(
        "{%- if message.content %}",
        "{%- if message.reasoning_content %}"
        "{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{%- endif %}\n"
        "{%- if message.content %}",
    )
    + "{%- if add_generation_prompt and enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
)
"""The same for a model that thinks before it answers: `<think>...</think>`, off with `enable_thinking: false`."""

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>"]
MERGES = ["t h", "th e", "i n", "e r", "a n", "o n", "\u0120 t", "\u0120t he"]


def write_tiny_gguf(
    path: Path,
    *,
    seed: int = 0,
    context: int = 4096,
    chat_template: str = CHATML,
    duplicate_tokens: bool = False,
    end_bias: float = -12.0,
) -> Path:
    """Writes the model to `path` and returns it.

    `duplicate_tokens` spoils the vocabulary in the way that aborts the process that loads it. `end_bias` is added to
    the logit of the end mark: the default keeps answers going until max_tokens; 3 ends them after some tokens.
    """
    letters = _byte_letters()
    tokens = letters + [merge.replace(" ", "") for merge in MERGES] + SPECIAL
    if duplicate_tokens:
        tokens[300 - 256] = tokens[40]
    normal, control = int(gguf.TokenType.NORMAL), int(gguf.TokenType.CONTROL)
    user = int(gguf.TokenType.USER_DEFINED)
    kinds = [control if t.startswith("<|") else user if t in SPECIAL else normal for t in tokens]

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(int(gguf.LlamaFileType.ALL_F32))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(chat_template)
    for name, tensor in _tensors(tokens, seed, end_bias).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _byte_letters() -> list[str]:
    """The 256 bytes as the printable characters of byte-level BPE, ordered by byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    letters |= {byte: chr(256 + i) for i, byte in enumerate(others)}
    return [letters[byte] for byte in range(256)]


def _tensors(tokens: list[str], seed: int, end_bias: float) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)

    def noise(*shape: int, scale: float) -> NDArray[np.float32]:
        return (random.standard_normal(shape) * scale).astype(np.float32)

    embedding = noise(len(tokens), WIDTH, scale=0.5)
    output = noise(len(tokens), WIDTH, scale=0.35)
    # Dimension 0 is the same for every token and no layer writes to it: after the last norm it is a constant.
    embedding[:, 0] = 4.0
    bias = [_bias(index, token, end_bias) for index, token in enumerate(tokens)]
    output[:, 0] = np.asarray(bias, np.float32) / 3.0
    tensors = {
        "token_embd.weight": embedding,
        "output_norm.weight": np.ones(WIDTH, np.float32),
        "output.weight": output,
    }
    for layer in range(LAYERS):
        at = f"blk.{layer}."
        attention = noise(WIDTH, WIDTH, scale=0.2)
        down = noise(WIDTH, HIDDEN, scale=0.2)
        attention[0, :] = down[0, :] = 0.0
        tensors |= {
            at + "attn_norm.weight": np.ones(WIDTH, np.float32),
            at + "ffn_norm.weight": np.ones(WIDTH, np.float32),
            at + "attn_q.weight": noise(WIDTH, WIDTH, scale=0.2),
            at + "attn_k.weight": noise(WIDTH, WIDTH, scale=0.2),
            at + "attn_v.weight": noise(WIDTH, WIDTH, scale=0.2),
            at + "attn_output.weight": attention,
            at + "ffn_gate.weight": noise(HIDDEN, WIDTH, scale=0.2),
            at + "ffn_up.weight": noise(HIDDEN, WIDTH, scale=0.2),
            at + "ffn_down.weight": down,
        }
    return tensors


def _bias(index: int, token: str, end_bias: float) -> float:
    if token == "<|im_end|>":
        return end_bias
    if token in SPECIAL or (index < 256 and not 32 <= index < 127):
        return -40.0
    return 0.0
