"""Which encoding a file is in: by its byte order mark, by its bytes, or as its sender says."""

from __future__ import annotations

import gzip
import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from benchmarks.texts import LANGUAGES, Language
from imports.reading.encodings import (
    TWICE_UTF8,
    byte_order_mark,
    canonical_name,
    decode_block,
    decompressed,
    detect_encoding,
    is_ascii_compatible,
    unpacked_blocks,
    utf8_blocks,
)
from imports.reading.errors import FileRefusedError

NAMES = {
    "cp1252": ["Müller Stühle", "Café crème brûlée", "Señorita Peña", "Größe 42 – weiß", "Déjà vu à la carte"],
    "cp1250": [
        "Żółta łódź",
        "Příliš žluťoučký kůň",
        "Krzesło dębowe",
        "Učebnice češtiny",
        "Gęś i żółw",
        "Świeca różowa",
    ],
    "cp1251": ["Стул деревянный", "Большая кастрюля", "Настольная лампа", "Чашка кофейная", "Зелёный ковёр"],
    "cp932": [
        "木製の椅子とテーブル",
        "コーヒーカップ（大）",
        "日本語の説明文です。",
        "サラダボウルのセット",
        "ひらがなとカタカナ",
    ],
    "gb18030": ["木制椅子和桌子", "咖啡杯，大号", "这是产品的说明。", "厨房用品套装", "红色的羊毛地毯"],
}


def make_file(names: list[str], rows: int = 30) -> str:
    return "sku,name\n" + "".join(f"A{number},{names[number % len(names)]}\n" for number in range(rows))


def detect(data: bytes) -> str:
    return detect_encoding(io.BytesIO(data)).encoding


@pytest.mark.parametrize("encoding", NAMES)
@pytest.mark.parametrize("rows", [5, 30, 5000])
def test_what_shops_write_in_is_detected(encoding: str, rows: int) -> None:
    data = make_file(NAMES[encoding], rows).encode(encoding)
    assert data.decode(detect(data)) == make_file(NAMES[encoding], rows)


@pytest.mark.parametrize("names", NAMES.values(), ids=list(NAMES))
def test_utf8_is_detected_in_any_language(names: list[str]) -> None:
    assert detect(make_file(names).encode()) == "utf-8"


@pytest.mark.parametrize("data", [b"", b"s", b"sku,name\nA,x\n"], ids=["nothing", "one byte", "ASCII"])
def test_ascii_is_utf8(data: bytes) -> None:
    assert detect(data) == "utf-8"


@pytest.mark.parametrize(
    "data",
    [
        b"sku,name\nA,M\xfcller\n",
        b"sku,name\nA,M\xfcller",
        b"sku,name\nA,x\nB,y\nC,M\xfcller",
        b"sku,name\nA,x\nB,M\xfcller\nC,y\n",
        b"sku,Gr\xfc\xdfe\nA,x\nB,y\n",
    ],
    ids=["only row", "only row without line end", "last row", "a row between", "header"],
)
def test_one_line_is_enough_wherever_it_stands(data: bytes) -> None:
    encoding = detect(data)
    assert encoding != "utf-8"
    assert "ü" in data.decode(encoding)


@pytest.mark.parametrize("padding", [1024 * 1024 - 20, 1024 * 1024, 5 * 1024 * 1024])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_late_first_character_beyond_ascii_is_found(encoding: str, padding: int) -> None:
    data = b"sku,name\n" + b"A,x\n" * (padding // 4) + "B,Müller Stühle\nC,Größe\n".encode(encoding)
    found = detect(data)
    assert data[-40:].decode(found) == data[-40:].decode(encoding)


def test_one_damaged_row_does_not_make_another_encoding() -> None:
    rows = make_file(NAMES["cp1252"]).encode().splitlines(keepends=True)
    rows.insert(7, b"B,M\xfcller\n")
    assert detect(b"".join(rows)) == "utf-8"


@pytest.mark.parametrize("block_border", range(5))
def test_a_character_cut_by_the_end_of_a_block_is_no_fault(block_border: int) -> None:
    filler = b"a," + b"x" * (1024 * 1024 - block_border - 10) + b"\n"
    assert detect(filler + "Ä,雪雪雪\n".encode() * 3) == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_detected_without_a_mark(encoding: str) -> None:
    assert detect("sku,name\nA,Müller\n".encode(encoding)) == encoding


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8-sig", (3, "utf-8")),
        ("utf-16", (2, "utf-16-le")),
        ("utf-32", (4, "utf-32-le")),
        ("utf-8", (0, "")),
    ],
)
def test_byte_order_marks_are_known(encoding: str, found: tuple[int, str]) -> None:
    assert byte_order_mark("sku".encode(encoding)) == found


