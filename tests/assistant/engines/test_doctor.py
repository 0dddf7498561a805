"""`flask assistant doctor`, and the settings behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edu.config import SettingsError, load_settings
from tests.assistant.engines.model_files import write_model
from tests.conftest import MakeApp


def test_the_doctor_loads_asks_and_measures(make_app: MakeApp, tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny.gguf")
    app = make_app(
        ASSISTANT_ENGINE="ctransformers",
        ASSISTANT_MODEL=str(model),
        ASSISTANT_CONTEXT="256",
        ASSISTANT_MAX_TOKENS="64",
    )
    done = app.test_cli_runner().invoke(args=["assistant", "doctor", "--question", "the sea"])
    for told in ("loaded in", "tokens/s", "memory:", "answer:"):
        assert told in done.output
    assert done.exit_code == 0


def test_the_doctor_says_what_is_wrong(make_app: MakeApp, tmp_path: Path) -> None:
    model = write_model(tmp_path / "new.gguf", "gpt2")
    for path, told in ((model, "set ASSISTANT_ENGINE=llamacpp"), ("none.gguf", "model_missing")):
        app = make_app(ASSISTANT_ENGINE="ctransformers", ASSISTANT_MODEL=str(path))
        done = app.test_cli_runner().invoke(args=["assistant", "doctor"])
        assert done.exit_code == 1
        assert told in done.output


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"ASSISTANT_ENGINE": "gpt"}, "ASSISTANT_ENGINE"),
        ({"ASSISTANT_ENGINE": "llamacpp"}, "ASSISTANT_MODEL"),
        ({"ASSISTANT_ENGINE": "openai", "ASSISTANT_MODEL": "m"}, "ASSISTANT_BASE_URL"),
        ({"ASSISTANT_BASE_URL": "https://key@host/v1"}, "ASSISTANT_BASE_URL"),
        ({"ASSISTANT_MAX_TOKENS": "4000"}, "ASSISTANT_MAX_TOKENS"),
        ({"ASSISTANT_MODEL_TYPE": "bert"}, "ASSISTANT_MODEL_TYPE"),
    ],
)
def test_settings_that_cannot_work_are_named(
    tmp_path: Path, env: dict[str, str], name: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"EDU_DATA": str(tmp_path), **env})
    assert str(caught.value).startswith(f"{name}:")
