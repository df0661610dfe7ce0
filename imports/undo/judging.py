"""The verdicts on the products of a chunk: by what they are now, and by who has changed them since.

A product that an import wrote several times has several records of it. The verdict is on all of them together, at the
newest one, wherever the others are; at these there is nothing left to do. Most products are as the import left them,
and their stories need not be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imports.undo.selection import EVERYTHING, Selection
from imports.undo.source import Source, UndoneRow
from imports.undo.verdict import Class, Verdict, judge
from imports.undo.walking import Step, Walk, farewells, records_by_address, walk_down
from imports.writing.catalogue import Found
from products.history.models import PLACES, ChangeSet
from products.history.records import CHANGED, CREATED, KEPT, Record


@dataclass(slots=True)
class _WayToOwn(Walk):
    """The way from a product's newest record down to the oldest that is to be undone.

    `own` are the addresses of those from the row's on, `newer` of those before it.
    """

    row: UndoneRow
    own_sets: frozenset[int]
    own: list[int] = field(default_factory=list)
    newer: list[int] = field(default_factory=list)

    def goes_on(self, step: Step) -> bool:
        """Note what is to be undone. Behind it, the way ends where the product was created."""
        if step.address // PLACES in self.own_sets:
            is_newer = not self.own and step.address != self.row.change.address
            (self.newer if is_newer else self.own).append(step.address)
        return not (self.own and step.gives(self.sku))


@dataclass(slots=True)
class _WayToChange(Walk):
    """The way from a product's newest record down to the one that has given some field the value that is kept."""

    fields: frozenset[str]
    found: int = 0

    def goes_on(self, step: Step) -> bool:
        """Whether nothing is found yet."""
        if step.gives(self.sku) or not self.fields.isdisjoint(step.fields):
            self.found = step.address
        return not self.found


class Judge:
    """Judges the chunks of one undo. `fields` are those that it looks at, the SKU first."""

    def __init__(self, source: Source, selection: Selection = EVERYTHING) -> None:
        self._selection = selection
        self.fields = source.fields()
        self._own_sets = source.set_keys()
        # No record of what is to be undone has a lower address.
        self._lowest = min(self._own_sets, default=0) * PLACES
        self._may_have_several = source.may_have_several()

    def verdicts(self, rows: Sequence[UndoneRow], found: Found) -> list[Verdict | None]:
        """The verdict on the product of each of `rows`, by what was `found` of it; None at an older record of one.

        `found` has the values of the `fields`.
        """
        newest = found.last_changes.get
        changed_since = [row for row in rows if newest(row.sku_normalized) != row.change.address]
        goodbyes = farewells({row.sku_normalized for row in changed_since})
        own = self._own(rows, found, goodbyes)
        verdicts: list[Verdict | None] = []
        places = {name: place for place, name in enumerate(self.fields)}
        is_everything = self._selection.restored_fields == KEPT
        for change, sku in rows:
            values = found.values.get(sku)
            if is_everything and change.kind == CHANGED and change.address not in own and values is not None:
                # Most products hold all that was written. To see that at once is a tenth of the time of an undo.
                for name, written in change.after.items():
                    if values[places[name]] != written:
                        break
                else:
                    verdicts.append(Verdict(Class.RESTORED if change.before else Class.ALREADY_SO, change.before))
                    continue
            now = None if values is None else dict(zip(self.fields, values, strict=True))
            records = own.get(change.address, (change,))
            verdicts.append(judge(records, now, self._selection.restored_fields) if records else None)
        self._say_who(rows, verdicts, found, goodbyes)
        self._say_gone(rows, verdicts, found, goodbyes)
        return verdicts

    def _own(
        self, rows: Sequence[UndoneRow], found: Found, goodbyes: Mapping[str, list[int]]
    ) -> dict[int, list[Record]]:
        """What is to be undone of products of which there may be several records, by the addresses of their rows.

        Nothing is, at a row whose product has a newer one.
        """
        if not self._may_have_several and not goodbyes:
            return {}
        walks = [
            self._way_to_own(row, _end(row, found, goodbyes))
            for row in rows
            if self._may_have_several or any(at > row.change.address for at in goodbyes.get(row.sku_normalized, ()))
        ]
        walk_down(walks, self._lowest, goodbyes)
        records = records_by_address({at for walk in walks for at in (*walk.newer, *walk.own[1:])})
        own = {}
        for walk in walks:
            newer = [UndoneRow(records[at], walk.sku) for at in walk.newer]
            is_older = any(map(self._selection.has, newer))
            judged = [] if is_older else [walk.row.change, *(records[at] for at in walk.own[1:])]
            own[walk.row.change.address] = judged
        return own

    def _way_to_own(self, row: UndoneRow, end: int) -> _WayToOwn:
        if end != row.change.address:
            return _WayToOwn(row.sku_normalized, end, row, self._own_sets)
        behind = row.change.previous if row.change.kind != CREATED else 0
        return _WayToOwn(row.sku_normalized, behind, row, self._own_sets, own=[end])

    def _say_who(
        self,
        rows: Sequence[UndoneRow],
        verdicts: list[Verdict | None],
        found: Found,
        goodbyes: Mapping[str, list[int]],
    ) -> None:
        """Tell products that a later import has changed from edited ones: by the newest change of a field they keep."""
        ways = {
            at: _WayToChange(row.sku_normalized, _end(row, found, goodbyes), frozenset(verdict.kept))
            for at, (row, verdict) in enumerate(zip(rows, verdicts, strict=True))
            if verdict and verdict.of is Class.EDITED_SINCE
        }
        walk_down(list(ways.values()), self._lowest, goodbyes)
        sets = {way.found // PLACES for way in ways.values() if way.found}
        if not sets:
            return
        of_imports = ChangeSet.objects.filter(pk__any_of=sets, import_number__isnull=False)
        imports = set(of_imports.values_list("pk", flat=True))
        for at, way in ways.items():
            verdict = verdicts[at]
            if verdict and way.found // PLACES in imports:
                verdicts[at] = verdict._replace(of=Class.CHANGED_LATER)

    def _say_gone(
        self, rows: Sequence[UndoneRow], verdicts: list[Verdict | None], found: Found, goodbyes: Mapping[str, list[int]]
    ) -> None:
        """Tell created products that have been given another SKU since, and are kept, from those that are deleted."""
        ends = {
            at: _end(row, found, goodbyes)
            for at, (row, verdict) in enumerate(zip(rows, verdicts, strict=True))
            if verdict and verdict.of is Class.ALREADY_SO and row.sku_normalized not in found.values
        }
        last = records_by_address(set(ends.values()))
        for at, end in ends.items():
            if end in last and last[end].kind == CHANGED:
                verdicts[at] = Verdict(Class.GONE)


def _end(row: UndoneRow, found: Found, goodbyes: Mapping[str, list[int]]) -> int:
    """Where the story of the row's SKU begins to be read: at its newest record, also if the product is gone."""
    newest = found.last_changes.get(row.sku_normalized)
    return newest if newest is not None else (goodbyes.get(row.sku_normalized) or [0])[0]