def test_big_endian_marks_are_known() -> None:
    assert byte_order_mark("\ufeffsku".encode("utf-16-be")) == (2, "utf-16-be")
    assert byte_order_mark("\ufeffsku".encode("utf-32-be")) == (4, "utf-32-be")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("Windows-1252", "cp1252"),
        ("latin1", "iso8859-1"),
        ("Shift_JIS", "shift_jis"),
        ("utf-16", "utf-16"),
        ("ascii", "ascii"),
    ],
)
def test_encodings_are_known_by_their_usual_names(asked: str, name: str) -> None:
    assert canonical_name(asked) == name


@pytest.mark.parametrize(
    "asked",
    [
        *"klingon base64 hex zip bz2 rot13 uu quopri undefined idna punycode raw_unicode_escape".split(),
        *"iso2022_jp iso2022_kr hz utf-7 cp037 cp500 cp864 a\0b é ../x".split(),
        " ",
        "x" * 1000,
    ],
)
def test_what_is_no_encoding_of_files_is_refused(asked: str) -> None:
    with pytest.raises(FileRefusedError, match=r"encoding: .* try 'utf-8'"):
        canonical_name(asked)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_wide_encodings_must_be_rewritten(encoding: str) -> None:
    assert not is_ascii_compatible(canonical_name(encoding))


