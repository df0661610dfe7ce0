"""Rows that hold no product: a ruled line, a line of totals. Knows no columns; it goes by what the fields hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

_RULE = re.compile(r"[-=_*~+:|–—─═ ]*").fullmatch
# A single hyphen is an empty cell.
_RULED = re.compile(r"([-=_*~+–—─═])\1{2}").search

# English, German, French, Spanish, Italian, Dutch, Polish, Portuguese.
_TOTALS = frozenset(
    (
        "total, totals, grand total, subtotal, sub-total, sum, summe, gesamt, gesamtsumme, zwischensumme, insgesamt, "
        "total général, sous-total, somme, total general, suma, totale, somma, subtotale, totaal, totaal generaal, "
        "som, subtotaal, razem, łącznie, soma, total geral"
    ).split(", ")
)
_AMOUNT = re.compile(r"[^\w]*[0-9][0-9.,'’\s]*[^0-9]{0,5}").fullmatch


def is_separator_row(fields: Sequence[str]) -> bool:
    """Whether the row is a ruled line: `------,------`."""
    return all(map(_RULE, fields)) and any(map(_RULED, fields))


def is_total_row(fields: Sequence[str]) -> bool:
    """Whether the row is a line of totals: a word for it, and besides it numbers and empty fields only."""
    words = [text for field in fields if (text := field.strip()) and not _AMOUNT(text)]
    return len(words) == 1 and words[0].rstrip(":").rstrip().casefold() in _TOTALS
