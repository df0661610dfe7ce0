"""Rows that are not written: who decides that, as a writer asks, and what such a row would do to its product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found
from imports.writing.plan import Change, Held, Plan
from products.history.records import CHANGED, CREATED, KEPT


class Holder(Protocol):
    """Says which rows of an import are held."""

    def is_quiet(self) -> bool:
        """Whether none can be, since nobody else has changed any product."""

    def held(self, rows: Sequence[CleanRow], plan: Plan, found: Found, constants: Mapping[str, Any]) -> list[Held]:
        """Those of `rows`, of which `plan` was made by what was `found`.

        `constants` are what new products have besides.
        """


def change_of(
    fields: tuple[str, ...], row: CleanRow, before: tuple[Any, ...] | None, constants: Mapping[str, Any]
) -> Change:
    """What a planned `row` makes of a product that has these values, if there is one."""
    if before is None:
        return CREATED, {}, {**dict.fromkeys(KEPT), **constants, **dict(zip(fields, row.values, strict=True))}
    differing = [at for at, (old, new) in enumerate(zip(before, row.values, strict=True)) if old != new]
    names = [fields[at] for at in differing]
    return (
        CHANGED,
        dict(zip(names, (before[at] for at in differing), strict=True)),
        dict(zip(names, (row.values[at] for at in differing), strict=True)),
    )
