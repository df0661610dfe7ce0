"""Damaged archives and workbooks: whatever Python's readers raise for them, their sender gets a sentence."""

from __future__ import annotations

import errno
import gzip
import io
import secrets
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from imports.reading.encodings import decompressed, unpacked_blocks
from imports.reading.errors import FileRefusedError
from imports.reading.workbooks import open_workbook, sheet_as_csv

FILES = Path(__file__).parent / "files"
LIMIT = 10 * 1024 * 1024


def archive_of(*names: str) -> bytearray:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"sku,name\n" * 100)
    return bytearray(file.getvalue())


def unpacked(stream: BinaryIO) -> bytes:
    inner = decompressed(stream)
    assert inner is not None
    return b"".join(unpacked_blocks(inner))


def rows_of(stream: BinaryIO) -> bytes:
    workbook = open_workbook(stream, LIMIT)
    assert workbook is not None
    return b"".join(sheet_as_csv(workbook, workbook.sheets[0]))


@pytest.fixture(params=["memory", "file"])
def opened(request: pytest.FixtureRequest, tmp_path: Path):
    """A stream of these bytes; a file on a disk does not raise what one in memory does."""

    def open_(content: bytes) -> BinaryIO:
        if request.param == "memory":
            return io.BytesIO(content)
        path = tmp_path / "file"
        path.write_bytes(content)
        return path.open("rb")

    return open_


def test_an_offset_before_the_beginning_of_the_archive_is_refused(opened) -> None:
    content = archive_of("products.csv")
    end = content.index(b"PK\x05\x06")
    # The directory is said to begin later than it does, so the members before the file.
    struct.pack_into("<I", content, end + 16, struct.unpack_from("<I", content, end + 16)[0] + 1000)

    with (
        opened(bytes(content)) as stream,
        pytest.raises(FileRefusedError, match=r"^The zip archive cannot be read: .*\.$"),
    ):
        unpacked(stream)


def test_a_member_that_is_not_deflated_data_is_refused(opened) -> None:
    content = archive_of("products.csv")
    content[30 + len("products.csv")] = 0xFF

    with (
        opened(bytes(content)) as stream,
        pytest.raises(FileRefusedError, match=r"^The compressed file is damaged: .*\.$"),
    ):
        unpacked(stream)


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_whose_parts_are_not_deflated_data_is_refused(kind: str, opened) -> None:
    content = bytearray((FILES / f"products.{kind}").read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [part for part in archive.infolist() if part.compress_type == zipfile.ZIP_DEFLATED]
    for part in parts:
        name, extra = struct.unpack_from("<HH", content, part.header_offset + 26)
        content[part.header_offset + 30 + name + extra] = 0xFF

    with (
        opened(bytes(content)) as stream,
        pytest.raises(FileRefusedError, match=r"^The workbook cannot be read: .*\.$"),
    ):
        rows_of(stream)


class BrokenDisk(io.BytesIO):
    """A file of which only the beginning can be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 1000:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


def test_a_disk_that_cannot_be_read_is_no_damaged_file() -> None:
    with pytest.raises(OSError, match="Input/output error"):
        unpacked(BrokenDisk(gzip.compress(secrets.token_bytes(LIMIT))))
