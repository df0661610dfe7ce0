"""Archives that would unpack to gigabytes: they cost neither time nor memory, the job no more than the draft."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import resource
import time
import zipfile
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import Settings

from imports import drafts
from imports.models import ImportJob
from imports.preview import preview
from tests.imports.factories import run_import, upload

pytestmark = pytest.mark.django_db

HEADER = b"sku,name\n"
ZEROS = 300 * 1024 * 1024
MEGABYTE = 1024  # of ru_maxrss, which counts kilobytes


def zipped(*members: tuple[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def zip_of(kind: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive, archive.open("products.csv", "w") as member:
        member.write(HEADER)
        for _ in range(ZEROS // 1024**2):
            member.write(bytes(1024**2))
    return file.getvalue()


def lzma_with_a_patched_dictionary() -> bytes:
    """A member whose properties ask for a dictionary of 4 GB."""
    content = bytearray(zipped(("products.csv", HEADER + bytes(1000)), kind=zipfile.ZIP_LZMA))
    # Behind the local header and the name: a version, the length of the properties, a byte, and the dictionary's size.
    at = 30 + len("products.csv") + 5
    content[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(content)


def gzip_of_zeros() -> bytes:
    return gzip.compress(HEADER + bytes(ZEROS))


def gzip_of_many_members() -> bytes:
    return gzip.compress(HEADER) + gzip.compress(bytes(1024**2)) * (ZEROS // 1024**2)


def xlsx_of_zeros() -> bytes:
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + b" " * ZEROS
    return zipped(
        ("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"), ("xl/worksheets/sheet1.xml", sheet)
    )


def ods_of_zeros() -> bytes:
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return zipped(("mimetype", kind), ("content.xml", b"<office:document-content>" + b" " * ZEROS))


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "deflate": ("bomb.zip", lambda: zip_of(zipfile.ZIP_DEFLATED)),
    "bzip2": ("bomb.zip", lambda: zip_of(zipfile.ZIP_BZIP2)),
    "lzma": ("bomb.zip", lambda: zip_of(zipfile.ZIP_LZMA)),
    "lzma with a dictionary of 4 GB": ("bomb.zip", lzma_with_a_patched_dictionary),
    "gzip": ("bomb.csv.gz", gzip_of_zeros),
    "gzip of many members": ("bomb.csv.gz", gzip_of_many_members),
    "gzip in gzip": ("bomb.csv.gz.gz", lambda: gzip.compress(gzip_of_zeros())),
    "zip in zip": ("bomb.zip", lambda: zipped(("bomb.zip", zip_of(zipfile.ZIP_DEFLATED)))),
    "a zip of 8,000 members": ("bomb.zip", lambda: zipped(*((f"{n}.csv", HEADER) for n in range(8_000)))),
    "plain bzip2": ("bomb.csv.bz2", lambda: bz2.compress(HEADER + bytes(ZEROS))),
    "plain xz": ("bomb.csv.xz", lambda: lzma.compress(HEADER + bytes(ZEROS))),
    "a workbook": ("bomb.xlsx", xlsx_of_zeros),
    "an OpenDocument sheet": ("bomb.ods", ods_of_zeros),
}


@pytest.mark.slow
@pytest.mark.parametrize(("filename", "make"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_neither_time_nor_memory(filename: str, make: Callable[[], bytes], settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1024**2
    bomb = make()
    draft = drafts.create(upload(bomb, filename), AnonymousUser())
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for _ in range(3):
        preview(draft)
    job = run_import(bomb, filename=filename)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * MEGABYTE
    assert time.monotonic() - started < 20
    assert job.status == ImportJob.Status.FAILED
    assert job.failure_reason.endswith(".")


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_an_unusual_compression_is_refused_with_what_to_do(kind: int) -> None:
    job = run_import(zipped(("products.csv", HEADER + b"A-1,Lamp\n"), kind=kind), filename="products.zip")

    assert job.failure_reason == ("The zip archive uses an unusual compression. Zip the file the usual way (deflate).")


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflate"])
def test_the_usual_ones_are_taken(kind: int) -> None:
    job = run_import(zipped(("products.csv", HEADER + b"A-1,Lamp\n"), kind=kind), filename="products.zip")

    assert job.created_rows == 1
