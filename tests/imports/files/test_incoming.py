"""Files on their way in: their folder is made by whoever writes the first of them, and cleaned up when it is there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile
from pytest_django import Settings

from imports.files import local_copies, storage
from imports.files.incoming import delete_abandoned_uploads
from imports.files.upload_handler import receive
from imports.opening.whole import open_file
from tests.imports.factories import make_job

CSV = b"sku,name\nA1,Chair\n"


@pytest.fixture
def new_folder(settings: Settings, tmp_path: Path) -> Path:
    """An upload folder that is not there yet."""
    settings.UPLOAD_FOLDER = tmp_path / "new" / "uploads"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": settings.UPLOAD_FOLDER},
        },
    }
    return settings.UPLOAD_FOLDER


def test_reading_the_settings_makes_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    environment = {**os.environ, "UPLOAD_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": "acme_importer.settings"}
    subprocess.run([sys.executable, "manage.py", "check"], env=environment, check=True, capture_output=True)
    assert not folder.exists()


def test_the_first_upload_makes_the_folder(new_folder: Path) -> None:
    file = receive([CSV], "products.csv")
    assert isinstance(file, TemporaryUploadedFile)
    assert Path(file.temporary_file_path()).parent == new_folder / "incoming"
    with storage.open_stored(storage.keep(file).stored_as) as stream:
        assert stream.read() == CSV
    assert list((new_folder / "incoming").iterdir()) == []


@pytest.mark.django_db
def test_a_worker_that_is_the_first_to_rewrite_a_file_makes_the_folder(new_folder: Path) -> None:
    job = make_job("sku,name\nA1,Chair\n".encode("utf-16"))
    (new_folder / "incoming").rmdir()
    assert open_file(job, lambda: None).text.detected.encoding.startswith("utf-16")


def test_there_is_nothing_to_clean_up_before_the_first_upload(new_folder: Path) -> None:
    delete_abandoned_uploads()
    local_copies.delete_idle_copies()
    local_copies.delete_copy("nothing")
    assert not new_folder.exists()


def test_only_what_was_abandoned_is_cleaned_up(new_folder: Path) -> None:
    incoming = new_folder / "incoming"
    incoming.mkdir(parents=True)
    old, young = incoming / "old.upload.csv", incoming / "young.upload.csv"
    for path in (old, young):
        path.write_bytes(CSV)
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    delete_abandoned_uploads()
    assert list(incoming.iterdir()) == [young]
