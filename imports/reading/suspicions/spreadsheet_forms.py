"""The forms that a spreadsheet gives to SKUs that it takes for numbers or dates: `1.23E+12`, `01-Mar`.

What it was before is lost: different SKUs become one. Whether a value is damaged is judged by the column. A SKU of
the same shape as others that are certainly none (`Mar-01` among `Tab-01` and `Sof-02`) is one of its own kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

# As spreadsheets abbreviate months in English and German, which begin with a capital, and in French, Spanish,
# Italian, Dutch, Polish and Portuguese, which do not. SKUs are rarely written so.
_CAPITAL = "Jan Feb Mar Mär Mrz Apr May Mai Jun Jul Aug Sep Sept Oct Okt Nov Dec Dez"
_SMALL = (
    "jan janv ene gen sty feb févr fev lut mar mars mrt apr avr abr kwi may mai mag mei maj jun juin giu cze jul juil "
    "lug lip aug août ago sie sep sept set wrz oct okt ott out paź nov lis dec déc dic dez gru"
)
_MONTH = rf"(?:{'|'.join(sorted({*_CAPITAL.split(), *_SMALL.split()}, key=len, reverse=True))})"
_YEAR = r"(?:19|20)[0-9]{2}"
_DAY, _MONTH_NUMBER = r"(?:0?[1-9]|[12][0-9]|3[01])", r"(?:0?[1-9]|1[0-2])"

# With the sign that spreadsheets and most programs write; Java leaves it out, but always has decimals.
_SCIENTIFIC = r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}|[0-9][.,][0-9]+[eE](?:-[0-9]{2,3}|[0-9]{1,2})"
_DATE = (
    rf"{_DAY}(?:-|/|\.|\.? ){_MONTH}\.?(?:[-/. ](?:{_YEAR}|[0-9]{{2}}))?"
    rf"|{_MONTH}\.?[-/. ](?:{_YEAR}|[0-9]{{2}})"
    rf"|{_DAY}([./-]){_MONTH_NUMBER}\1{_YEAR}|{_MONTH_NUMBER}/{_DAY}/{_YEAR}"
    rf"|{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?:[ T]00:00(?::00)?)?"
)
FORMS = {"scientific": _SCIENTIFIC, "date": _DATE}
_matches = {form: re.compile(pattern).fullmatch for form, pattern in FORMS.items()}
_matches_normalized = {form: re.compile(pattern, re.IGNORECASE).fullmatch for form, pattern in FORMS.items()}

_ASCII_MONTHS = "|".join(month for month in {*_CAPITAL.split(), *_SMALL.split()} if month.isascii())
# The others, with their one letter in any encoding.
_BYTE_MONTHS = rf"(?:{_ASCII_MONTHS}|M__r|f__vr?|d__c|ao__t|pa__)".replace("__", r"[^\0-\x7f]{1,2}")
# Found by its plus sign, of which there are few.
_SCIENTIFIC_BYTES = re.compile(rb"\+(?<=[0-9][eE]\+)[0-9][0-9]").search
# How a field with a date begins; a small letter comes second in months, and in few SKUs.
_DATE_BEGINS = (
    rf"\"?(?:[0-9]{{1,2}}(?:[-/.]|\.? )(?:{_BYTE_MONTHS}|[0-9]{{1,2}}[-/.]{_YEAR})|{_YEAR}-[01][0-9]-[0-3][0-9]"
    rf"|(?=.[^A-Z0-9]){_BYTE_MONTHS}\.?[-/. ][0-9])"
)

_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")


def form_of(sku: str) -> str:
    """The form in `FORMS` that `sku` has; empty if it has none."""
    # None is shorter.
    if len(sku) < 4:
        return ""
    return next((form for form, matches in _matches.items() if matches(sku)), "")


def has_form(normalized_sku: str, forms: Iterable[str]) -> bool:
    """Whether the SKU that was normalized to `normalized_sku` may have had one of `forms`."""
    return any(_matches_normalized[form](normalized_sku) for form in forms)


def shape_of(sku: str) -> str:
    """`sku` with letters and digits for what they are: small or large letters, and numbers."""
    return _DIGITS.sub("9", _LETTERS.sub(_case, sku))


def _case(letters: re.Match[str]) -> str:
    text = letters[0]
    if text.isupper():
        return "A"
    return "a" if text.islower() else "Aa"


class Judge:
    """Tells damaged SKUs from a column's own, by the SKUs of a sample."""

    def __init__(self, skus: Sequence[str]) -> None:
        self._skus = skus
        self._natural: dict[str, bool] = {}
        self._shapes: tuple[Counter[str], Counter[str]] | None = None

    def damage(self, sku: str) -> str:
        """The form that `sku` was given by a spreadsheet; empty if it seems to be as it was."""
        form = form_of(sku)
        if not form:
            return ""
        shape = shape_of(sku)
        if shape not in self._natural:
            self._natural[shape] = self._is_natural(shape)
        return "" if self._natural[shape] else form

    def _is_natural(self, shape: str) -> bool:
        """Whether at least as many SKUs of this shape are certainly no number and no date."""
        if self._shapes is None:
            self._shapes = Counter(), Counter()
            for sku in self._skus:
                self._shapes[bool(form_of(sku))][shape_of(sku)] += 1
        others, damaged = self._shapes
        return others[shape] > 0 and others[shape] >= damaged[shape]


class ByteScan:
    """Whether the bytes of a file may hold a damaged SKU in the column at `position`, much faster than by its records.

    What it finds may be none, as their reader then tells. It does not find scientific notation without a plus sign,
    which only the sample shows.
    """

    def __init__(self, position: int, delimiter: str) -> None:
        sign = re.escape(delimiter)
        before = rf'(?:"[^"\n]*"{sign}|[^"{sign}\n]*{sign}){{{position}}}' if position else ""
        self._searches = [_SCIENTIFIC_BYTES, re.compile(f"\n{before}{_DATE_BEGINS}".encode()).search]

    def finds(self, block: bytes) -> bool:
        """Whether there may be one in `block`, which begins in front of a line end."""
        return any(search(block) for search in self._searches)