# Rewriting as UTF-8


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_is_rewritten_whole(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks may end within a character, also within a surrogate pair."""
    monkeypatch.setattr("imports.reading.encodings.BLOCK_BYTES", 3)
    text = "sku,name\r\nA,Müller 雪 😀😀\r\n"
    assert b"".join(utf8_blocks(io.BytesIO(text.encode(encoding)), encoding)) == text.encode()


@pytest.mark.parametrize("data", [b"A\0\n\0\x00\xd8B\0\n\0", b"A\0\n\0\x00\xdcB\0\n\0", b"A\0\n\0B\0\n"])
def test_what_is_damaged_in_wide_text_is_undecodable_in_the_rewriting_too(data: bytes) -> None:
    rewritten = b"".join(utf8_blocks(io.BytesIO(data), "utf-16-le"))
    assert rewritten.startswith(b"A\n")
    assert b"\xff" in rewritten


@hypothesis_settings(max_examples=200)
@given(st.binary(max_size=40), st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]))
def test_any_bytes_can_be_rewritten(data: bytes, encoding: str) -> None:
    b"".join(utf8_blocks(io.BytesIO(data), encoding))


@hypothesis_settings(max_examples=100)
@given(st.binary(max_size=200))
def test_of_any_bytes_an_encoding_is_detected_that_can_be_read(data: bytes) -> None:
    encoding = canonical_name(detect(data))
    data.decode(encoding, "surrogateescape" if is_ascii_compatible(encoding) else "replace")


def test_detection_ends_in_time_and_memory_for_noise() -> None:
    noise = random.Random(1).randbytes(3_000_000)
    assert detect(b"sku,name\n" + noise)


def test_plain_text_is_not_compressed() -> None:
    assert decompressed(io.BytesIO(b"sku,name\n")) is None


@hypothesis_settings(max_examples=300)
@given(st.data())
def test_a_damaged_archive_is_refused_with_a_sentence(data: st.DataObject) -> None:
    archive = bytearray(data.draw(st.sampled_from(archives())))
    for _ in range(data.draw(st.integers(1, 3))):
        archive[data.draw(st.integers(4, len(archive) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(archive[: data.draw(st.integers(len(archive) // 2, len(archive)))])
    try:
        unpacked = decompressed(io.BytesIO(damaged))
        if unpacked is not None:
            b"".join(unpacked_blocks(unpacked))
    except FileRefusedError as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017 - it may also go well


def archives() -> list[bytes]:
    """The same file in every kind of archive that is taken."""
    content = make_file(NAMES["cp1252"]).encode()
    made = [gzip.compress(content, mtime=0)]
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", compression) as archive:
            archive.writestr("products.csv", content)
        made.append(file.getvalue())
    return made


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_twenty_product_names_are_enough_in_any_language(language: Language) -> None:
    for encoding in language.encodings:
        text = "\n".join(language.lines(20, seed=99)) + "\n"
        written = text.encode(encoding, "ignore")
        if written.decode(encoding) == text:
            found = detect_encoding(io.BytesIO(written))
            read = b"".join(utf8_blocks(io.BytesIO(written), found.encoding)).decode()
            assert read == text, encoding


def test_few_characters_make_a_guess_that_is_shown_with_the_words_it_decides() -> None:
    data = "sku,name\nA,Größe L\nB,Töpfe (weiß)\nC,Plain\n".encode("cp1252")
    found = detect_encoding(io.BytesIO(data))
    assert (found.encoding, found.is_guess, found.examples) == ("cp1252", True, ("Größe", "Töpfe", "(weiß)"))


def test_many_characters_are_no_guess() -> None:
    found = detect_encoding(io.BytesIO(make_file(NAMES["cp1252"]).encode("cp1252")))
    assert not found.is_guess


@pytest.mark.parametrize("text", ["sku,name\nA,Plain\n", "sku,name\nA,Größe\n"])
def test_ascii_and_utf_8_are_never_a_guess(text: str) -> None:
    found = detect_encoding(io.BytesIO(text.encode()))
    assert (found.encoding, found.is_guess, found.offer) == ("utf-8", False, "")


def test_text_that_was_encoded_twice_is_recognized_and_can_be_undone() -> None:
    text = make_file(NAMES["cp1252"])
    twice = text.encode().decode("cp1252", "replace").replace("\ufffd", "\x9d").encode()
    found = detect_encoding(io.BytesIO(twice))
    assert (found.encoding, found.offer) == ("utf-8", TWICE_UTF8)
    assert found.examples[0] == "MÃ¼ller"
    assert b"".join(utf8_blocks(io.BytesIO(twice), TWICE_UTF8)).decode() == text


def test_lines_that_were_encoded_once_stay_as_they_are_when_others_are_undone() -> None:
    mixed = "Größe\nGrÃ¶ÃŸe\nplain\n".encode() + b"\xff\n"
    assert b"".join(utf8_blocks(io.BytesIO(mixed), TWICE_UTF8)) == "Größe\nGröße\nplain\n".encode() + b"\xff\n"


def test_what_a_sender_may_ask_for_includes_undoing_the_second_encoding() -> None:
    assert canonical_name(TWICE_UTF8) == TWICE_UTF8
    assert not is_ascii_compatible(TWICE_UTF8)


def test_a_line_of_utf_8_in_a_file_of_another_encoding_is_read_as_utf_8() -> None:
    block = "Größe\n".encode("cp1252") + "Café crème\n".encode() + b"plain\n"
    assert decode_block(block, "cp1252") == ("Größe\nCafé crème\nplain\n", True)


def test_bytes_that_are_no_text_are_kept_and_told() -> None:
    assert decode_block(b"A\xff\n", "utf-8") == ("A\udcff\n", False)
    assert decode_block(b"A\x81\n", "cp1252") == ("A\udc81\n", False)
    assert decode_block("Ä\n".encode() + b"A\x81\n", "cp1252") == ("Ä\nA\udc81\n", False)
