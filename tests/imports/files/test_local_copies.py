"""Files in a storage elsewhere: fetched once per machine, and not left lying about."""

import gzip
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from imports import jobs
from imports.files import local_copies, storage
from imports.files.upload_handler import receive
from imports.models import ImportJob
from products.models import Product
from tests.imports.factories import run_import, upload
from tests.imports.s3server import put_uploads_on_s3, stored_keys
from tests.settings import FOLDER

CONTENT = b"sku,name\nA1,Chair\nA2,Table\n"


class ElsewhereStorage(Storage):
    """A storage without paths that counts how often its files are opened, and takes its time."""

    opened = 0

    def __init__(self) -> None:
        self.files = FileSystemStorage(FOLDER / "elsewhere")
        self.delete, self.exists, self._save = self.files.delete, self.files.exists, self.files.save  # type: ignore[method-assign]

    def _open(self, name: str, mode: str = "rb") -> File:
        type(self).opened += 1
        time.sleep(0.5)
        return self.files.open(name, mode)


@pytest.fixture
def elsewhere(settings: Settings) -> type[ElsewhereStorage]:
    backend = f"{__name__}.{ElsewhereStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    ElsewhereStorage.opened = 0
    return ElsewhereStorage


@pytest.fixture
def s3(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    server = put_uploads_on_s3(settings, monkeypatch)
    yield server
    server.stop()


def copies(settings: Settings) -> list[Path]:
    folder = settings.UPLOAD_FOLDER / "copies"
    return sorted(folder.iterdir()) if folder.exists() else []


def read(name: str) -> bytes:
    with storage.open_stored(name) as stream:
        return stream.read()


def test_a_file_in_a_folder_of_this_machine_is_not_copied(settings: Settings) -> None:
    name = storage.keep(upload(CONTENT)).stored_as
    with storage.open_stored(name) as stream:
        assert stream.name == default_storage.path(name)
    assert copies(settings) == []


def test_a_file_elsewhere_is_fetched_once(elsewhere: type[ElsewhereStorage], settings: Settings) -> None:
    name = default_storage.save("a", ContentFile(CONTENT))
    assert [read(name), read(name)] == [CONTENT, CONTENT]
    assert elsewhere.opened == 1
    assert len(copies(settings)) == 1


def test_who_wants_it_too_waits_and_is_seen_to_be_alive(elsewhere: type[ElsewhereStorage]) -> None:
    name = default_storage.save("a", ContentFile(CONTENT))
    signs: list[float] = []

    def read_with_signs(_: int) -> bytes:
        with storage.open_stored(name, lambda: signs.append(time.monotonic())) as stream:
            return stream.read()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read_with_signs, range(4))) == [CONTENT] * 4
    assert elsewhere.opened == 1
    assert len(signs) > 4


def test_what_a_killed_process_left_unfinished_is_started_again(
    elsewhere: type[ElsewhereStorage], settings: Settings
) -> None:
    name = default_storage.save("a", ContentFile(CONTENT))
    read(name)
    (copy,) = copies(settings)
    copy.rename(copy.with_suffix(".unfinished")).write_bytes(b"sku,na")
    assert read(name) == CONTENT
    assert copies(settings) == [copy]


def test_a_copy_that_could_not_be_made_is_none(elsewhere: type[ElsewhereStorage]) -> None:
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            storage.open_stored("missing")


def test_idle_copies_go_when_the_next_one_is_made(elsewhere: type[ElsewhereStorage], settings: Settings) -> None:
    old, young, new = (default_storage.save(name, ContentFile(CONTENT)) for name in "abc")
    read(old)
    (copy,) = copies(settings)
    read(young)
    long_ago = time.time() - local_copies.IDLE_SECONDS - 1
    os.utime(copy, (long_ago, long_ago))
    read(new)
    assert len(copies(settings)) == 2
    assert copy not in copies(settings)


def test_opening_keeps_a_copy_from_being_idle(elsewhere: type[ElsewhereStorage], settings: Settings) -> None:
    name = default_storage.save("a", ContentFile(CONTENT))
    read(name)
    (copy,) = copies(settings)
    os.utime(copy, (1, 1))
    read(name)
    local_copies.delete_idle_copies()
    assert copies(settings) == [copy]


def test_a_stored_file_is_deleted_with_its_copy(elsewhere: type[ElsewhereStorage], settings: Settings) -> None:
    name = default_storage.save("a", ContentFile(CONTENT))
    read(name)
    storage.delete_stored(name)
    assert copies(settings) == []
    assert not default_storage.exists(name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("s3")
class TestS3:
    """The product's own storage on a server that speaks S3's protocol."""

    @pytest.mark.parametrize(
        ("content", "filename"),
        [
            pytest.param(CONTENT, "products.csv", id="as it is"),
            pytest.param(gzip.compress(CONTENT), "products.csv.gz", id="compressed"),
            pytest.param(gzip.compress(CONTENT.decode().encode("utf-16")), "p.gz", id="compressed UTF-16"),
        ],
    )
    def test_an_import_leaves_only_the_file_that_was_sent(
        self, settings: Settings, content: bytes, filename: str
    ) -> None:
        job = run_import(content, filename=filename)
        assert (job.status, job.created_rows, job.failure_reason) == (ImportJob.Status.COMPLETED, 2, "")
        assert sorted(Product.objects.values_list("name", flat=True)) == ["Chair", "Table"]
        assert stored_keys() == [f"of/tests/{job.stored_as}"]
        assert [path for path in settings.UPLOAD_FOLDER.rglob("*") if path.is_file()] == []

    def test_the_files_of_a_job_can_be_deleted_twice(self) -> None:
        job = run_import(CONTENT)
        jobs.delete_files(job)
        jobs.delete_files(job)
        assert stored_keys() == []

    @pytest.mark.slow
    def test_a_large_file_comes_back_as_it_went(self) -> None:
        # More than one part.
        blocks: list[Any] = [bytes([number]) * 1024 * 1024 for number in range(20)]
        stored = storage.keep(receive(blocks, "large.csv"))
        assert read(stored.stored_as) == b"".join(blocks)
