"""Settings: typed, complete, and loud on nonsense."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edu.config import ROOT, Settings, SettingsError, load_settings

SECRET = "k2Vb81xq-7rT_9ymZpLw0sDf3hGjN5aQe4cXu6iO"


def load(tmp_path: Path, **env: str) -> Settings:
    return load_settings({"EDU_DATA": str(tmp_path), **env})


def problems(tmp_path: Path, **env: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **env)
    return str(caught.value).splitlines()


def test_an_empty_environment_is_a_working_private_installation() -> None:
    settings = load_settings({}, secret_key=SECRET)
    assert settings.data_dir == ROOT / "var"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.site_url == "http://127.0.0.1:8000"
    assert settings.is_sqlite
    assert settings.sqlalchemy_url == f"sqlite:///{ROOT / 'var' / 'edu.db'}"
    assert not settings.is_public
    assert not settings.dev
    assert settings.redis_url == ""
    assert settings.max_upload_bytes == 500 * 1024 * 1024
    assert settings.default_locale == "ru"


def test_values_are_read_in_their_types(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        PORT="9000",
        MAX_UPLOAD_MB="3",
        EDU_DEV="yes",
        RATING_PRIOR_VOTES="2.5",
        SITE_URL="http://library.example/",
    )
    assert settings.port == 9000
    assert settings.max_upload_bytes == 3 * 1024 * 1024
    assert settings.dev is True
    assert settings.rating_prior_votes == 2.5
    assert settings.site_url == "http://library.example"


def test_an_empty_value_counts_as_none(tmp_path: Path) -> None:
    settings = load(tmp_path, PORT="", DATABASE_URL=" ", EDU_DEV="")
    assert (settings.port, settings.is_sqlite, settings.dev) == (8000, True, False)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgresql_address_gets_the_driver_that_is_installed(
    tmp_path: Path, scheme: str
) -> None:
    settings = load(tmp_path, DATABASE_URL=f"{scheme}://edu@db/edu")
    assert settings.sqlalchemy_url == "postgresql+psycopg://edu@db/edu"
    assert not settings.is_sqlite


def test_the_search_engine_follows_the_database_unless_it_is_named(tmp_path: Path) -> None:
    postgres = "postgresql://edu@db/edu"
    assert load(tmp_path).search_backend == "whoosh"
    assert load(tmp_path, DATABASE_URL=postgres).search_backend == "postgres"
    named = load(tmp_path, DATABASE_URL=postgres, SEARCH_BACKEND="whoosh")
    assert named.search_backend == "whoosh"
    assert problems(tmp_path, SEARCH_BACKEND="postgres") == [
        "SEARCH_BACKEND: postgres needs a DATABASE_URL of PostgreSQL"
    ]


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert load(tmp_path, SECRET_KEY_FILE=str(file), SECRET_KEY="ignored").secret_key == SECRET


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, DATABASE_URL_FILE="/nowhere") == [
        "DATABASE_URL_FILE: cannot read /nowhere: No such file or directory"
    ]


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"\xff\xfe\x00")
    assert problems(tmp_path, SECRET_KEY_FILE=str(file))[0].startswith("SECRET_KEY_FILE: ")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        PORT="eighty",
        WORKERS="0",
        EDU_DEV="perhaps",
        DEFAULT_LOCALE="de",
        DATABASE_URL="mysql://db",
        RATING_PRIOR_VOTES="nan",
        SECRET_KEY="short",
    )
    names = ["PORT", "DATABASE_URL", "DEFAULT_LOCALE", "EDU_DEV", "WORKERS"]
    names += ["RATING_PRIOR_VOTES", "SECRET_KEY"]
    assert [line.split(":")[0] for line in told] == names


@pytest.mark.parametrize("value", ["0", "70000", "-1", "1e3", "8000.5"])
def test_a_port_outside_its_range_is_refused(tmp_path: Path, value: str) -> None:
    assert problems(tmp_path, PORT=value)[0].startswith("PORT:")


@pytest.mark.parametrize("name", ["API_LIMIT", "LOGIN_LIMIT", "LOGIN_LIMIT_ADDRESS"])
def test_a_limit_that_nobody_can_read_is_refused(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path, **{name: "a few"})[0].startswith(f"{name}:")


def test_a_public_site_needs_a_secret(tmp_path: Path) -> None:
    public = "https://library.example"
    assert problems(tmp_path, SITE_URL=public)[0].startswith("SECRET_KEY:")
    assert problems(tmp_path, SITE_URL=public, SECRET_KEY="a" * 64)[0].startswith("SECRET_KEY:")
    assert not (tmp_path / "secret_key").exists()
    assert load(tmp_path, SITE_URL=public, SECRET_KEY=SECRET).is_public


def test_a_private_site_makes_its_secret_once(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    first = load(data).secret_key
    assert len(first) >= 32
    assert load(data).secret_key == first
    assert stat.S_IMODE((data / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == ["secret_key"]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: load(tmp_path).secret_key, range(8)))
    assert len(secrets) == 1


def test_secrets_stay_out_of_logs(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        SECRET_KEY=SECRET,
        DATABASE_URL="postgresql://edu:pass-word@db/edu",
        REDIS_URL="redis://:pass-word@redis",
    )
    assert SECRET not in repr(settings)
    assert "pass-word" not in repr(settings)


def test_overrides_win(tmp_path: Path) -> None:
    assert load_settings({"EDU_DATA": str(tmp_path)}, queue_immediate=True).queue_immediate


def test_an_ipv6_host_stands_in_brackets(tmp_path: Path) -> None:
    settings = load_settings({"EDU_DATA": str(tmp_path), "HOST": "::1", "PORT": "9000"})
    assert settings.site_url == "http://[::1]:9000"


def test_an_address_with_an_impossible_port_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ASSISTANT_BASE_URL: is no address"):
        load(tmp_path, ASSISTANT_BASE_URL="http://127.0.0.1:99999/v1")
