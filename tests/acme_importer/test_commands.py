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
