"""`flask assistant …`"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click
from flask.cli import AppGroup

from edu.assistant.composer import compose
from edu.assistant.dialogues import export_dialogues
from edu.assistant.engines.choose import COMPOSER, options_of
from edu.assistant.engines.trial import Trial, try_apart, try_engine
from edu.assistant.retrieval import retrieve
from edu.assistant.understanding import understand
from edu.config import Settings
from edu.errors import Unavailable
from edu.extensions import settings

QUESTION = "What is the derivative of x squared?"
SEARCH = "лекции"
TOKENS = 64

assistant = AppGroup("assistant", help="The assistant and its language model.")


@assistant.command("doctor")
@click.option("--question", help="What to ask.")
@click.option("--tokens", default=TOKENS, show_default=True, help="The longest answer.")
def doctor(question: str | None, tokens: int) -> None:
    """Say which engine is set up, load it, ask it one question; exit status 1 if it cannot."""
    config = settings()
    click.echo(f"engine: {config.assistant_engine}")
    if config.assistant_engine == COMPOSER:
        _try_composer(question or SEARCH)
        return
    options = options_of(config)
    _tell_model(config, options.model)
    # A server cannot take this process down, and its key stays here.
    attempt = try_engine if options.engine == "openai" else try_apart
    trial = attempt(options, question or QUESTION, tokens)
    if trial.problem:
        raise click.ClickException(f"{trial.problem} (docs/assistant.md)")
    _tell_trial(trial, is_here=options.engine != "openai")


@assistant.command("export-dialogues")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only questions from that day on.")
@click.option(
    "--min-opinion",
    type=click.IntRange(-1, 1),
    default=1,
    show_default=True,
    help="Leave out answers that were rated worse.",
)
def export(file: TextIO, since: datetime | None, min_opinion: int) -> None:
    """Write conversations whose answers were rated to FILE, as chat JSONL without personal data."""
    written = 0
    for dialogue in export_dialogues(since.replace(tzinfo=UTC) if since else None, min_opinion):
        file.write(json.dumps(dialogue, ensure_ascii=False) + "\n")
        written += 1
    click.echo(f"{written} conversations written", err=True)


def _try_composer(question: str) -> None:
    start = time.monotonic()
    try:
        wanted = understand(question)
        text = compose(wanted, retrieve(None, wanted))
    except Unavailable as error:
        why = "the search index does not answer: flask search check --fix"
        raise click.ClickException(why) from error
    click.echo("Answers are made of what search finds; no language model is needed.")
    click.echo(f"answer: {text.partition(chr(10))[0]}")
    click.echo(f"whole answer after {time.monotonic() - start:.2f} s")


def _tell_model(config: Settings, model: str) -> None:
    if config.assistant_engine == "openai":
        key = "with a key" if config.assistant_api_key else "without a key"
        click.echo(f"server: {config.assistant_base_url}, {key}")
        click.echo(f"model: {model}")
    else:
        path = Path(model)
        size = f"{path.stat().st_size / 1e9:.2f} GB" if path.is_file() else "no such file"
        click.echo(f"model: {model} ({size})")
        layers = config.assistant_gpu_layers
        click.echo(f"threads: {config.assistant_threads or 'all'}, layers on the GPU: {layers}")
    click.echo(f"context: {config.assistant_context} tokens", nl=False)
    click.echo(f", of which up to {config.assistant_max_tokens} for the answer")


def _tell_trial(trial: Trial, *, is_here: bool) -> None:
    if is_here:
        click.echo(f"loaded in {trial.load_s:.1f} s")
    click.echo(f"answer: {trial.answer}")
    click.echo(f"first text after {trial.first_s:.2f} s, all of it after {trial.total_s:.2f} s")
    about = "" if is_here else "about "
    click.echo(f"{about}{trial.tokens} tokens, {about}{trial.speed:.1f} tokens/s")
    if is_here:
        click.echo(f"memory: {trial.memory / 1e9:.2f} GB")
