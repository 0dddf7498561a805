"""The engine that the settings ask for."""

from __future__ import annotations

import threading
from pathlib import Path

from edu.assistant.engines.base import Engine, Options
from edu.config import Settings

COMPOSER = "composer"

_lock = threading.Lock()
_loaded: dict[Options, Engine] = {}


def options_of(settings: Settings) -> Options:
    """What the settings say of the engine. A file's name alone lies in EDU_DATA/models."""
    model = settings.assistant_model
    if model and settings.assistant_engine in ("ctransformers", "llamacpp"):
        model = str(settings.data_dir / "models" / Path(model).expanduser())
    return Options(
        engine=settings.assistant_engine,
        model=model,
        model_type=settings.assistant_model_type,
        gpu_layers=settings.assistant_gpu_layers,
        context=settings.assistant_context,
        threads=settings.assistant_threads,
        base_url=settings.assistant_base_url,
        api_key=settings.assistant_api_key,
        first_s=settings.assistant_timeout_s,
        stall_s=settings.assistant_stall_s,
    )


def get_engine(settings: Settings) -> Engine | None:
    """The engine, loaded once for this process; None where the composer answers without a model.

    Raises EngineError, and tries again the next time.
    """
    options = options_of(settings)
    if options.engine == COMPOSER:
        return None
    with _lock:
        if options not in _loaded:
            _loaded[options] = make_engine(options)
        return _loaded[options]


def make_engine(options: Options) -> Engine:
    """A fresh engine of these options, which name one with a model. Raises EngineError."""
    if options.engine == "ctransformers":
        from edu.assistant.engines.ctransformers import CTransformers

        return CTransformers(options)
    if options.engine == "llamacpp":
        from edu.assistant.engines.llamacpp import LlamaCpp

        return LlamaCpp(options)
    from edu.assistant.engines.openai import OpenAI

    return OpenAI(options)


def forget_engines() -> None:
    """Close what is loaded."""
    with _lock:
        for engine in _loaded.values():
            engine.close()
        _loaded.clear()
