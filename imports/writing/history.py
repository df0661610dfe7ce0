"""What a chunk writes, on record: each of its products, with the line of its row. Knows no lanes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found
from imports.writing.fates import DUPLICATE, Fate
from imports.writing.overlaps import AloneNeededError
from imports.writing.plan import Plan, in_one_order
from imports.writing.summary import summary_of
from products.fields import normalize_sku
from products.history import recording
from products.history.records import Changes


class OvertakenError(AloneNeededError):
    """Somebody else has changed products of the chunk since they were looked up: the plan does not stand any more."""


def with_addresses(fates: list[Fate], found: Found) -> list[Fate]:
    """`fates` of a plan made of what was `found`; where a duplicate repeats a row of an earlier chunk, with the address
    of the product's newest record then. Looking up the row's line in it is left to who wants to know.
    """
    return [
        fate._replace(address=found.last_changes[normalize_sku(fate.sku)])
        if fate.code == DUPLICATE and not fate.repeats
        else fate
        for fate in fates
    ]


class ChunkRecord:
    """The record of what a plan writes; begun before its products are written, which get their `addresses`.

    `created` and `changed` are the rows to be written, each in the one order.
    """

    def __init__(self, plan: Plan, found: Found, job_id: int) -> None:
        self._found = found
        self._job_id = job_id
        self._outcome = plan.outcome
        self.created, self.changed = in_one_order(plan.create.values()), in_one_order(plan.update.values())
        self._deleted = in_one_order(plan.delete.values())
        self._opened = recording.open_set(recording.Origin(import_number=job_id))
        skus = [row.sku_normalized for row in self._rows]
        self.addresses: dict[str, int] = dict(zip(skus, count(self._opened.first_address), strict=False))

    @property
    def _rows(self) -> list[CleanRow]:
        return [*self.created, *self.changed, *self._deleted]

    def finish(self, fields: tuple[str, ...], constants: Mapping[str, Any]) -> None:
        """Keep the record, once the products are written, and sum it up in the outcome. Raises OvertakenError.

        `fields` are those of the file, `constants` what new products have in the others.
        """
        found, rows, created = self._found, self._rows, len(self.created)
        existing = [row.sku_normalized for row in (*self.changed, *self._deleted)]
        before, lines = [found.values[sku] for sku in existing], [row.line for row in rows]
        after = [row.values for row in (*self.created, *self.changed)]
        changed = len(self.changed)
        self._outcome.summary = summary_of(fields, before[:changed], after[created:], lines[created:])
        recording.keep(
            self._opened,
            Changes(
                fields=fields,
                before=[*[None] * created, *before],
                after=[*after, *[None] * len(self._deleted)],
                previous=[0] * created + [found.last_changes[sku] for sku in existing],
                lines=lines,
                constants=constants,
            ),
        )
        gone = [row.sku_normalized for row in self._deleted]
        recording.say_farewell((sku, self.addresses[sku]) for sku in gone)
        number = recording.close(self._opened)
        if recording.are_touched(set(self.addresses), after=found.position, before=number, besides=self._job_id):
            raise OvertakenError
