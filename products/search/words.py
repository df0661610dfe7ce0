"""What a word is, for the index and for those who search. Knows no database.

A word is a run of letters and digits, in any letter case and without its accents. Scripts that put no spaces between
words (Chinese, Japanese, Thai) give a word for every two characters that follow each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Of a longer word, only this much counts.
WORD_MAX_LENGTH = 60

# Thai, Lao, Myanmar and Khmer; kana; the ideographs with their extensions.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"(?P<unspaced>(?:(?=\w)[{_UNSPACED}])+)|[^\W_{_UNSPACED}]+")
_ASCII_RUN = re.compile(r"[a-z0-9]+")


class _WithoutMarks(dict[int, int | None]):
    """For `str.translate`: takes out accents and other marks; each character is looked up once."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.category(chr(code)).startswith("M") else code
        return self[code]


_without_marks = _WithoutMarks()


def words_of(texts: Iterable[str]) -> set[str]:
    """The words of a product's texts, as the index has them."""
    words: set[str] = set()
    for text in texts:
        if text.isascii():
            words.update(_ASCII_RUN.findall(text.lower()))
        else:
            words.update(_indexed(text))
    return {word[:WORD_MAX_LENGTH] for word in words}


def beginnings_of(search: str) -> list[str]:
    """What the words of a product must begin with, each of these, for `search` to find it."""
    found: dict[str, None] = {}
    for run, is_unspaced in _runs(search):
        pieces = [run[:WORD_MAX_LENGTH]]
        if is_unspaced and len(run) > 1:
            pieces = [run[place : place + 2] for place in range(len(run) - 1)]
        found.update(dict.fromkeys(pieces))
    return list(found)


def matches(beginnings: Iterable[str], words: Iterable[str]) -> bool:
    """Whether each of `beginnings` is one of some word."""
    words = list(words)
    return all(any(word.startswith(beginning) for word in words) for beginning in beginnings)


def _indexed(text: str) -> Iterator[str]:
    for run, is_unspaced in _runs(text):
        if is_unspaced:
            # The last one alone begins a word as well, so that each character can be searched for.
            yield from (run[place : place + 2] for place in range(len(run)))
        else:
            yield run


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """The runs of letters and digits in `text`, and whether each is of a script without spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_without_marks)
    for found in _RUN.finditer(unicodedata.normalize("NFC", plain).casefold()):
        yield found[0], found["unspaced"] is not None
