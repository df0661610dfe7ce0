"""A command whose database is not there, or not set up, says so in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("database", "sentence"),
    [
        ("sqlite:///{folder}/new.sqlite3", "The database is not up to date. Run `python manage.py migrate` first."),
        ("postgresql://nobody@127.0.0.1:1/shop", "The database cannot be reached: connection failed: "),
    ],
    ids=["no tables", "no server"],
)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, database: str, sentence: str) -> None:
    file = tmp_path / "products.csv"
    file.write_text("sku,name\nA-1,Lamp\n")

    ended = subprocess.run(
        [sys.executable, "manage.py", "import_csv", str(file)],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "acme_importer.settings",
            "DATABASE_URL": database.format(folder=tmp_path),
            "UPLOAD_FOLDER": str(tmp_path / "files"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"CommandError: {sentence}")
    assert "Traceback" not in ended.stderr


def test_a_command_starts_without_what_it_does_not_need(tmp_path: Path) -> None:
    """Workers start like commands: what they load is how long work rests when one of them has died."""
    program = (
        "import sys; from django.core.management import execute_from_command_line as execute; "
        f"execute(['manage.py', 'generate_products', '--rows=1', '--output={tmp_path}/new.csv']); "
        "import imports.tasks, imports.representation; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "acme_importer.settings",
            "DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "imports.pipeline" in loaded
    for not_needed in (
        "rest_framework.views",
        "drf_spectacular.views",
        "acme_importer.urls",
        "imports.admin",
        "requests",
        "psycopg",
    ):
        assert not_needed not in loaded
