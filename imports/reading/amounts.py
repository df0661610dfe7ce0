"""The amount: a number with what people write around it, and how it can be read. Does not know the column it is from.

`1,125` can be read in two ways, `1,125.50` in one, `1,12,5` in none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from imports.reading.currencies import Currencies, currencies_of, is_abbreviation

# How an empty cell is written where all others hold a number.
BLANKS = frozenset(("", "-", "–", "—", "--", "n/a", "na", "n.a."))
# What spreadsheets write where a formula failed, in the languages of the importer's users.
ERROR_VALUES = frozenset(
    (
        "#N/A #REF! #DIV/0! #VALUE! #NAME? #NUM! #NULL! #SPILL! #CALC! #NV #BEZUG! #WERT! #ZAHL! #VALEUR! #NOM? "
        "#NOMBRE! #N/D #RIF! #VALORE! #NOME? #NOMBRE? #¡REF! #¡VALOR! #¿NOMBRE? #¡NUM! #¡DIV/0! #VALOR! #WAARDE! "
        "#VERW! #NAAM? #GETAL! #DEEL/0! #N/B #ADR! #ARG! #NAZWA? #LICZBA! #DZIEL/0!"
    ).split()
)

MINUS_SIGNS = "-−–"
# All spaces are one separator, and all apostrophes.
CANONICAL = str.maketrans(dict.fromkeys("\t\u00a0\u2007\u2009\u202f", " ") | dict.fromkeys("’ʼ´`", "'"))

_NUMBER = re.compile("[0-9](?:.*[0-9])?", re.DOTALL)
# "5,-" is five, as "5,00" is.
_TAIL = re.compile(r"([.,])(?:[-–—]{1,2}|(?![^ ]))(.*)", re.DOTALL).fullmatch
# Groups of three digits, or as in India of two before the last three; and no zero before them: "0,500" is a half.
_GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(?:(?P<mark>[,.' ])[0-9]{3})(?:(?P=mark)[0-9]{3})*(?:(?!(?P=mark))(?P<decimal>[.,])[0-9]*)?"
    r"|[1-9][0-9]?(?P<lakh>,)(?:[0-9]{2},)+[0-9]{3}(?:(?P<point>\.)[0-9]*)?"
).fullmatch
_DECIMAL = re.compile(r"[0-9]+(?:(?P<decimal>[.,])[0-9]*)?|(?P<first>[.,])[0-9]+").fullmatch
# No currency has a longer name, and no longer text is to be kept in a cache.
_LONGEST_NAMES = 30


class Reading(NamedTuple):
    """One way to read a number: its decimal sign and its thousands separator, each empty if it has none."""

    decimal: str
    thousands: str


class Amount(NamedTuple):
    """A number and its currency; `readings` are the ways to read it, none if it is no amount.

    `currency` is as it was written, and `currencies` what that may stand for.
    """

    number: str = ""
    readings: tuple[Reading, ...] = ()
    currency: str = ""
    currencies: Currencies = frozenset()
    is_negative: bool = False


NO_AMOUNT = Amount()


def find_amount(text: str) -> Amount:
    """The amount that `text` holds, which has nothing invisible around it and is translated by `CANONICAL`."""
    match = _NUMBER.search(text)
    if not match:
        return NO_AMOUNT
    before, number, behind = text[: match.start()], match[0], text[match.end() :]
    if len(before) + len(behind) > _LONGEST_NAMES:
        return NO_AMOUNT
    if before.endswith((".", ",")) and not is_abbreviation(before.strip(MINUS_SIGNS + " ")):
        before, number = before[:-1], before[-1] + number
    if tail := _TAIL(behind):
        number, behind = number + tail[1], tail[2]
    readings = readings_of(number)
    before, is_negative = _without_minus(before)
    found = _currency(before.strip(), behind.strip())
    if not readings or found is None:
        return NO_AMOUNT
    return Amount(number, readings, *found, is_negative)


def _without_minus(before: str) -> tuple[str, bool]:
    """What stands before a number, without the minus sign: "-€" as well as "€ -"."""
    stripped = before.strip()
    for sign in MINUS_SIGNS:
        if stripped.startswith(sign):
            return stripped[1:], True
        if stripped.endswith(sign):
            return stripped[:-1], True
    return stripped, False


@lru_cache(maxsize=256)
def _currency(before: str, behind: str) -> tuple[str, Currencies] | None:
    """The currency named before or behind a number, or in both places ("$5.00 USD"); None if that is no currency."""
    written = [name for name in (before, behind) if name]
    found = [currencies_of(name) for name in written]
    if not found:
        return "", frozenset()
    if len(found) == 2 and (not found[0] & found[1] or before.casefold() == behind.casefold()):
        return None
    name, currencies = min(zip(written, found, strict=True), key=lambda pair: len(pair[1]))
    return (name, currencies) if currencies else None


def readings_of(number: str) -> tuple[Reading, ...]:
    """The ways to read `number`, which begins and ends with a digit or a decimal sign."""
    return tuple(_readings(number))


def _readings(number: str) -> Iterator[Reading]:
    if match := _DECIMAL(number):
        yield Reading(match["decimal"] or match["first"] or "", "")
    if match := _GROUPED(number):
        yield Reading(match["decimal"] or match["point"] or "", match["mark"] or match["lakh"])


def plain(number: str, reading: Reading) -> str:
    """`number` in that reading, with a decimal point and without separators."""
    if reading.thousands:
        number = number.replace(reading.thousands, "")
    return number.replace(reading.decimal, ".") if reading.decimal else number
