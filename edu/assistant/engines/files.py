"""Which engine can load which file, decided from its header: the libraries themselves may abort."""

from __future__ import annotations

from pathlib import Path

from edu.assistant.engines.errors import ModelMissing, ModelUnsupported
from edu.assistant.engines.gguf import (
    MAGIC,
    OLD_MAGICS,
    Header,
    NotReadable,
    read_header,
    read_magic,
)

CTRANSFORMERS, LLAMACPP = "ctransformers", "llamacpp"
# What ctransformers 0.2.27 (2023) knows of GGUF. Its other types come in files older than that.
_KNOWN = {"llama": ("llama",), "falcon": ("gpt2", "llama")}
_NEWEST_TENSOR = 15


def open_for_llamacpp(path: Path) -> Header:
    """The header of a file that llamacpp will try. Raises ModelMissing and ModelUnsupported."""
    if _magic(path) in OLD_MAGICS:
        why = "the file is of a format older than GGUF"
        raise ModelUnsupported(why, engine=LLAMACPP, instead=CTRANSFORMERS)
    header = _header(path)
    if not header.vocabulary:
        raise ModelUnsupported("the file holds no vocabulary: it is no language model")
    return header


def open_for_ctransformers(path: Path, model_type: str) -> Header | None:
    """The header of a file that ctransformers loads, None for one from before GGUF.

    Raises ModelMissing and ModelUnsupported.
    """
    if _magic(path) != MAGIC:
        if _magic(path) not in OLD_MAGICS:
            raise ModelUnsupported("the file is neither GGUF nor GGML")
        if not model_type:
            raise ModelUnsupported("a file from before GGUF: ASSISTANT_MODEL_TYPE says what it is")
        return None
    header = _header(path)
    if why := _too_new(header):
        raise ModelUnsupported(why, engine=CTRANSFORMERS, instead=LLAMACPP)
    return header


def _too_new(header: Header) -> str:
    """Why ctransformers cannot load it; empty when it can."""
    known = _KNOWN.get(header.architecture)
    if known is None:
        return f"the architecture {header.architecture!r} is newer than the engine"
    if header.vocabulary not in known:
        return f"the vocabulary {header.vocabulary!r} (as of Llama 3) is newer than the engine"
    if header.experts:
        return "a mixture of experts is newer than the engine"
    if max(header.tensor_types, default=0) > _NEWEST_TENSOR:
        return "the quantisation is newer than the engine"
    return ""


def _magic(path: Path) -> bytes:
    try:
        return read_magic(path)
    except OSError as error:
        raise ModelMissing(f"{path}: {error.strerror}") from error


def _header(path: Path) -> Header:
    try:
        header = read_header(path)
    except NotReadable as error:
        raise ModelUnsupported(f"{path}: {error}") from error
    except OSError as error:
        raise ModelMissing(f"{path}: {error.strerror}") from error
    if not header.is_whole:
        raise ModelUnsupported(f"{path}: the file is cut short; download it again")
    return header
