"""The change feed: what was changed, in the order in which it was committed, page by page. Knows no HTTP.

The numbers of sets are in that order and without gaps (`models.Counter`), so whoever reads them one after another skips
nothing, not even what took long to be committed, and a number that is missing was pruned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models.functions import Length

from products.history.models import PLACES, ChangeBlock, ChangeSet
from products.history.recording import position
from products.history.records import BLOCK_ROWS, Block, Record, fields_of

# Entries of a page.
MOST_ENTRIES = 1000
# A page ends early with so many bytes of compressed blocks, or characters of values, since descriptions may be long.
MOST_BYTES = MOST_CHARACTERS = 4 * 1024 * 1024

_CURSOR = re.compile(r"(0|[1-9][0-9]{0,18})\.(0|[1-9][0-9]{0,6})", re.ASCII)


class BadCursorError(ValueError):
    """No page ever ended there."""

    def __init__(self) -> None:
        super().__init__("There is no such cursor. Send back the `next` of a page as it was, or `now`.")


class CursorExpiredError(Exception):
    """What follows the cursor is not on record any more; `now` is where to go on once all products have been read."""

    def __init__(self, now: Cursor) -> None:
        super().__init__(str(now))
        self.now = now


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has read: all sets up to this number, and so many records of the next one."""

    number: int
    place: int = 0

    def __str__(self) -> str:
        return f"{self.number}.{self.place}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor that was written so. Raises BadCursorError."""
        found = _CURSOR.fullmatch(text)
        if found is None or int(found[1]) >= 1 << 63 or int(found[2]) >= PLACES:
            raise BadCursorError
        return cls(int(found[1]), int(found[2]))


BEGINNING = Cursor(0)


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one product."""

    change_set: ChangeSet
    record: Record

    @property
    def previous_sku(self) -> str | None:
        """The SKU before, where it was written in another way."""
        return self.record.before.get("sku") if self.record.kind == "changed" else None


@dataclass(frozen=True, slots=True)
class ImportChanges:
    """What an import changed in sets that follow each other, folded into one entry."""

    import_number: int
    first: ChangeSet
    last: ChangeSet
    created: int = 0
    changed: int = 0
    deleted: int = 0
    fields: int = 0
    first_line: int = 0
    last_line: int = 0

    def with_set(self, other: ChangeSet) -> ImportChanges:
        """These, and those of the next set."""
        return replace(
            self,
            last=other,
            created=self.created + other.created,
            changed=self.changed + other.changed,
            deleted=self.deleted + other.deleted,
            fields=self.fields | other.fields,
            first_line=min(self.first_line, other.first_line) if self.first_line else other.first_line,
            last_line=max(self.last_line, other.last_line),
        )

    @property
    def field_names(self) -> tuple[str, ...]:
        """The fields in which products were changed."""
        return fields_of(self.fields)


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, where the next ones begin, and whether there are any yet."""

    entries: list[Change | ImportChanges]
    next: Cursor
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """Those records of a set that belong on a page, from one place to before another; None of a folded set."""

    change_set: ChangeSet
    records: range | None

    @property
    def blocks(self) -> list[int]:
        """The keys of the blocks that have them."""
        if not self.records:
            return []
        first = self.records.start - self.records.start % BLOCK_ROWS
        return [self.change_set.first_address + at for at in range(first, self.records.stop, BLOCK_ROWS)]


def now() -> Cursor:
    """Where the feed ends at present."""
    return Cursor(position())


def page(after: Cursor, limit: int = MOST_ENTRIES, *, fold_imports: bool = False) -> Page:
    """The next entries behind a cursor, at most `limit`. Raises BadCursorError, CursorExpiredError.

    With `fold_imports`, what an import has changed is an entry for all of it that is on the page.
    """
    newest = position()
    if after.number + bool(after.place) > newest:
        # Given by this database before an older state of it was restored; what was read then is not there any more.
        raise CursorExpiredError(Cursor(newest))
    sets = list(_sets(after.number, newest, limit))
    if after.number < newest and not sets:
        raise CursorExpiredError(Cursor(newest))
    if sets and 0 < after.place >= _size(sets[0]):
        raise BadCursorError
    parts = list(_parts(sets, after.place, limit, fold_imports=fold_imports))
    blocks = _blocks([key for part in parts for key in part.blocks], newest)
    entries, reached = _entries(parts, blocks, after)
    return Page(entries, reached, has_more=reached.number < newest)


