"""Which encoding a file is in, and its rewriting as UTF-8 where the reader cannot take it as it is.

The reader takes any encoding that keeps ASCII. What does not (UTF-16, UTF-32), or is compressed, is rewritten once.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import BinaryIO, cast

import chardet

from imports.reading import archives
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
# UTF-8 that was taken for Windows-1252 and encoded as UTF-8 a second time. Not a codec of Python's; see `utf8_blocks`.
TWICE_UTF8 = "utf-8-twice"
# What shops and their suppliers send, besides UTF-8. The library is asked to choose among these only: on a short sample
# it would otherwise prefer look-alikes that nobody exports (Mac Latin 2, EBCDIC). Measured: benchmarks/encodings.py.
_LATIN = "cp1252 cp1250 cp1254 cp1257 cp1258 cp850 cp852 iso8859-1 iso8859-2 iso8859-9 iso8859-15".split()
_OTHER_ALPHABETS = "cp1251 cp1253 cp1255 cp1256 cp874 cp866 koi8-r iso8859-5 iso8859-7".split()
_EAST_ASIAN = "gb18030 big5hkscs cp932 euc-jp cp949".split()
# The library's names where Python, or a larger encoding of the same kind, has another.
_AS_PYTHON = {"iso8859-1": "cp1252", "euc-jp": "euc_jp", "euc_jis_2004": "euc_jp"}
# With one line beyond ASCII one text in 65 is detected wrongly; with five, one in 2,200 (benchmarks/encodings.py).
LINES_TO_BE_SURE = 5

# Characters beyond ASCII in a row, and the ASCII letters beside them.
_RUN_BEYOND_ASCII = re.compile(rb"([A-Za-z]?)([\x80-\xff]+)([A-Za-z]?)")
# The first two bytes of any character beyond ASCII in UTF-8. Rare in other encodings, and so quickly told.
_may_be_utf8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]").search
_has_surrogate = re.compile("[\ud800-\udfff]").search
_WORD = re.compile(r"[^\s,;|\"]+").findall
# Where Windows-1252 has no character, programs write the control character of that number.
_BYTE_OF_CP1252 = {chr(byte): byte for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)} | {
    character: byte for byte in range(256) if (character := bytes([byte]).decode("cp1252", "ignore"))
}


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
    if encoding == TWICE_UTF8:
        return encoding
    if not (name and (name in _WIDE or is_ascii_compatible(name))):
        raise FileRefusedError(
            f"encoding: '{shown(encoding)}' is not one that can be read; try 'utf-8', 'cp1252' or 'utf-16'."
        )
    return name


def is_ascii_compatible(encoding: str) -> bool:
    """Whether the reader can take a file in `encoding` (a canonical name) as it is."""
    return encoding in _MULTI_BYTE or _is_single_byte(encoding)


@cache
def _is_single_byte(encoding: str) -> bool:
    """Whether each byte is a character for itself in `encoding`, and each ASCII byte the ASCII character.

    Asked of encodings that are not of `_MULTI_BYTE` only: some of those look so, byte by byte.
    """
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


@dataclass(frozen=True, slots=True)
class Detection:
    """The encoding that a text seems to be in.

    `is_guess` says that there were too few characters beyond ASCII to be sure; `examples` are up to three words that
    the choice decides. `offer` is another encoding that repairs the text, or empty: `TWICE_UTF8` where UTF-8 was taken
    for Windows-1252 and encoded once more.
    """

    encoding: str
    is_guess: bool = False
    examples: tuple[str, ...] = ()
    offer: str = ""


def detect_encoding(stream: BinaryIO) -> Detection:
    """The encoding of the text in `stream`, which has no byte order mark. Reads until it has enough evidence.

    A file is UTF-8 unless a good part of its lines that are not ASCII are something else: one damaged row in a UTF-8
    file is a damaged row, not another encoding. What it is instead, the library tells.
    """
    if wide := _without_mark(stream.read(SAMPLE_BYTES)):
        return Detection(wide)
    stream.seek(0)
    lines = list(_lines_beyond_ascii(stream))
    if not lines:
        return Detection("utf-8")
    if sum(map(_is_utf8, lines)) * 2 > len(lines):
        texts = [line.decode("utf-8") for line in lines if _is_utf8(line)]
        twice = [text for text in texts if (once := _decoded_once_more(text)) != text and once.isprintable()]
        offer = TWICE_UTF8 if len(twice) * 2 > len(texts) else ""
        return Detection("utf-8", examples=_words_beyond_ascii(twice) if offer else (), offer=offer)
    encoding = _most_likely(b"\n".join(lines))
    texts = [_decoded_line(line, encoding) for line in lines]
    return Detection(encoding, is_guess=len(lines) < LINES_TO_BE_SURE, examples=_words_beyond_ascii(texts))


def other_readings(detection: Detection) -> list[tuple[str, tuple[str, ...]]]:
    """What the examples of a guess would read like in other encodings, each with its name; different ones only."""
    readings: dict[tuple[str, ...], str] = {detection.examples: detection.encoding}
    for encoding in (*_LATIN, *_OTHER_ALPHABETS):
        try:
            words = tuple(word.encode(detection.encoding).decode(encoding) for word in detection.examples)
        except UnicodeError:
            continue
        if all(map(str.isprintable, words)):
            readings.setdefault(words, encoding)
    return [(encoding, words) for words, encoding in readings.items() if encoding != detection.encoding]


def _most_likely(sample: bytes) -> str:
    """The best of the candidates for `sample`, which is neither ASCII nor UTF-8.

    The library weighs letters, but not which stand beside each other: it takes the few accented letters of "più" for
    Cyrillic. In the Latin alphabet they stand alone among ASCII letters, in no other do they.
    """
    runs = _RUN_BEYOND_ASCII.findall(sample)
    in_words = sum(1 for before, _, behind in runs if before or behind)
    looks_latin = in_words * 2 > len(runs) and sum(len(run) for _, run, _ in runs) < 2.5 * len(runs)
    found = _detected(sample, (*_LATIN, *_OTHER_ALPHABETS, *_EAST_ASIAN))
    return _detected(sample, _LATIN) if looks_latin and found in _OTHER_ALPHABETS else found


def _detected(sample: bytes, candidates: Sequence[str]) -> str:
    name = chardet.detect(sample, include_encodings=candidates, compat_names=False)["encoding"] or "cp1252"
    return _AS_PYTHON.get(name, name)


def _words_beyond_ascii(texts: Iterable[str]) -> tuple[str, ...]:
    """The first three different words of `texts` that are not plain ASCII."""
    words = dict.fromkeys(shown(word) for text in texts for word in _WORD(text) if not word.isascii())
    return tuple(islice(words, 3))


def _without_mark(beginning: bytes) -> str:
    """The UTF-16 or UTF-32 that `beginning` is in, told by the zero bytes of its ASCII characters; else empty."""
    if b"\0" not in beginning[:SAMPLE_BYTES]:
        return ""
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        whole = beginning[: len(beginning) // 4 * 4]
        text = whole.decode(encoding, "replace")
        ascii_characters = sum(map(str.isascii, text))
        if "\0" not in text and "\ufffd" not in text[:-1] and ascii_characters * 20 > len(text):
            return encoding
    return ""


def decode_block(block: bytes, encoding: str) -> tuple[str, bool]:
    """The text of `block`, which holds whole lines in `encoding`, and whether all of its bytes are text in it.

    Bytes that are not come out as lone surrogates (PEP 383). In a file of one byte a character, a line that is UTF-8 is
    read as UTF-8: such files were put together of several, and hardly any line of them is UTF-8 by chance.
    """
    if encoding not in _MULTI_BYTE and _may_be_utf8(block):
        text = "".join(_decoded_line(line, encoding) for line in block.splitlines(keepends=True))
        return text, not _has_surrogate(text)
    try:
        return block.decode(encoding), True
    except UnicodeDecodeError:
        return block.decode(encoding, "surrogateescape"), False


def _decoded_line(line: bytes, encoding: str) -> str:
    if encoding not in _MULTI_BYTE and _may_be_utf8(line) and _is_utf8(line):
        return line.decode("utf-8")
    return line.decode(encoding, "surrogateescape")


def _decoded_once_more(text: str) -> str:
    """`text` as it was before it was taken for Windows-1252 and encoded a second time; itself if it was not."""
    try:
        return bytes(map(_BYTE_OF_CP1252.__getitem__, text)).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return text


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
        # What a Mac puts beside each file into an archive is no content.
        files = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX/" not in info.filename]
        if len(files) != 1:
            raise FileRefusedError(f"The zip archive holds {len(files)} files; it must hold one CSV file.")
        if files[0].flag_bits & 1:
            raise FileRefusedError("The zip archive is protected with a password; send it without.")
        if files[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Python unpacks others without a bound: a kilobyte of bzip2 takes gigabytes of memory.
            raise FileRefusedError("The zip archive uses an unusual compression. Zip the file the usual way (deflate).")
        return cast("BinaryIO", archive.open(files[0]))
    except archives.FAULTS as error:
        raise FileRefusedError(f"The zip archive cannot be read: {archives.told(error)}.") from None


def unpacked_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream from `decompressed`; raises FileRefusedError where the archive is damaged."""
    try:
        while block := stream.read(BLOCK_BYTES):
            yield block
    except archives.FAULTS as error:
        raise FileRefusedError(f"The compressed file is damaged: {archives.told(error)}.") from None


def utf8_blocks(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The text of `stream`, which is in `encoding`, as UTF-8.

    What `encoding` does not know becomes a byte that is not UTF-8 either, so that the rows with it are rejected later.
    """
    if encoding == TWICE_UTF8:
        while line := stream.readline(BLOCK_BYTES):
            yield _encoded_once(line)
        return
    decoder = codecs.getincrementaldecoder(encoding)("acme_importer.undecodable")
    while block := stream.read(BLOCK_BYTES):
        yield decoder.decode(block).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")


def _encoded_once(line: bytes) -> bytes:
    """A line that was encoded as UTF-8 twice, encoded once; what was not stays as it is."""
    return _decoded_once_more(line.decode("utf-8")).encode() if _is_utf8(line) else line


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: the bytes become the surrogate that stands for byte FF (PEP 383), in any codec."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error("acme_importer.undecodable", _mark_undecodable)
