"""Rows that hold no product: a ruled line, a line of totals. Knows no columns; it goes by what the fields hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from imports.reading.currencies import CODES

_RULE = re.compile(r"[-=_*~+:|–—─═ ]*").fullmatch
# A single hyphen is an empty cell.
_RULED = re.compile(r"([-=_*~+–—─═])\1{2}").search
_LONGEST_RULE = 120
# What is ruled most often, as a whole field has it.
RULES = frozenset(
    f"{begin}{line * length}{end}"
    for line in "-=_*~+–—─═"
    for length in range(1, _LONGEST_RULE)
    for begin, end in (("", ""), ("+", ""), ("+", "+"), ("", "+"), (":", ""), ("", ":"), (":", ":"), ("|", ""))
)

# English, German, French, Spanish, Italian, Dutch, Polish, Portuguese.
_TOTALS = frozenset(
    (
        "total, totals, grand total, subtotal, sub-total, sum, summe, gesamt, gesamtsumme, zwischensumme, insgesamt, "
        "total général, sous-total, somme, total general, suma, totale, somma, subtotale, totaal, totaal generaal, "
        "som, subtotaal, razem, łącznie, soma, total geral"
    ).split(", ")
)
# As a field has them, in lower case.
TOTALS = _TOTALS | {f"{word}{colon}" for word in _TOTALS for colon in (":", " :")}
is_amount = re.compile(r"[^\w]*[0-9][0-9.,'’\s]*[^0-9]{0,5}").fullmatch


def is_separator_row(fields: Sequence[str]) -> bool:
    """Whether the row is a ruled line: `------,------`."""
    return all(map(_RULE, fields)) and any(map(_RULED, fields))


def is_total_row(fields: Sequence[str]) -> bool:
    """Whether the row is a line of totals: a word for it, and besides it numbers, currencies and empty fields only."""
    words = [text for field in fields if (text := field.strip()) and not is_amount(text) and text not in CODES]
    return len(words) == 1 and words[0].casefold() in TOTALS
