"""What a chunk writes, on record: each of its products, with the line of its row. Knows no lanes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found
from imports.writing.overlaps import AloneNeededError
from imports.writing.plan import Plan, in_one_order
from products.history import recording
from products.history.records import Changes


class OvertakenError(AloneNeededError):
    """Somebody else has changed products of the chunk since they were looked up: the plan does not stand any more."""


class ChunkRecord:
    """The record of what a plan writes; begun before its products are written, which get their `addresses`."""

    def __init__(self, plan: Plan, found: Found, job_id: int) -> None:
        self._found = found
        self._job_id = job_id
        self._created, self._changed = in_one_order(plan.create), in_one_order(plan.update)
        self._deleted = in_one_order(plan.delete)
        self._opened = recording.open_set(recording.Origin(import_number=job_id))
        skus = [row.sku_normalized for row in self._rows]
        self.addresses: dict[str, int] = dict(zip(skus, count(self._opened.first_address), strict=False))

    @property
    def _rows(self) -> list[CleanRow]:
        return [*self._created, *self._changed, *self._deleted]

    def finish(self, fields: tuple[str, ...], constants: Mapping[str, Any]) -> None:
        """Keep the record, once the products are written. Raises OvertakenError.

        `fields` are those of the file, `constants` what new products have in the others.
        """
        found, existing = self._found, [row.sku_normalized for row in (*self._changed, *self._deleted)]
        recording.keep(
            self._opened,
            Changes(
                fields=fields,
                before=[None] * len(self._created) + [found.values[sku] for sku in existing],
                after=[row.values for row in (*self._created, *self._changed)] + [None] * len(self._deleted),
                previous=[0] * len(self._created) + [found.last_changes[sku] for sku in existing],
                lines=[row.line for row in self._rows],
                constants=constants,
            ),
        )
        gone = [row.sku_normalized for row in self._deleted]
        recording.say_farewell((sku, self.addresses[sku]) for sku in gone)
        number = recording.close(self._opened)
        if recording.are_touched(set(self.addresses), after=found.position, before=number, besides=self._job_id):
            raise OvertakenError
