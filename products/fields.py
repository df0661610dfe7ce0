"""The fields of a product, their limits, and when two SKUs are the same. Knows no database and no model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# What an import can write, in the order in which files, exports and rows have them.
FIELDS = ("sku", "name", "description", "price", "is_active")

SKU_MAX_LENGTH = 100
# One character becomes three at most when a SKU is normalized: "ﬃ" is "ffi" with its case folded, and some characters
# are three when they are decomposed. Greek vowels with three marks would be four; two of these are composed again.
SKU_NORMALIZED_MAX_LENGTH = 3 * SKU_MAX_LENGTH
NAME_MAX_LENGTH = 255
DESCRIPTION_MAX_LENGTH = 100_000
PRICE_MAX_DIGITS = 12
PRICE_DECIMAL_PLACES = 2

# What copying from web pages and spreadsheets leaves around a text without anybody seeing it: soft hyphen, zero-width
# characters, marks of the writing direction, byte order mark.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# The last white space of Unicode is U+3000.
_OUTER = INVISIBLE + "".join(filter(str.isspace, map(chr, range(0x3001))))
# Line and paragraph separators are none by their category, but no less out of place in a SKU.
CONTROL_CHARACTER = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
# What no database takes in a text: NUL, and halves of characters, which stand for undecodable bytes as well (PEP 383).
UNSTORABLE_CHARACTER = re.compile("[\0\ud800-\udfff]")
_ASCII_CONTROL_CHARACTERS = bytes((*range(0x20), 0x7F))


def has_control_character(text: str) -> bool:
    """Whether there are control characters in `text`, which no SKU may have."""
    if not text.isascii():
        return bool(CONTROL_CHARACTER.search(text))
    # A fifth of the time that the search takes, or `isprintable`.
    encoded = text.encode()
    return len(encoded.translate(None, _ASCII_CONTROL_CHARACTERS)) < len(encoded)


def has_invisible(text: str) -> bool:
    """Whether there are invisible characters in `text`, other than white space."""
    return not text.isascii() and any(character in text for character in INVISIBLE)


def strip_all(texts: Iterable[str]) -> list[str]:
    """Each of `texts` without the white space (of any kind) and the invisible characters around it."""
    stripped = list(map(str.strip, texts))
    if not has_invisible("".join(stripped)):
        return stripped
    return [text.strip(_OUTER) for text in stripped]


def normalize_sku(sku: str) -> str:
    """The form of `sku` in which two spellings of one SKU are equal.

    Without white space and invisible characters around it, the case folded, and composed: an Ü is one character,
    whether it was written as one or as a U and two dots (Unicode, section 3.13, canonical caseless matching).
    """
    return normalize_skus((sku,))[0]


def normalize_skus(skus: Iterable[str]) -> list[str]:
    """That form of each of `skus`, which for many takes a third of the time."""
    stripped = list(map(str.strip, skus))
    everything = "\n".join(stripped)
    if everything.isascii():
        # All in one go, unless a SKU has a line break in it.
        folded = everything.casefold().split("\n")
        return folded if len(folded) == len(stripped) else list(map(str.casefold, stripped))
    return [sku.casefold() if sku.isascii() else _matched(sku) for sku in strip_all(stripped)]


def _matched(sku: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", sku).casefold())
