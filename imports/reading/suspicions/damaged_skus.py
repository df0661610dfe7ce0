"""Damaged SKUs that fall together: which rows of a file are rejected, since nobody knows what their SKUs were.

Found once, when the file is opened, and kept with the job: so every lane and every chunk rejects the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from imports.reading.suspicions.sample import Found, Sample, found_text
from imports.reading.suspicions.spreadsheet_forms import FORMS, ByteScan, Judge, has_form
from products.fields import normalize_sku, strip_all

# More of a form are not kept one by one: then all SKUs in this form are rejected.
MOST_KEPT = 5000
# The same holds for those of which only the number of rows is counted.
MOST_COUNTED = 100_000
# Of so many rows, examples are taken.
_MOST_SHOWN = 50
_BLOCK_BYTES = 1024 * 1024

_TOLD = {
    "scientific": (
        "look like scientific notation",
        "A spreadsheet seems to have taken long numbers for amounts, and their last digits are lost.",
    ),
    "date": ("look like dates", "A spreadsheet seems to have taken SKUs for dates."),
}


@dataclass(frozen=True, slots=True)
class DamagedSkus:
    """The normalized SKUs whose rows are rejected, and the forms of which all are, since there are too many to name."""

    skus: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.skus or self.forms)

    def __contains__(self, sku: str) -> bool:
        return sku in self.skus or has_form(sku, self.forms)

    def __or__(self, other: DamagedSkus) -> DamagedSkus:
        return DamagedSkus(self.skus | other.skus, self.forms | other.forms)

    def is_disjoint(self, skus: Sequence[str]) -> bool:
        """Whether none of `skus` is one."""
        return self.skus.isdisjoint(skus) and not (self.forms and any(sku in self for sku in skus))

    def as_json(self) -> dict[str, list[str]]:
        """As it is stored on a job; empty if there are none."""
        return {"skus": sorted(self.skus), "forms": sorted(self.forms)} if self else {}

    @classmethod
    def from_json(cls, stored: Mapping[str, Sequence[str]]) -> DamagedSkus:
        """What was stored."""
        return cls(frozenset(stored.get("skus", ())), frozenset(stored.get("forms", ())))


NO_DAMAGE = DamagedSkus()


@dataclass(slots=True)
class _OfForm:
    """The damaged SKUs of one form: the first of them, how many rows there are in all, and how many of each SKU."""

    first: list[Found] = field(default_factory=list)
    count: int = 0
    rows: Counter[str] = field(default_factory=Counter)

    def add(self, line: int, sku: str) -> None:
        self.count += 1
        if len(self.first) < _MOST_SHOWN:
            self.first.append(Found(line, sku))
        if len(self.rows) <= MOST_COUNTED:
            self.rows[normalize_sku(sku)] += 1


class DamageFound:
    """The damaged SKUs among the rows that were added, as `judge` tells them; in bounded memory."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._forms = {form: _OfForm() for form in FORMS}

    def add(self, lines: Iterable[int], skus: Sequence[str]) -> None:
        """Look at more rows: the numbers of their lines, and their SKUs."""
        for line, sku in zip(lines, strip_all(skus), strict=True):
            if form := self.judge.damage(sku):
                self._forms[form].add(line, sku)

    def falling_together(self, least: int) -> DamagedSkus:
        """The SKUs of `least` rows or more."""
        damaged = NO_DAMAGE
        for form, found in self._forms.items():
            skus = frozenset(sku for sku, count in found.rows.items() if count >= least)
            are_too_many = len(skus) > MOST_KEPT or len(found.rows) > MOST_COUNTED
            damaged |= DamagedSkus(forms=frozenset((form,))) if are_too_many else DamagedSkus(skus)
        return damaged

    def warnings(self, rejected: DamagedSkus, scope: str) -> list[str]:
        """A sentence or two for each form."""
        return [_warning(form, found, rejected, scope) for form, found in self._forms.items() if found.count]


def _warning(form: str, found: _OfForm, rejected: DamagedSkus, scope: str) -> str:
    looks, cause = _TOLD[form]
    count = found.count if form in rejected.forms else sum(found.rows[sku] for sku in rejected.skus)
    several = ""
    if count:
        rows = "1 of these rows is" if count == 1 else f"{count:,} of these rows are"
        several = f" {rows} rejected, since several rows have the same damaged SKU."
    more = found.count - len(found.first)
    return (
        f"SKUs {looks}: {found_text(found.first, scope, more=more)}. {cause}{several} "
        "Export the file again with the SKU column as text."
    )


def damage_of_sample(sample: Sample) -> DamageFound:
    """What is damaged among the rows of a sample."""
    skus = sample.values("sku")
    found = DamageFound(Judge(skus))
    found.add(sample.lines, skus)
    return found


def may_be_damaged(stream: BinaryIO, position: int, delimiter: str) -> bool:
    """Whether a damaged SKU may be anywhere in the file `stream`, whose SKUs are in the column at `position`."""
    scan = ByteScan(position, delimiter)
    stream.seek(0)
    rest = b"\n"
    while block := stream.read(_BLOCK_BYTES):
        if b"\n" not in block:
            block = block.replace(b"\r", b"\n")
        if scan.finds(rest + block):
            return True
        # What begins within a block may end in the next.
        rest = block[max(block.rfind(b"\n"), len(block) - _BLOCK_BYTES // 8) :]
    return False
