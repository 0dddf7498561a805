"""Tiny model files with random weights, for the real libraries to load."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

WORDS = ["▁the", "▁sea", "▁ряд", "ing", "▁"]
TOKENS = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
KINDS = [2, 3, 3, *[6] * 256, *[1] * len(WORDS)]
WIDTH, CONTEXT, END = 32, 256, 2


def write_model(path: Path, vocabulary: str = "llama", architecture: str = "llama") -> Path:
    """One layer, and never the end of an answer among the likeliest words."""
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH * 2)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // 4)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model(vocabulary)
    writer.add_token_list(TOKENS)
    writer.add_token_scores([-float(number) for number in range(len(TOKENS))])
    writer.add_token_types(KINDS)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END)
    if vocabulary == "gpt2":
        writer.add_token_merges(["i n"])
    _add_weights(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_weights(writer: gguf.GGUFWriter) -> None:
    random = np.random.default_rng(1)
    shapes = {f"blk.0.attn_{name}": (WIDTH, WIDTH) for name in ("q", "k", "v", "output")}
    shapes |= {f"blk.0.ffn_{name}": (WIDTH * 2, WIDTH) for name in ("gate", "up")}
    shapes |= {"blk.0.ffn_down": (WIDTH, WIDTH * 2), "token_embd": (len(TOKENS), WIDTH)}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.normal(0, 0.3, shape).astype(np.float32))
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    out = random.normal(0, 0.3, (len(TOKENS), WIDTH)).astype(np.float32)
    out[: END + 1] = 0
    writer.add_tensor("output.weight", out)
