"""The number style: how a file writes its prices, decided from the whole column. Knows no file and no row.

Decided are the decimal sign, the thousands separator and the currency. What the column leaves open stays open: then a
price that can be read in one way only is taken, and one that can be read in two is rejected. So no number is ever read
in two ways within one file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal

from imports.reading.amounts import (
    BLANKS,
    CANONICAL,
    ERROR_VALUES,
    Amount,
    Reading,
    find_amount,
    plain,
)
from imports.reading.currencies import WITHOUT_DECIMALS, Currencies, currencies_of, label_of
from imports.reading.errors import BadValueError, FileRefusedError
from imports.reading.texts import shown
from products.fields import PRICE_DECIMAL_PLACES, PRICE_MAX_DIGITS, strip_all

DECIMAL_SIGNS = {".": "point", ",": "comma"}
THOUSANDS_SEPARATORS = {",": "comma", ".": "point", " ": "space", "'": "apostrophe"}

_OTHER_SIGN = {".": ",", ",": "."}

MAX_WHOLE_DIGITS = PRICE_MAX_DIGITS - PRICE_DECIMAL_PLACES
# What most prices look like, by the decimal sign of the column. Where it is open, one or two digits behind any sign can
# be nothing but decimals.
_WHOLE, _DECIMALS = rf"[0-9]{{1,{MAX_WHOLE_DIGITS}}}", rf"[0-9]{{1,{PRICE_DECIMAL_PLACES}}}"
_IS_PLAIN = {
    sign: re.compile(rf"{_WHOLE}([{signs}]{_DECIMALS})?").fullmatch
    for sign, signs in {".": ".", ",": ",", "": ".,"}.items()
}
_NAME = r"[^\W\d]{2,4}|[$€£¥]"
_SEPARATORS = re.compile("[^0-9]").sub
# A style is decided by nine of ten numbers that show it. Those that do not fit are rejected then.
_MAJORITY = 0.9
# The shapes of numbers that are looked at; a column of prices has some hundred.
_MAX_SHAPES = 2000
_LONGEST_SHAPE = 60


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How the numbers of a column are written.

    Attributes:
        decimal: "." or ","; empty where the column leaves it open.
        thousands: "," "." " " (any space) or "'" (any apostrophe); empty where the column leaves it open.
        currency: its code, or its sign if that may be several currencies; empty where no price has one.
        source: "detected", or "asked" if any of these was.
    """

    decimal: str = ""
    thousands: str = ""
    currency: str = ""
    source: str = "detected"

    def as_json(self) -> dict[str, str]:
        """The style as it is stored on a job."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> NumberStyle:
        """The style that was stored."""
        return cls(**stored)

    @property
    def example(self) -> str:
        """One thousand two hundred thirty-four and a half in this style."""
        thousands = self.thousands if self.decimal or self.thousands in " '" else ""
        amount = f"1{thousands}234{self.decimal or '.'}50"
        return f"{amount} {self.currency}".strip()


def check_number_style(asked: object) -> dict[str, str]:
    """The parts of a number style that a caller gave, checked for their form; raises FileRefusedError."""
    if not isinstance(asked, dict):
        raise FileRefusedError('numbers: must be an object such as {"decimal": ","}.')
    for part, value in asked.items():
        if part not in ("decimal", "thousands", "currency"):
            raise FileRefusedError(f"numbers: '{part}' is not known; there are decimal, thousands and currency.")
        if not isinstance(value, str):
            raise FileRefusedError(f"numbers: '{part}' must be a text.")
        if part == "decimal" and value not in DECIMAL_SIGNS:
            raise FileRefusedError("numbers: decimal must be '.' or ','.")
        if part == "thousands" and value not in ("", *THOUSANDS_SEPARATORS):
            raise FileRefusedError("numbers: thousands must be ',', '.', a space or an apostrophe.")
        if part == "currency" and value and not currencies_of(value):
            raise FileRefusedError(f"numbers: '{shown(value)}' is not a currency; write a code such as EUR.")
    if asked.get("decimal") and asked.get("decimal") == asked.get("thousands"):
        raise FileRefusedError("numbers: decimal and thousands must not be the same.")
    return asked


def with_asked(detected: NumberStyle, asked: Mapping[str, str]) -> NumberStyle:
    """The style `detected`, but for the parts that were `asked` for (see `check_number_style`)."""
    if not asked:
        return detected
    parts = dict(asked)
    if "currency" in parts:
        parts["currency"] = label_of(parts["currency"]) if parts["currency"] else ""
    style = replace(detected, **parts, source="asked")
    if parts.get("thousands") in _OTHER_SIGN:
        return replace(style, decimal=_OTHER_SIGN[style.thousands])
    # What was asked for decides; the other was only detected.
    return replace(style, thousands="") if style.decimal == style.thousands else style


def detect_number_style(values: Sequence[str], hint: str = "") -> NumberStyle:
    """The style of a column of prices by `values`, a sample of it.

    `hint` is the decimal sign that the system that wrote the file always uses; it decides what the values leave open.
    """
    amounts = _amounts(values)
    currency = _currency_of(amounts)
    decimals: Counter[str] = Counter()
    thousands: Counter[str] = Counter()
    for amount, count in amounts:
        if len(amount.readings) == 1:
            (reading,) = amount.readings
            thousands[reading.thousands] += count
            # A point between thousands says as well that the decimal sign is a comma.
            decimals[reading.decimal or _OTHER_SIGN.get(reading.thousands, "")] += count
    del decimals[""], thousands[""]
    decimal = _majority(decimals) or hint
    if not decimal and not decimals:
        decimal = _sign_in_currency_without_decimals(amounts, currency)
    # Of a column that mixes both, or in which the sign itself is not decided, neither separates thousands.
    possible = {",": " '.", ".": " ',", "": " '"}[decimal]
    separator = _majority(Counter({sign: count for sign, count in thousands.items() if sign in possible}))
    return NumberStyle(decimal, separator, currency)


def _majority(counts: Counter[str]) -> str:
    """The sign that nine of ten have; empty if there is none."""
    for sign, count in counts.most_common(1):
        if count >= _MAJORITY * counts.total():
            return sign
    return ""


def _sign_in_currency_without_decimals(amounts: Sequence[tuple[Amount, int]], currency: str) -> str:
    """The decimal sign of a column without decimals, where those of its prices that are open use one sign only.

    "15.000 Fcfa" is fifteen thousand, since there is no smaller unit.
    """
    if not (currency and currencies_of(currency) <= WITHOUT_DECIMALS):
        return ""
    signs = {amount.readings[0].decimal for amount, _ in amounts if len(amount.readings) > 1}
    return _OTHER_SIGN[signs.pop()] if len(signs) == 1 else ""


def _amounts(values: Sequence[str]) -> list[tuple[Amount, int]]:
    """The amounts in `values`, each with how many are like it."""
    # All nines are alike: so the many prices of a column have few shapes, and only these are looked at one by one.
    # Zeros stay, since one in front tells a decimal. The separator is in no value that could be a price.
    text = "\0".join(values)
    for digit in "12345678":
        text = text.replace(digit, "9")
    amounts = []
    for shape, count in Counter(text.split("\0")).most_common(_MAX_SHAPES):
        if len(shape) > _LONGEST_SHAPE:
            continue
        amount = find_amount(_canonical(shape))
        if amount.readings and not amount.is_negative:
            amounts.append((amount, count))
    return amounts


def _currency_of(amounts: Sequence[tuple[Amount, int]]) -> str:
    """The currency that most of the prices have that name one."""
    counts: Counter[str] = Counter()
    for amount, count in amounts:
        if amount.currency:
            counts[label_of(amount.currency)] += count
    found = ""
    for label, _ in counts.most_common():
        # "USD" tells which dollar "$" is; after it, "CAD" is another currency.
        if not found or currencies_of(label) < currencies_of(found):
            found = label
    return found


def _canonical(text: str) -> str:
    return strip_all((text,))[0].translate(CANONICAL).strip()


class PriceReader:
    """Reads the prices of a column in one number style."""

    def __init__(self, style: NumberStyle) -> None:
        # Where commas separate thousands, none is a decimal sign.
        style = replace(style, decimal=style.decimal or _OTHER_SIGN.get(style.thousands, ""))
        self._style = style
        self._currencies: Currencies = currencies_of(style.currency)
        self._is_plain: Callable[[str], object] = _IS_PLAIN[style.decimal]
        self._usual = _usual(style)
        self.read = self._read_with_point if style.decimal == "." else self._read_with_comma

    def _read_with_point(self, texts: Sequence[str]) -> list[Decimal | None]:
        is_plain = self._is_plain
        return [Decimal(text) if is_plain(text) else self._written(text) for text in texts]

    def _read_with_comma(self, texts: Sequence[str]) -> list[Decimal | None]:
        is_plain = self._is_plain
        return [Decimal(text.replace(",", ".")) if is_plain(text) else self._written(text) for text in texts]

    def _written(self, text: str) -> Decimal | None:
        """The price that a person or a spreadsheet wrote, or None from an empty cell. Raises BadValueError."""
        if not text:
            return None
        # What most prices of a column look like that are not plain, in a third of the time.
        if usual := self._usual(text):
            before, whole, decimals, behind = usual.groups()
            if not (before and behind) and self._is_own(before or behind):
                return Decimal(f"{_SEPARATORS('', whole)}.{decimals or ''}")
        return self.read_carefully(text)

    def _is_own(self, name: str | None) -> bool:
        """Whether `name` is the column's currency, or there is none."""
        return not name or (bool(self._currencies) and self._currencies <= currencies_of(name))

    def read_carefully(self, text: str) -> Decimal | None:
        """Read one price by all the rules, of which the other ways to read are short cuts. Raises BadValueError."""
        canonical = _canonical(text)
        if canonical.lower() in BLANKS:
            return None
        if canonical.upper() in ERROR_VALUES:
            raise error_value(text)
        amount = find_amount(canonical)
        if not amount.readings:
            raise BadValueError("not_a_price", f"'{shown(text)}' is not a price such as {self._style.example}.")
        if amount.is_negative:
            raise BadValueError("negative", f"'{shown(text)}' is negative; a price is zero or more.")
        self._check_currency(amount, text)
        return _price(plain(amount.number, self._reading(amount, text)), text)

    def _check_currency(self, amount: Amount, text: str) -> None:
        # One that leaves more open than the column's is the same: "$" in a column of USD.
        if not amount.currencies or (self._currencies and self._currencies <= amount.currencies):
            return
        column = f"in {self._style.currency}" if self._style.currency else "without a currency"
        raise BadValueError(
            "currency",
            f"'{shown(text)}' is in {label_of(amount.currency)}, but the prices of this file are {column}; "
            "a file has one currency.",
        )

    def _reading(self, amount: Amount, text: str) -> Reading:
        """The one way to read `amount` in this column."""
        style = self._style
        if not style.decimal and len(amount.readings) > 1:
            one, other = (plain(amount.number, reading) for reading in amount.readings)
            raise BadValueError(
                "ambiguous",
                f"'{shown(text)}' can be read as {one} or as {other}, and the other prices do not tell which; "
                "write it with two decimals, or say which sign is the decimal sign.",
            )
        for reading in filter(self._fits, amount.readings):
            return reading
        raise BadValueError(
            "number_style",
            f"'{shown(text)}' is not written like the other prices of this file, which look like {style.example}.",
        )

    def _fits(self, reading: Reading) -> bool:
        """Whether the style allows to read a number so."""
        decimal, thousands = self._style.decimal, self._style.thousands
        return _may_be(reading.decimal, decimal, thousands) and _may_be(reading.thousands, thousands, decimal)


