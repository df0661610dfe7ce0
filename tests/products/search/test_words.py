"""What is a word: in any letter case, without accents, and of scripts without spaces every two characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.search.words import WORD_MAX_LENGTH, beginnings_of, matches, words_of


def finds(search: str, text: str) -> bool:
    return matches(beginnings_of(search), words_of([text]))


@pytest.mark.parametrize(
    ("search", "text"),
    [
        ("lamp", "Desk LAMP"),
        ("la", "Desk lamps"),
        ("lamp-1", "LAMP-1"),
        ("lamp 1", "LAMP-10/b"),
        ("strasse", "Straße"),
        ("STRAßE", "strasse"),
        ("uber", "Über"),
        ("über", "Uber"),
        ("café", "cafe\u0301"),
        ("abc", "ＡＢＣ"),
        ("efficient", "eﬃcient"),
        ("İstanbul", "istanbul"),
        ("москва", "МОСКВА"),
        ("日本", "日本語の本"),
        ("本語", "日本語"),
        ("語", "日本語"),
        ("ガラス", "耐熱ガラス製"),
        ("ไทย", "ภาษาไทย"),
        ("한국", "한국어"),
        ("snake", "snake_case"),
        ("case", "snake_case"),
        ("½", "1/2"),
    ],
)
def test_it_is_found(search: str, text: str) -> None:
    assert finds(search, text)


@pytest.mark.parametrize(
    ("search", "text"),
    [
        ("amp", "lamp"),
        ("lamps", "lamp"),
        ("desk chair", "desk lamp"),
        ("本日", "日本"),
        ("日語", "日本語"),
        ("lamp-1", "lamp"),
    ],
)
def test_it_is_not_found(search: str, text: str) -> None:
    assert not finds(search, text)


@pytest.mark.parametrize("search", ["", " ", "%", "***", '"', "-_-", "…", "\u200b", "´`"])
def test_there_may_be_no_word(search: str) -> None:
    assert beginnings_of(search) == []


def test_of_a_long_word_only_the_beginning_counts() -> None:
    text = "x" * 500
    assert words_of([text]) == {"x" * WORD_MAX_LENGTH}
    assert finds("x" * 100, text)


@given(st.text())
def test_every_text_is_found_by_itself_in_upper_case_and_decomposed(text: str) -> None:
    for spelling in (text, text.casefold(), unicodedata.normalize("NFD", text)):
        assert matches(beginnings_of(spelling), words_of([text]))


@given(st.text())
def test_a_word_holds_nothing_that_a_database_could_take_for_syntax(text: str) -> None:
    for word in [*words_of([text]), *beginnings_of(text)]:
        assert word
        assert all(character.isalnum() for character in word)