def _size(change_set: ChangeSet) -> int:
    return change_set.created + change_set.changed + change_set.deleted


def _sets(after: int, newest: int, limit: int) -> Iterator[ChangeSet]:
    """The sets behind the number `after`, up to the first that was pruned."""
    found = ChangeSet.objects.filter(number__gt=after, number__lte=newest).order_by("number")[:limit]
    for number, change_set in enumerate(found, start=after + 1):
        if change_set.number != number:
            return
        yield change_set


def _parts(sets: list[ChangeSet], place: int, limit: int, *, fold_imports: bool) -> Iterator[_Part]:
    """What of the sets is on a page that begins at this place of the first."""
    import_number = None
    for change_set in sets:
        if limit == 0:
            return
        if fold_imports and change_set.import_number is not None:
            limit -= change_set.import_number != import_number
            yield _Part(change_set, None)
        else:
            records = range(place, min(_size(change_set), place + limit))
            limit -= len(records)
            yield _Part(change_set, records)
        import_number, place = change_set.import_number, 0


def _blocks(keys: list[int], newest: int) -> dict[int, bytes]:
    """The first of the blocks with these keys, as many as may be held. Raises CursorExpiredError.

    One that is not there any more has been pruned since its set was read: unnoticed, its changes would be skipped.
    """
    lengths = dict(ChangeBlock.objects.filter(pk__in=keys).values_list("pk", Length("data")))
    total, taken = 0, list[int]()
    for key in keys:
        total += lengths.get(key, 0)
        if taken and total > MOST_BYTES:
            break
        taken.append(key)
    found = ChangeBlock.objects.filter(pk__in=taken).values_list("pk", "data")
    blocks = {key: bytes(data) for key, data in found}
    if len(blocks) < len(taken):
        raise CursorExpiredError(Cursor(newest))
    return blocks


def _entries(
    parts: list[_Part], blocks: dict[int, bytes], reached: Cursor
) -> tuple[list[Change | ImportChanges], Cursor]:
    """The entries of these parts, as far as their blocks are there and their values fit, and how far that is."""
    entries: list[Change | ImportChanges] = []
    characters = 0
    for part in parts:
        change_set, number = part.change_set, part.change_set.number or 0
        if part.records is None:
            _fold(entries, change_set)
            reached = Cursor(number)
            continue
        for record in _records(part, blocks):
            characters += _characters(record)
            if entries and characters > MOST_CHARACTERS:
                return entries, reached
            entries.append(Change(change_set, record))
            reached = Cursor(number - 1, record.address - change_set.first_address + 1)
        if part.records and reached != Cursor(number - 1, part.records.stop):
            return entries, reached
        if part.records.stop == _size(change_set):
            reached = Cursor(number)
    return entries, reached


def _fold(entries: list[Change | ImportChanges], change_set: ChangeSet) -> None:
    """Add a set of an import to its entry, which is the last one, or begin one."""
    import_number = change_set.import_number or 0
    last = entries[-1] if entries else None
    if isinstance(last, ImportChanges) and last.import_number == import_number:
        entries[-1] = last.with_set(change_set)
    else:
        entries.append(ImportChanges(import_number, change_set, change_set).with_set(change_set))


def _records(part: _Part, blocks: dict[int, bytes]) -> Iterator[Record]:
    """The records of a part, from one block at a time, as far as they are there."""
    wanted, first = part.records or range(0), part.change_set.first_address
    for key in part.blocks:
        if key not in blocks:
            return
        block = Block(key, blocks[key])
        start = key - first
        for place in range(max(start, wanted.start), min(start + BLOCK_ROWS, wanted.stop)):
            yield block.record(place - start)


def _characters(record: Record) -> int:
    """About how long its values are."""
    values: list[Any] = [*record.before.values(), *record.after.values()]
    return sum(len(value) if isinstance(value, str) else len(str(value)) for value in values)