def _may_be(sign: str, decided: str, other: str) -> bool:
    """Whether a number may have `sign`, where the column's is `decided` or open, and `other` is a sign for else."""
    return not sign or sign == decided or (not decided and sign != other)


def _usual(style: NumberStyle) -> Callable[[str], re.Match[str] | None]:
    """A search for prices in exactly this style, with a currency before or behind."""
    grouped, decimals = "", "()"
    if style.thousands:
        mark = {" ": r"[ \u00a0\u202f]", "'": "['’]"}.get(style.thousands, re.escape(style.thousands))
        grouped = f"[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}}){{1,2}}|"
    if style.decimal:
        decimals = f"(?:{re.escape(style.decimal)}([0-9]{{1,{PRICE_DECIMAL_PLACES}}}))?"
    pattern = rf"(?:({_NAME})\s?)?({grouped}{_WHOLE}){decimals}(?:\s?({_NAME}))?"
    return re.compile(pattern).fullmatch


def error_value(text: str) -> BadValueError:
    """The error that tells that `text` is what a spreadsheet writes where a formula failed."""
    return BadValueError("error_value", f"'{shown(text)}' is an error of a spreadsheet, not a value.")


def _price(number: str, text: str) -> Decimal:
    """The price that `number` is, which has a decimal point if it has any sign."""
    whole, _, decimals = number.partition(".")
    # Zeros behind the last decimal that a price has are no decimals: 31.400 is 31.40.
    decimals = decimals[:PRICE_DECIMAL_PLACES] + decimals[PRICE_DECIMAL_PLACES:].rstrip("0")
    if len(decimals) > PRICE_DECIMAL_PLACES:
        raise BadValueError(
            "decimals", f"'{shown(text)}' has {len(decimals)} decimals; a price has {PRICE_DECIMAL_PLACES} at most."
        )
    if len(whole.lstrip("0")) > MAX_WHOLE_DIGITS:
        raise BadValueError(
            "too_many_digits", f"'{shown(text)}' is too large; a price has {MAX_WHOLE_DIGITS} digits before the point."
        )
    return Decimal(f"{whole or '0'}.{decimals}")
