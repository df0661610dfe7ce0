"""The verdicts on the products of a chunk: looks up what they are now, and who has changed them since.

A product that an import wrote several times has several records of it. The verdict is on all of them together, at the
newest one, wherever the others are; at these there is nothing left to do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from imports.undo.source import Source, UndoneRow
from imports.undo.verdict import Later, Verdict, judge
from imports.writing.catalogue import Found
from products.fields import normalize_sku
from products.history.models import PLACES, ChangeSet, Farewell
from products.history.records import CREATED, KEPT, Record
from products.history.stories import records_at


@dataclass(slots=True)
class _Walk:
    """The way from a product's newest record down to the records that are to be undone."""

    row: UndoneRow
    at: int
    later: list[Later] = field(default_factory=list)
    own: list[Record] = field(default_factory=list)
    is_older: bool = False


class Judge:
    """Judges the chunks of one undo."""

    def __init__(self, source: Source, oldest_set: int, fields: Collection[str] = KEPT) -> None:
        self._source = source
        self._fields = fields
        # No record of what is to be undone has a lower address.
        self._lowest = oldest_set * PLACES

    def verdicts(self, rows: Sequence[UndoneRow], found: Found) -> list[Verdict | None]:
        """The verdict on the product of each of `rows`, by what was `found` of it; None at an older record of one.

        `found` has the values of all fields that are kept on record.
        """
        ends = self._ends([row.sku_normalized for row in rows], found)
        walks = [_Walk(row, ends.get(row.sku_normalized, 0)) for row in rows]
        self._walk(walks)
        return [None if walk.is_older else self._verdict(walk, found) for walk in walks]

    def _verdict(self, walk: _Walk, found: Found) -> Verdict:
        values = found.values.get(walk.row.sku_normalized)
        now = None if values is None else dict(zip(KEPT, values, strict=True))
        return judge(walk.own or [walk.row.change], walk.later, now, self._fields)

    def _ends(self, skus: Sequence[str], found: Found) -> dict[str, int]:
        """Where each product's story begins to be read: at its newest record, also if it is gone."""
        ends: dict[str, int] = dict(found.last_changes)
        return ends | _farewells({sku for sku in skus if sku not in ends})

    def _walk(self, walks: list[_Walk]) -> None:
        """Walk all stories at once, a step at a time: each step is a few queries, however many they are."""
        at_work = [walk for walk in walks if walk.at >= self._lowest]
        while at_work:
            records = {record.address: record for record in records_at({walk.at for walk in at_work})}
            sets = ChangeSet.objects.in_bulk({address // PLACES for address in records})
            restarted: dict[str, list[_Walk]] = {}
            for walk in at_work:
                record = records.get(walk.at)
                walk.at = self._step(walk, record, sets) if record else 0
                if record and record.kind == CREATED and not walk.at and not walk.own:
                    # The product was made anew since: what is to be undone happened to the one before.
                    restarted.setdefault(normalize_sku(record.sku), []).append(walk)
            if restarted:
                for sku, address in _farewells(set(restarted)).items():
                    for walk in restarted[sku]:
                        # Without a fence, two such products could lead to each other for ever.
                        walk.at = address if address < _lowest_seen(walk) else 0
            at_work = [walk for walk in at_work if walk.at >= self._lowest and not walk.is_older]

    def _step(self, walk: _Walk, record: Record, sets: Mapping[int, ChangeSet]) -> int:
        """Take note of one record on the way; returns where the next one is."""
        change_set = sets[record.address // PLACES]
        if not self._source.has(change_set):
            if not walk.own:
                walk.later.append(Later(record, change_set.import_number))
            return record.previous
        if not walk.own and record.address != walk.row.change.address:
            walk.is_older = True
            return 0
        walk.own.append(record)
        return record.previous


def _lowest_seen(walk: _Walk) -> int:
    return min((later.record.address for later in walk.later), default=0)


def _farewells(skus: Collection[str]) -> dict[str, int]:
    """The newest record of each product that had one of these SKUs and no longer has."""
    if not skus:
        return {}
    found = Farewell.objects.filter(sku_normalized__any_of=set(skus)).order_by("address")
    return dict(found.values_list("sku_normalized", "address"))
