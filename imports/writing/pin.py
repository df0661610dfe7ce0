"""What an import may write that was approved by a check: what the check has shown, and nothing else.

Whatever has changed a product after the check began, has a later record in the history. Only of such products is
looked up what was shown; all others are as they were, and so is what the same rows do to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imports.models import DryRunSku
from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found
from imports.writing.check import restored
from imports.writing.plan import Change, Held, Plan
from imports.writing.proposals import shown_at
from products.history.models import PLACES, ChangeSet, Farewell
from products.history.records import CHANGED, CREATED, KEPT, Record


class Pin:
    """Holds the rows of one import to what its check has shown."""

    def __init__(self, job_id: int, check_id: int, checked_from: int, fields: tuple[str, ...]) -> None:
        self._job_id = job_id
        self._check_id = check_id
        self._checked_from = checked_from
        self._fields = fields

    def is_quiet(self) -> bool:
        """Whether nobody else has changed any product since the check began."""
        return not self._later_sets().exists()

    def held(self, rows: Sequence[CleanRow], plan: Plan, found: Found, constants: Mapping[str, Any]) -> list[Held]:
        """Those of `rows` of which `plan` would make something else than was shown, by what was `found`.

        All rows of one SKU are held together. Where it has several, it is what its product was before them that
        counts. `constants` are what new products have besides.
        """
        suspects = self._suspects({row.sku_normalized for row in rows}, found)
        if not suspects:
            return []
        suspected = [row for row in rows if row.sku_normalized in suspects]
        records = shown_at(self._check_id, {row.line for row in suspected})
        last = {row.sku_normalized: row for row in suspected}
        seen = self._seen(suspects)
        held: dict[str, tuple[Change | None, Change | None]] = {}
        for sku, row in last.items():
            planned = plan.create.get(sku) or plan.update.get(sku)
            now = self._planned(planned, found.values.get(sku), constants) if planned else None
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

    def _later_sets(self) -> Any:
        """What others have changed since the check began."""
        return ChangeSet.objects.filter(number__gt=self._checked_from).exclude(import_number=self._job_id)

    def _suspects(self, skus: set[str], found: Found) -> set[str]:
        """Those of `skus` whose products others have changed or deleted since, or given another SKU."""
        if self.is_quiet():
            return set()
        addresses = [(sku, address) for sku, address in found.last_changes.items() if address]
        missing = skus - found.values.keys()
        farewells = Farewell.objects.filter(sku_normalized__any_of=missing)
        addresses += farewells.values_list("sku_normalized", "address").iterator(chunk_size=2000)
        return self._later(addresses)

    def _later(self, addresses: Iterable[tuple[str, int]]) -> set[str]:
        sets: dict[int, set[str]] = {}
        for sku, address in addresses:
            sets.setdefault(address // PLACES, set()).add(sku)
        later = self._later_sets().filter(pk__any_of=sets.keys()).values_list("pk", flat=True)
        return set().union(*(sets[pk] for pk in later))

    def _planned(self, row: CleanRow, before: tuple[Any, ...] | None, constants: Mapping[str, Any]) -> Change:
        """What a planned `row` makes of a product that has these values, if there is one."""
        if before is None:
            return CREATED, {}, {**dict.fromkeys(KEPT), **constants, **dict(zip(self._fields, row.values, strict=True))}
        differing = [at for at, (old, new) in enumerate(zip(before, row.values, strict=True)) if old != new]
        names = [self._fields[at] for at in differing]
        return (
            CHANGED,
            dict(zip(names, (before[at] for at in differing), strict=True)),
            dict(zip(names, (row.values[at] for at in differing), strict=True)),
        )


def _shown(record: Record) -> Change:
    if record.kind == CREATED:
        return CREATED, {}, {**dict.fromkeys(KEPT), **record.after}
    return CHANGED, record.before, record.after
