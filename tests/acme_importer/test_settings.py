"""What the settings make of the environment, each time in a process of its own."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from acme_importer.settings import database


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` with nothing in the environment but what is given here."""
    basics = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "UPLOAD_FOLDER": str(settings.UPLOAD_FOLDER)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**basics, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_production_settings_pass_the_deployment_check() -> None:
    result = manage("check", "--deploy", "--fail-level", "INFO", SECRET_KEY=secrets.token_urlsafe(50))
    assert (result.returncode, result.stderr) == (0, "")


def test_production_does_not_start_without_a_secret_key() -> None:
    result = manage("check")
    assert result.returncode == 2
    assert result.stderr.startswith("Configuration: SECRET_KEY is not set.")


@pytest.mark.parametrize(
    "variables",
    [
        {"DEBUG": "perhaps"},
        {"IMPORT_LANES": "-1"},
        {"IMPORT_CHUNK_ROWS": "many"},
        {"IMPORT_GUARDS": '{"new": {"share": 101}}'},
        {"LOG_LEVEL": "LOUD"},
        {"PORT": "0"},
        {"DATABASE_URL": "mysql://localhost/shop"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_a_wrong_value_stops_the_start_with_a_sentence_that_names_it(variables: dict[str, str]) -> None:
    result = manage("check", **{"DEBUG": "true", **variables})
    assert result.returncode == 2
    assert result.stderr.startswith("Configuration: ")
    assert next(iter(variables)) in result.stderr
    assert "Traceback" not in result.stderr


def test_the_example_lists_every_variable() -> None:
    source = (settings.BASE_DIR / "acme_importer" / "settings.py").read_text()
    reading = r'\b(?:env\.\w+|choice|whole_number|networks)\(\s*"([A-Z_]+)"'
    variables = set(re.findall(reading, source))
    example = (settings.BASE_DIR / ".env.example").read_text()
    documentation = (settings.BASE_DIR / "docs" / "settings.md").read_text()
    # What a call reads may stand on the next line, or be read by a function of the settings' own.
    assert {"IMPORT_CHUNK_ROWS", "WEBHOOK_ALLOWED_NETWORKS", "LOG_LEVEL", "DATABASE_URL"} <= variables
    assert len(variables) == len(
        re.findall(r"^    [A-Z_]+(?:: list\[str\])? = (?:env|choice|whole|networks|Path)", source, re.MULTILINE)
    )
    assert [name for name in sorted(variables) if f"{name}=" not in example] == []
    assert [name for name in sorted(variables) if f"`{name}`" not in documentation] == []


def test_a_file_of_variables_is_read_and_the_real_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "variables").write_text("DEBUG=true\nPORT=1234\nWORKERS=3\n")
    code = "from django.conf import settings; print(settings.PORT, settings.WORKERS)"
    result = manage("shell", "--no-imports", "-c", code, ENV_FILE=str(tmp_path / "variables"), WORKERS="5")
    assert result.stdout == "1234 5\n"


@pytest.mark.parametrize("url", ["bucket", "s3://", "https://bucket.example.com", "gs://bucket"])
def test_a_storage_that_is_not_understood_stops_the_start(url: str) -> None:
    result = manage("check", DEBUG="true", UPLOAD_STORAGE=url)
    assert result.returncode == 2
    assert result.stderr.startswith(f"Configuration: UPLOAD_STORAGE: '{url}' is not understood; use s3://bucket")


def test_neither_side_of_a_postgresql_connection_waits_for_ever_for_the_other() -> None:
    options = database("postgresql://localhost/importer", 30)["OPTIONS"]
    assert "-c idle_in_transaction_session_timeout=30s" in options["options"]
    assert options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"] <= 30
    assert options["tcp_user_timeout"] == 30_000
    assert "OPTIONS" not in database("postgresql://localhost/importer", 0)
    named = database("postgresql://localhost/importer?sslmode=require", 30)["OPTIONS"]
    assert (named["sslmode"], named["tcp_user_timeout"]) == ("require", 30_000)


@pytest.mark.django_db
def test_postgresql_is_told_so() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("It is of PostgreSQL.")
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)
