"""Any bytes, under any name and with any options: rows, rejected rows, or a refusal in a sentence; never anything else.

Real files are damaged at random, in themselves and in what they are wrapped in. The choice is the same in each run; to
look further, set FUZZ_EXAMPLES to as many files as there is time for: then it is another choice each time.
"""

from __future__ import annotations

import gzip
import io
import os
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from imports import drafts
from imports.models import ImportJob, ImportLane
from imports.options import ESCAPES, MODES, NEW_PRODUCTS, QUOTES, Options
from imports.preview import preview
from imports.reading.errors import FileRefusedError
from imports.reading.header import DELIMITER_NAMES
from products.fields import FIELDS
from tests.imports.factories import run_import, upload
from tests.memory import peak_of_memory

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
MEGABYTE = 1024 * 1024
SAMPLES = Path(__file__).parents[1] / "imports" / "reading"
CSV = 'sku,name,description,price,is_active\nA-1,Lämp,"two\nlines",9.90,yes\na-1,"5"" pan",,1.234,no\nB,,x,cheap,?\n'


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """The settings of a test with so many examples."""
    return hypothesis_settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def zipped(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@cache
def samples() -> dict[str, bytes]:
    """Real files by their names: of each kind and format that is read."""
    plain = {path.name: path.read_bytes() for path in sorted((SAMPLES / "formats" / "samples").glob("*.[ct]sv"))}
    books = {path.name: path.read_bytes() for path in sorted((SAMPLES / "files").iterdir())}
    wrapped = {
        "utf8.csv": CSV.encode(),
        "cp1252.csv": CSV.encode("cp1252"),
        "utf16.csv": CSV.encode("utf-16"),
        "utf32.csv": CSV.encode("utf-32"),
        "semicolons.csv": CSV.replace(",", ";").encode(),
        "products.csv.gz": gzip.compress(CSV.encode() * 50),
        "two.csv.gz": gzip.compress(CSV.encode()) + gzip.compress(CSV.encode()),
        "deflated.zip": zipped({"products.csv": CSV.encode() * 50}),
        "stored.zip": zipped({"products.csv": CSV.encode()}, zipfile.ZIP_STORED),
        "mac.zip": zipped({"products.csv": CSV.encode(), "__MACOSX/._products.csv": b"\0" * 100}),
    }
    return {**plain, **books, **wrapped}


CONTAINERS = (".xlsx", ".ods", ".xls", ".gz", ".zip")
# What a length, an offset, a count or a flag may lie.
LIES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
# The fields of the headers of a zip file, behind each signature: offset and size.
ZIP_FIELDS = {
    b"PK\x03\x04": ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
    b"PK\x01\x02": ((6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (38, 4), (42, 4)),
    b"PK\x05\x06": ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}


def places_of(content: bytes, text: bytes) -> Iterator[int]:
    """Where `text` is in `content`."""
    at = content.find(text)
    while at >= 0:
        yield at
        at = content.find(text, at + 1)


def fields_of(content: bytes) -> list[tuple[int, int]]:
    """Where a file has lengths, offsets and flags, and of what size: in zip, gzip and OLE."""
    if content.startswith(b"\x1f\x8b"):
        return [(2, 1), (3, 1), (len(content) - 8, 4), (len(content) - 4, 4)]
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        # The header of the compound document, then the beginnings of its sectors: allocation tables and directories.
        return [*((at, 2) for at in range(24, 40, 2)), *((at, 4) for at in range(40, min(len(content), 4096), 4))]
    return [
        (at + offset, size)
        for sign, all_ in ZIP_FIELDS.items()
        for at in places_of(content, sign)
        for offset, size in all_
    ]


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """`content` with up to five damages."""
    for _ in range(draw(st.integers(1, 5))):
        if not content:
            break
        content = draw(st.sampled_from(DAMAGES))(draw, content)
    return content


def position(draw: st.DrawFn, content: bytes) -> int:
    return draw(st.integers(0, len(content)))


def flip(draw: st.DrawFn, content: bytes) -> bytes:
    at = draw(st.integers(0, len(content) - 1))
    return content[:at] + bytes([content[at] ^ 1 << draw(st.integers(0, 7))]) + content[at + 1 :]


def truncate(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: position(draw, content)]


def cut_out(draw: st.DrawFn, content: bytes) -> bytes:
    start = position(draw, content)
    return content[:start] + content[start + draw(st.integers(1, 600)) :]


def insert(draw: st.DrawFn, content: bytes) -> bytes:
    at = position(draw, content)
    return content[:at] + draw(st.sampled_from(INSERTED) | st.binary(max_size=20)) + content[at:]


def repeat(draw: st.DrawFn, content: bytes) -> bytes:
    start = position(draw, content)
    piece = content[start : start + draw(st.integers(1, 2000))]
    return content[:start] + piece * draw(st.integers(2, 40)) + content[start:]


def splice(draw: st.DrawFn, content: bytes) -> bytes:
    other = draw(st.sampled_from(list(samples().values())))
    at, start = position(draw, content), position(draw, other)
    return content[:at] + other[start : start + draw(st.integers(1, 3000))] + content[position(draw, content) :]


def lie(draw: st.DrawFn, content: bytes) -> bytes:
    """Another number where a length, an offset or a flag stands."""
    fields = [(at, size) for at, size in fields_of(content) if 0 <= at <= len(content) - size]
    if not fields:
        return flip(draw, content)
    at, size = draw(st.sampled_from(fields))
    told = int.from_bytes(content[at : at + size], "little")
    number = draw(st.sampled_from(LIES) | st.sampled_from([told - 1, told + 1, told // 2, told * 2, told ^ 8]))
    return content[:at] + (number % 256**size).to_bytes(size, "little") + content[at + size :]


DAMAGES = [flip, flip, truncate, cut_out, insert, repeat, splice, lie, lie, lie]
INSERTED = [
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b'"',
        b"\r",
        b"\n",
        b"\x1a",
        b"\x1f\x8b\x08",
        b"PK\x03\x04",
        b"\xed\xa0\x80",
    ),
    *(b"\xe2\x80\xae", b"'", b"\\", b"=cmd|' /C calc'!A0", b"\t" * 400, b"," * 400, b"9" * 5000, b"1e999", b"NaN"),
    *(b"<", b"&#0;", b"&#x10FFFF;", b"</row>", b'<c r="ZZZZZZ9999999999"/>', b'r="A0" t="e"', b"<!ENTITY a 'aaaa'>"),
    b' table:number-columns-repeated="99999999999"',
]
# In the archives of workbooks: the texts in which numbers count, name and repeat.
NUMBERS_OF_XML = ("0", "-1", "1", "99999999999", "1e308", "-1e309", "NaN", "", "A1", "\0", "Infinity", "2147483648")


@st.composite
def rewrapped(draw: st.DrawFn, content: bytes) -> bytes:
    """An archive of which one part is damaged within, but the archive is not."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw(st.sampled_from(sorted(members)))
    part = members[name]
    if draw(st.booleans()):
        members[name] = draw(damaged(part))
    else:
        # Another value of an attribute, or text of an element.
        values = [
            (start + 1, end) for start, end in zip(places_of(part, b'"'), list(places_of(part, b'"'))[1:], strict=False)
        ] + [(start + 1, part.find(b"<", start)) for start in places_of(part, b">")]
        start, end = draw(st.sampled_from(values or [(0, 0)]))
        members[name] = part[:start] + draw(st.sampled_from(NUMBERS_OF_XML)).encode() + part[end:]
    return zipped(members)


@st.composite
def overlapping(draw: st.DrawFn) -> bytes:
    """A zip file whose members have the same bytes: what makes a bomb of a few kilobytes."""
    content = draw(st.sampled_from([samples()["deflated.zip"], samples()["products.xlsx"], samples()["products.ods"]]))
    directory = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    copies = draw(st.integers(2, 300))
    entries = content[directory:end] * copies
    tail = bytearray(content[end:])
    (members,) = struct.unpack_from("<H", tail, 8)
    struct.pack_into("<HHI", tail, 8, members * copies % 65536, members * copies % 65536, len(entries))
    return content[:directory] + entries + bytes(tail)


NAMES = ["a.csv", "a.xlsx", "a.xls", "a.ods", "a.zip", "a.csv.gz", "\u202egpj.exe", "x" * 300, "<b>.csv"]
FILES = st.sampled_from(sorted(samples())).flatmap(
    lambda name: st.tuples(
        st.sampled_from([name, *NAMES]),
        rewrapped(samples()[name]) | damaged(samples()[name])
        if name.endswith((".xlsx", ".ods", ".zip"))
        else damaged(samples()[name]),
    )
)
ANY_BYTES = st.tuples(
    # Others are refused before there is a file: tests/imports/api/test_upload_api.py.
    st.text(max_size=40).filter(lambda name: name.rpartition("/")[2] not in ("", ".", "..")),
    st.builds(
        bytes.__add__,
        st.sampled_from([b"", b"sku,name\n", b"PK\x03\x04", b"\x1f\x8b\x08\0", *(c[:512] for c in samples().values())]),
        st.binary(max_size=300),
    ),
)
TEXTS = st.sampled_from(["sku", "SKU", "name", "price", "", "x", "\0", "\u202e", "Products", "Notes", "1", "Handle"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "mapping": st.dictionaries(st.sampled_from(FIELDS), TEXTS, max_size=3),
        "delimiter": st.sampled_from([*DELIMITER_NAMES, "x"]),
        "quote": st.sampled_from([*QUOTES, "q"]),
        "escape": st.sampled_from([*ESCAPES, "e"]),
        "encoding": st.sampled_from(
            ["utf-8", "cp1252", "utf-16", "utf-16-le", "utf-32-be", "utf-8-twice", "gb18030", "utf-7", "zip", "\0"]
        ),
        "sheet": TEXTS,
        "header_line": st.integers(-1, 1001) | st.integers(0, 4),
        "numbers": st.dictionaries(
            st.sampled_from(["decimal", "thousands", "currency"]), st.sampled_from([",", ".", "", "EUR"]), max_size=2
        ),
        "words": st.dictionaries(TEXTS, st.booleans(), max_size=2),
        "empty_cells": st.dictionaries(
            st.sampled_from(FIELDS), st.sampled_from(["keep", "clear", "reject"]), max_size=2
        ),
        "mode": st.sampled_from(MODES),
        "new_products": st.sampled_from(NEW_PRODUCTS),
        "extra": st.booleans(),
        "dry_run": st.booleans(),
    },
)
NO_OPTIONS: st.SearchStrategy[dict[str, Any]] = st.just({})


def check(filename: str, content: bytes, options: dict[str, Any]) -> None:
    """Look at the file's preview, and import it."""
    try:
        asked = Options(**options)
        draft = drafts.create(upload(content, filename), AnonymousUser())
    except FileRefusedError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert is_sentence(refusal)
        return
    drafts.change(draft, asked)
    for _ in range(2):
        # The second one is of the kept excerpt.
        shown = preview(draft)
        assert not shown.refusal or is_sentence(shown.refusal)
    drafts.discard(draft)

    job = run_import(content, filename=filename, **options)

    if job.status == ImportJob.Status.COMPLETED:
        assert sum(getattr(job, name) for name in ImportLane.COUNTS) == job.total_rows
        assert job.rejected.count() <= job.rejected_rows
    else:
        assert job.status == ImportJob.Status.FAILED
        assert is_sentence(job.failure_reason)


def is_sentence(reason: str) -> bool:
    """Whether this is for a person, and what somebody has thought of: attempts end with what nobody has."""
    return reason.endswith((".", "?")) and not reason.startswith(("Opening the file failed", "Stopped"))


@contextmanager
def within_bounds() -> Iterator[None]:
    """Whatever the file says of its size."""
    started = time.monotonic()
    with peak_of_memory() as peak:
        yield
    assert peak.megabytes < 100
    assert time.monotonic() - started < 10


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 2 * MEGABYTE


@fuzzed(150)
@given(FILES, OPTIONS | NO_OPTIONS | NO_OPTIONS)
def test_a_damaged_file_is_read_or_refused_in_a_sentence(file: tuple[str, bytes], options: dict[str, Any]) -> None:
    with within_bounds():
        check(*file, options)


@fuzzed(60)
@given(ANY_BYTES, OPTIONS)
def test_so_are_any_bytes(file: tuple[str, bytes], options: dict[str, Any]) -> None:
    with within_bounds():
        check(*file, options)


@fuzzed(10)
@given(overlapping())
def test_so_is_an_archive_whose_members_overlap(content: bytes) -> None:
    with within_bounds():
        check("overlapping.zip", content, {})
