"""Which encoding a file is in, and its rewriting as UTF-8 where the reader cannot take it as it is.

The reader takes any encoding that keeps ASCII. What does not (UTF-16, UTF-32), or is compressed, is rewritten once.
"""

from __future__ import annotations

import codecs
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from charset_normalizer import CharsetMatch, from_bytes

from imports.reading.errors import FileRefusedError
from imports.reading.texts import shown

BLOCK_BYTES = 1024 * 1024
# Enough lines with other than ASCII characters to tell an encoding by.
SAMPLE_BYTES = 64 * 1024

# Byte order marks, the longest first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Encodings of several bytes a character that keep ASCII, and in which no other character has a line end for a byte. The
# names are Python's. Those with shift sequences (ISO-2022, HZ, UTF-7) are not among them.
_MULTI_BYTE = frozenset(
    "utf-8 big5 big5hkscs cp932 cp949 cp950 euc_jp euc_kr gb18030 gb2312 gbk johab shift_jis".split()
)
_WIDE = frozenset("utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be".split())
# What shops' spreadsheets are written in, besides UTF-8. The library is asked to choose among these only: on a short
# sample it would otherwise prefer look-alikes that nobody exports (Mac Latin 2, EBCDIC).
_CANDIDATES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "gb18030", "cp932", "big5", "euc_kr"]


def canonical_name(encoding: str) -> str:
    """Python's name for `encoding`; raises FileRefusedError unless it is one that files can be read in.

    Python's codecs are more than text encodings (zip, rot13, escapes). What is taken is a closed set: the UTFs, those
    of `_MULTI_BYTE`, and encodings of one byte a character that keep ASCII.
    """
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        name = ""
    if name == "utf-8-sig":
        # A byte order mark is looked for in any case.
        name = "utf-8"
    if not (name and (name in _WIDE or is_ascii_compatible(name))):
        raise FileRefusedError(
            f"encoding: '{shown(encoding)}' is not one that can be read; try 'utf-8', 'cp1252' or 'utf-16'."
        )
    return name


def is_ascii_compatible(encoding: str) -> bool:
    """Whether the reader can take a file in `encoding` (a canonical name) as it is."""
    return encoding in _MULTI_BYTE or _is_single_byte(encoding)


def _is_single_byte(encoding: str) -> bool:
    """Whether each byte is a character for itself in `encoding`, and each ASCII byte the ASCII character."""
    try:
        every_byte = bytes(range(256)).decode(encoding, "replace")
        escapes = b"\\n\\u0041\x1b$B".decode(encoding, "replace")
    except (LookupError, UnicodeError, AttributeError):
        return False
    ascii_characters = "".join(map(chr, range(128)))
    return len(every_byte) == 256 and every_byte.startswith(ascii_characters) and escapes == "\\n\\u0041\x1b$B"


def byte_order_mark(beginning: bytes) -> tuple[int, str]:
    """The length of the byte order mark that `beginning` begins with, and its encoding; (0, "") if there is none."""
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return len(mark), encoding
    return 0, ""


def detect_encoding(stream: BinaryIO) -> str:
    """The encoding of the text in `stream`, which has no byte order mark. Reads until it has enough evidence.

    A file is UTF-8 unless a good part of its lines that are not ASCII are something else: one damaged row in a UTF-8
    file is a damaged row, not another encoding. What it is instead, the library tells.
    """
    beginning = stream.read(2)
    if beginning[:1] and beginning[1:] == b"\0":
        return "utf-16-le"
    if beginning[:1] == b"\0":
        return "utf-16-be"
    stream.seek(0)
    lines = list(_lines_beyond_ascii(stream))
    if sum(map(_is_utf8, lines)) * 2 > len(lines) or not lines:
        return "utf-8"
    return _most_likely(b"\n".join(lines))


def _most_likely(sample: bytes) -> str:
    """The best of `_CANDIDATES` for `sample`; of equally good ones the first, which is the more usual."""

    def rank(match: CharsetMatch) -> tuple[float, float, int]:
        # Several encodings may read the sample as the same text.
        usual = min(_CANDIDATES.index(name) for name in match.could_be_from_charset if name in _CANDIDATES)
        return round(match.chaos, 3), -round(match.coherence, 3), usual

    matches = list(from_bytes(sample, cp_isolation=_CANDIDATES))
    return _CANDIDATES[min(map(rank, matches))[2]] if matches else "cp1252"


def _lines_beyond_ascii(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of `stream` that are not plain ASCII, until there are `SAMPLE_BYTES` of them."""
    size = 0
    cut_line = b""
    while block := stream.read(BLOCK_BYTES):
        text = cut_line + block
        # The last line goes on in the next block. A megabyte without a line end is no line worth keeping.
        whole = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        cut_line = text[whole:] if len(text) - whole < BLOCK_BYTES else b""
        if text.isascii():
            continue
        for line in text[:whole].splitlines():
            if not line.isascii():
                yield line
                size += len(line)
                if size > SAMPLE_BYTES:
                    return
    if not cut_line.isascii():
        yield cut_line


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decompressed(stream: BinaryIO) -> BinaryIO | None:
    """The text of a gzip file or of a zip file with one CSV, as a stream; None if `stream` is neither.

    Raises FileRefusedError for a zip archive with no or several files.
    """
    beginning = stream.read(4)
    stream.seek(0)
    if beginning[:2] == b"\x1f\x8b":
        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    # The second is an archive with nothing in it.
    if beginning in (b"PK\x03\x04", b"PK\x05\x06"):
        return _only_file(stream)
    return None


def _only_file(stream: BinaryIO) -> BinaryIO:
    try:
        archive = zipfile.ZipFile(stream)
        if any(info.filename == "xl/workbook.xml" for info in archive.infolist()):
            raise FileRefusedError("This is an Excel workbook, not a CSV file; open it and save the sheet as CSV.")
        # What a Mac puts beside each file into an archive is no content.
        files = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX/" not in info.filename]
        if len(files) != 1:
            raise FileRefusedError(f"The zip archive holds {len(files)} files; it must hold one CSV file.")
        if files[0].flag_bits & 1:
            raise FileRefusedError("The zip archive is protected with a password; send it without.")
        return cast("BinaryIO", archive.open(files[0]))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise FileRefusedError(f"The zip archive cannot be read: {error}.") from None


def unpacked_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream from `decompressed`; raises FileRefusedError where the archive is damaged."""
    try:
        while block := stream.read(BLOCK_BYTES):
            yield block
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise FileRefusedError(f"The compressed file is damaged: {error}.") from None


def utf8_blocks(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The text of `stream`, which is in `encoding`, as UTF-8.

    What `encoding` does not know becomes a byte that is not UTF-8 either, so that the rows with it are rejected later.
    """
    decoder = codecs.getincrementaldecoder(encoding)("acme_importer.undecodable")
    while block := stream.read(BLOCK_BYTES):
        yield decoder.decode(block).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: the bytes become the surrogate that stands for byte FF (PEP 383), in any codec."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error("acme_importer.undecodable", _mark_undecodable)
