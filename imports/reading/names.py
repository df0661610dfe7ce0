"""What a column name means: which field of a product, and how surely; and when two names are the same.

A name is read word by word: "Prix de vente (EUR) TTC" is a price, the one that is sold at, with tax. One word that is
not known makes it another column ("Price group"). Does not know what other columns the file has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from imports.reading import vocabulary
from products.fields import FIELDS

# Longer texts are no names of columns that anybody would recognize.
LONGEST_NAME = 60

# Amazon writes the marketplace and the language into its column names: item_name[language_tag=en_US]#1.value.
_BRACKETS = re.compile(r"\[[^\]]*\]")
_VARIED = str.maketrans("", "", "_-\ufeff\u200b\u200c\u200d\u2060\"'`´‘’‚“”„«»‹›")
_ACCENTS = re.compile("[\u0300-\u036f]+")
# Letters that Unicode does not take apart into a letter and its accent; and the sign in "N°".
_OTHER_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "°": "o"})


def folded(name: str) -> str:
    """`name` as it is compared: without letter case, accents, spaces, _, -, quotes, [brackets], outer # and *."""
    return "".join(_unaccented(_BRACKETS.sub("", name)).casefold().split()).translate(_VARIED).strip("#*")


def _unaccented(text: str) -> str:
    if text.isascii():
        return text
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).translate(_OTHER_LETTERS)


class Standing(IntEnum):
    """How surely a column is the one of its field; of several, the lower wins."""

    PLAIN = 0
    # It is, unless there is a plain one: the short description, the price with or without tax.
    LESSER = 1
    # It may well be; only the sender can say so: the unit price, the sale price.
    ASKED = 2
    # It is something else, that somebody may nevertheless want: the purchase price, the supplier's number.
    UNLIKELY = 3


class Meaning(NamedTuple):
    """The field that a column name tells; of two of the same standing, the one with the lower `order` is the better."""

    field: str
    standing: Standing
    order: int = 0


def meaning(name: str) -> Meaning | None:
    """What `name` tells; None if it tells no field of a product."""
    if len(name) > LONGEST_NAME:
        return None
    # Most texts are ruled out by how they begin, which is a tenth of the work.
    begin = _BEGIN.match(name) if name.isascii() else None
    if begin and begin[1].lower() not in _BEGINNINGS and begin[1][:2].lower() not in _BEGINNINGS:
        return None
    return _meaning(name)


@lru_cache(maxsize=4096)
def _meaning(name: str) -> Meaning | None:
    outside, inside = _words(name)
    if not outside:
        outside, inside = inside, []
    if not outside or len(outside) > _MOST_WORDS:
        return None
    joined = "".join(outside)
    # "S.K.U." is one word.
    found = _PHRASES.get(joined) or _by_words([joined] if joined in _HEADS else outside)
    if not found or not inside:
        return found
    # What stands in brackets makes it less sure, but never something else: "Active (0/1)", "Price (per kg)".
    degrees = [_DEGREES[found.field].get(word, _SURE) for word in inside]
    if len(inside) == 1 and inside[0] in _LANGUAGES:
        degrees.append(_OF_SEVERAL)
    return _of_degree(found.field, max(*degrees, (found.standing, found.order)))


_MOST_WORDS = 8
_BEGIN = re.compile(r"[\W_]*([a-zA-Z0-9]{3})")
_WORD = re.compile(r"[^\W_]+")
_IN_BRACKETS = re.compile(r"[(\[{<]([^)\]}>]*)[)\]}>]?")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def _words(name: str) -> tuple[list[str], list[str]]:
    """The words of `name` outside of brackets, and within."""
    text = _HUMP.sub(" ", _unaccented(name)).casefold().replace("w/o", "without")
    within: list[str] = []
    if any(bracket in text for bracket in "([{<"):
        within = _WORD.findall(" ".join(_IN_BRACKETS.findall(text)))
        text = _IN_BRACKETS.sub(" ", text)
    return [part for word in _WORD.findall(text) for part in _parts(word)], within


@lru_cache(maxsize=4096)
def _parts(word: str) -> tuple[str, ...]:
    """`word`, or the known words that it is put together of: "artikelnummer" is the number of an article."""
    if (
        word in _KNOWN_WORDS
        or not _SHORTEST_JOINED <= len(word) <= _LONGEST_JOINED
        or not _BEGINNINGS.intersection((word[:2], word[:3]))
    ):
        return (word,)
    for end in range(len(word) - 2, 1, -1):
        if word[:end] in _JOINABLE:
            rest = _parts(word[end:])
            if all(part in _JOINABLE for part in rest):
                return (word[:end], *rest)
    return (word,)


