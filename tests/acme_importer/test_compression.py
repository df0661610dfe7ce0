"""Texts that are kept compressed."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acme_importer.compression import compressed, decompressed

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, st.integers(1, 20_000))
def test_a_text_comes_back(text: str, times: int) -> None:
    assert decompressed(compressed(text * times)) == text * times


@given(TEXTS)
def test_texts_of_earlier_versions_are_read(text: str) -> None:
    assert decompressed(zlib.compress(text.encode(), 1)) == text


def test_it_is_as_small_as_zlib_makes_it() -> None:
    text = "\0".join(f"VAS-{number * 7919:08X}\0{number % 977}.90" for number in range(500))

    assert len(compressed(text)) <= len(zlib.compress(text.encode(), 1)) * 1.05


def test_a_damaged_text_is_no_text() -> None:
    data = bytearray(compressed("Lamp" * 100))
    data[-1] ^= 1

    with pytest.raises(zlib.error):
        decompressed(bytes(data))
