"""Archives that would unpack to gigabytes: they cost neither time nor memory, the job no more than the draft."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
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
from tests.imports.test_workbook_imports import xlsx
from tests.memory import peak_of_memory

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

HEADER = b"sku,name\n"
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
ZEROS = 300 * 1024 * 1024


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
    return zipped(("mimetype", ODS), ("content.xml", b"<office:document-content>" + b" " * ZEROS))


def says_less(archive: bytes, name: str, size: int) -> bytes:
    """The archive, of which both headers of the part `name` say that it has `size` bytes."""
    content = bytearray(archive)
    for signature, at_size, at_name in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        at = content.find(name.encode(), content.find(signature))
        while content[at - at_name : at - at_name + 4] != signature:
            at = content.find(name.encode(), at + 1)
        content[at - at_name + at_size : at - at_name + at_size + 4] = struct.pack("<I", size)
    return bytes(content)


def mimetype_that_says_50(kind: int) -> bytes:
    return says_less(zipped(("mimetype", bytes(ZEROS)), kind=kind), "mimetype", 50)


def book_with(name: str, zeros: int) -> bytes:
    """A good workbook, of which one part is blown up."""
    book = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(Products=[["sku", "name"], ["A-1", "Lamp"]]))) as good,
        zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as blown_up,
    ):
        for part in good.namelist():
            blown_up.writestr(part, good.read(part) + (b" " * zeros if part == name else b""))
    return book.getvalue()


def good_ods(trailing: int = 0) -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in (("sku", "name"), ("A-1", "Lamp"))
    )
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
        f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Products">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(("mimetype", ODS), ("content.xml", content.encode() + b" " * trailing))


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
    "deflate that says 50 bytes": ("bomb.ods", lambda: mimetype_that_says_50(zipfile.ZIP_DEFLATED)),
    "bzip2 that says 50 bytes": ("bomb.ods", lambda: mimetype_that_says_50(zipfile.ZIP_BZIP2)),
    "lzma that says 50 bytes": ("bomb.ods", lambda: mimetype_that_says_50(zipfile.ZIP_LZMA)),
    "formats of a workbook": ("bomb.xlsx", lambda: book_with("xl/styles.xml", ZEROS)),
    "formats that say 50 bytes": (
        "bomb.xlsx",
        lambda: says_less(book_with("xl/styles.xml", ZEROS), "xl/styles.xml", 50),
    ),
    "OpenDocument content that says 50 bytes": ("bomb.ods", lambda: says_less(good_ods(ZEROS), "content.xml", 50)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("filename", "make"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_neither_time_nor_memory(filename: str, make: Callable[[], bytes], settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1024**2
    bomb = make()
    draft = drafts.create(upload(bomb, filename), AnonymousUser())
    started = time.monotonic()

    with peak_of_memory() as peak:
        for _ in range(3):
            preview(draft)
        job = run_import(bomb, filename=filename)

    assert peak.megabytes < 150
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