def _by_words(words: list[str]) -> Meaning | None:
    """What `words` tell, if all of them are known and they tell one thing."""
    last = words[-1]
    in_language = len(words) > 1 and last in _LANGUAGES and last not in _HEADS
    if in_language:
        words = words[:-1]
    fields = {_HEADS[word] for word in words if word in _HEADS}
    if len(fields) == 1:
        field = fields.pop()
    elif not fields and any(word in _ANY_NUMBER for word in words):
        field = "sku"
    else:
        return None
    degrees = _DEGREES[field]
    if not all(word in degrees for word in words):
        return None
    worst = max(degrees[word] for word in words)
    if field == "sku":
        worst = max(worst, _degree_of_number(words))
    return _of_degree(field, max(worst, _OF_SEVERAL) if in_language else worst)


def _degree_of_number(words: list[str]) -> tuple[Standing, int]:
    """A number is a SKU by the word for it, or as the number of a thing; otherwise it is just some number."""
    if any(_HEADS.get(word) == "sku" for word in words):
        return _SURE
    is_of_thing = any(word in _THINGS for word in words) and any(word in _NUMBERS for word in words)
    return _SURE if is_of_thing else (Standing.ASKED, 0)


def _of_degree(field: str, degree: tuple[Standing, int]) -> Meaning:
    return Meaning(field, *degree)


_SURE = (Standing.PLAIN, 0)
# In one of several languages: the plain one is better.
_OF_SEVERAL = (Standing.LESSER, 5)
_SHORTEST_JOINED, _LONGEST_JOINED = 4, 40


def _listed(words: str, separator: str | None = None) -> Iterator[str]:
    """The words of a list in the form of `_words`, those with umlauts also as they are written without."""
    for word in words.split(separator):
        for spelled in {word, word.translate(_UMLAUTS_SPELLED)}:
            yield _unaccented(spelled.strip()).casefold()


_UMLAUTS_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _degrees(field: str) -> dict[str, tuple[Standing, int]]:
    """What each word that may stand in a name of `field` makes of it."""
    harmless = [vocabulary.LINKS, vocabulary.REMARKS, vocabulary.THINGS, vocabulary.HEADS[field]]
    degrees = dict.fromkeys(_listed(" ".join(harmless)), _SURE)
    for words, standing, order in _MODIFIERS[field]:
        degrees |= dict.fromkeys(_listed(words), (standing, order))
    return degrees


_MODIFIERS: dict[str, list[tuple[str, Standing, int]]] = {
    "sku": [
        (vocabulary.OTHER_NUMBERS, Standing.ASKED, 1),
        (vocabulary.NUMBERS, Standing.PLAIN, 0),
        (vocabulary.OTHERS, Standing.UNLIKELY, 0),
    ],
    "name": [
        (vocabulary.LONG, Standing.PLAIN, 0),
        (vocabulary.SHORT, Standing.LESSER, 0),
    ],
    "description": [
        (vocabulary.LONG, Standing.PLAIN, 0),
        (f"{vocabulary.SHORT} {vocabulary.LESSER_HEADS['description']}", Standing.LESSER, 0),
    ],
    "price": [
        (f"{vocabulary.PLAIN_PRICES} {vocabulary.TAXES} {vocabulary.CURRENCIES}", Standing.PLAIN, 0),
        (vocabulary.GROSS, Standing.LESSER, 0),
        (vocabulary.NET, Standing.LESSER, 1),
        (f"{vocabulary.LISTED_PRICES} {vocabulary.LESSER_HEADS['price']}", Standing.LESSER, 2),
        (vocabulary.UNIT_PRICES, Standing.ASKED, 0),
        (vocabulary.SALE_PRICES, Standing.ASKED, 1),
        (vocabulary.OTHER_PRICES, Standing.UNLIKELY, 0),
        (vocabulary.COST_PRICES, Standing.UNLIKELY, 1),
    ],
    "is_active": [
        (vocabulary.IS, Standing.PLAIN, 0),
        (vocabulary.LESSER_HEADS["is_active"], Standing.LESSER, 0),
    ],
}
_HEADS = {word: field for field, words in vocabulary.HEADS.items() for word in _listed(words)}
_THINGS = frozenset(_listed(vocabulary.THINGS))
_NUMBERS = frozenset(_listed(vocabulary.NUMBERS))
_ANY_NUMBER = _NUMBERS | frozenset(_listed(vocabulary.OTHER_NUMBERS))
_LANGUAGES = frozenset(_listed(vocabulary.LANGUAGES))
_DEGREES = {field: _degrees(field) for field in FIELDS}
_KNOWN_WORDS = frozenset().union(*_DEGREES.values())
# Shorter words would be found by chance in any other.
_JOINABLE = {word for word in _KNOWN_WORDS if len(word) > 2} | {"is", "nr", "no", "vk", "ek"}
# Those of longer words by three letters: "it" is one, and the rest of an "item" may follow.
_BEGINNINGS = {word[:3] for word in _KNOWN_WORDS}
_PHRASES = {
    phrase.replace(" ", ""): Meaning(field, standing)
    for phrases, standing in ((vocabulary.PHRASES, Standing.PLAIN), (vocabulary.ASKED_PHRASES, Standing.ASKED))
    for field, listed in phrases.items()
    for phrase in _listed(listed, ",")
}
