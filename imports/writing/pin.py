"""What an import may write that was approved by a check: what the check has shown, and nothing else.

Whatever has changed a product after the check began, has a later record in the history. Only of such products is
looked up what was shown; all others are as they were, and so is what the same rows do to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imports.models import DryRunSku
from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found
from imports.writing.check import restored
from imports.writing.holding import change_of
from imports.writing.later import LaterChanges
from imports.writing.plan import Change, Held, Plan
from imports.writing.proposals import shown_at
from products.history.records import CHANGED, CREATED, KEPT, Record


class Pin:
    """Holds the rows of one import to what its check has shown."""

    def __init__(self, job_id: int, check_id: int, checked_from: int, fields: tuple[str, ...]) -> None:
        self._check_id = check_id
        self._fields = fields
        self._later = LaterChanges(checked_from, {job_id})

    def is_quiet(self) -> bool:
        """Whether nobody else has changed any product since the check began."""
        return self._later.is_quiet()

    def held(self, rows: Sequence[CleanRow], plan: Plan, found: Found, constants: Mapping[str, Any]) -> list[Held]:
        """Those of `rows` of which `plan` would make something else than was shown, by what was `found`.

        All rows of one SKU are held together. Where it has several, it is what its product was before them that
        counts. `constants` are what new products have besides.
        """
        suspects = self._later.suspects({row.sku_normalized for row in rows}, found)
        if not suspects:
            return []
        suspected = [row for row in rows if row.sku_normalized in suspects]
        records = shown_at(self._check_id, {row.line for row in suspected})
        last = {row.sku_normalized: row for row in suspected}
        seen = self._seen(suspects)
        held: dict[str, tuple[Change | None, Change | None]] = {}
        for sku, row in last.items():
            planned = plan.create.get(sku) or plan.update.get(sku)
            now = change_of(self._fields, planned, found.values.get(sku), constants) if planned else None
            record = records.get((planned or row).line)
            shown = _shown(record) if record else None
            is_altered = found.values.get(sku) != seen[sku] if sku in seen else now != shown
            if is_altered:
                held[sku] = shown, now
        return [Held(row, *held[row.sku_normalized]) for row in suspected if row.sku_normalized in held]

    def _seen(self, skus: set[str]) -> dict[str, tuple[Any, ...] | None]:
        """What the check saw of those products that several rows write, before the first of them; None if nothing."""
        listed = DryRunSku.objects.filter(job=self._check_id, sku_normalized__any_of=skus, left__isnull=False)
        return {
            each.sku_normalized: None if each.seen is None else restored(self._fields, each.seen)
            for each in listed.iterator(chunk_size=2000)
        }


def _shown(record: Record) -> Change:
    if record.kind == CREATED:
        return CREATED, {}, {**dict.fromkeys(KEPT), **record.after}
    return CHANGED, record.before, record.after
