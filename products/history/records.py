"""Records of changes, and the compressed blocks in which they are kept. Knows no database.

A record says of one product which fields had which values before and after. Writers give their changes by the column,
since 10,000 of them belong to a chunk of an import, which is to pay little for its history; readers unpack a block and
take single records out of it. Why blocks, and what else was measured: docs/history-and-undo.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate, compress
from operator import itemgetter, ne, sub
from typing import Any, NamedTuple

from acme_importer.compression import compressed, decompressed
from products.extra import EXTRA
from products.fields import FIELDS, normalize_sku

# All that is kept of a product, in the order of the bits of a mask.
KEPT = (*FIELDS, EXTRA)
# Of 10,000 rows in one block, a product's history would take 57 ms to read, of 100 the bytes double (measured:
# docs/history-and-undo.md).
BLOCK_ROWS = 500
# No text has a NUL: neither database takes one, and JSON writes it in another way.
_BETWEEN = "\0"

CREATED, CHANGED, DELETED = "created", "changed", "deleted"
KINDS = (CREATED, CHANGED, DELETED)

Values = dict[str, Any]
_Rows = Sequence[Any]


class Record(NamedTuple):
    """One change of one product.

    Attributes:
        address: where the record is kept; each has its own.
        previous: the address of the record before, of the same product; 0 if there is none.
        kind: created, changed or deleted.
        sku: the product's SKU as written, after the change.
        line: the line of the file, 0 if the change has none.
        before: the old values: of the fields that changed, or of all if the product was deleted.
        after: the new values: of the fields that changed, or of all if the product was created.
    """

    address: int
    previous: int
    kind: str
    sku: str
    line: int
    before: Values
    after: Values

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it has values of, in their usual order."""
        return tuple(name for name in KEPT if name in self.before or name in self.after)


class Step(NamedTuple):
    """What a walk down a story has to know of a record: without its values, which would have to be read.

    Attributes:
        address: that of the record.
        previous: the address of the record before; 0 if there is none.
        kind: created, changed or deleted.
        fields: the fields to which it gave a value.
        skus: the SKU before and after, where that changed.
    """

    address: int
    previous: int
    kind: str
    fields: Collection[str]
    skus: tuple[str, str] | None = None

    def gives(self, sku_normalized: str) -> bool:
        """Whether the product got this SKU with it: as a new product, or instead of another one."""
        return self.kind == CREATED or (self.skus is not None and normalize_sku(self.skus[0]) != sku_normalized)


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of several products, by the column: what stands at one place in each list belongs together.

    Attributes:
        fields: what the values are of, the SKU first.
        before: the old values; None for a product that is created.
        after: the new values; None for a product that is deleted.
        previous: the address of each product's record before; 0 if there is none.
        lines: the lines of the file; empty if there is none.
        constants: what the created products have in the fields that are not in `fields`.
    """

    fields: tuple[str, ...]
    before: Sequence[tuple[Any, ...] | None]
    after: Sequence[tuple[Any, ...] | None]
    previous: Sequence[int]
    lines: Sequence[int] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.after)

    def part(self, start: int) -> Changes:
        """The next changes from `start` on, as many as a block holds."""
        rows = slice(start, start + BLOCK_ROWS)
        return Changes(
            self.fields,
            self.before[rows],
            self.after[rows],
            self.previous[rows],
            self.lines[rows],
            self.constants,
        )


@dataclass(frozen=True, slots=True)
class Packed:
    """A block: its compressed records, how many there are of each kind, and the mask of the fields that changed."""

    data: bytes
    created: int
    changed: int
    deleted: int
    fields: int


def pack(changes: Changes) -> Packed:
    """The block of these `changes`, which are no more than BLOCK_ROWS."""
    kinds, created, olds, news, deleted = _by_kind(changes)
    texts = [(after or before)[0] for before, after in zip(changes.before, changes.after, strict=True)]  # type: ignore[index]
    differing: dict[str, Any] = {}
    for at, name in enumerate(changes.fields):
        value, written = itemgetter(at), _WRITTEN[name]
        if name != "sku":
            texts += written(map(value, created))
            texts += written(map(value, deleted))
        old, new = list(map(value, olds)), list(map(value, news))
        if old == new:
            continue
        differs = list(map(ne, old, new))
        if all(differs):
            differing[name] = 1
        else:
            differing[name] = "".join(map(_BITS.__getitem__, differs))
            old, new = list(compress(old, differs)), list(compress(new, differs))
        texts += written(old)
        texts += written(new)
    head = {
        "fields": changes.fields,
        "kinds": kinds[0] if len(set(kinds)) == 1 else "".join(map(str, kinds)),
        "rows": len(kinds),
        "differing": differing,
        "lines": list(changes.lines),
        # As differences: what one import wrote, the next mostly writes in the same order.
        "previous": [*changes.previous[:1], *map(sub, changes.previous[1:], changes.previous)]
        if any(changes.previous)
        else 0,
        "constants": {name: _WRITTEN[name]([value])[0] for name, value in changes.constants.items()} if created else {},
    }
    data = json.dumps(head, separators=(",", ":")) + "\n" + _BETWEEN.join(texts)
    return Packed(
        compressed(data),
        created=len(created),
        changed=len(news),
        deleted=len(deleted),
        fields=mask(differing),
    )


def _by_kind(changes: Changes) -> tuple[list[int], _Rows, _Rows, _Rows, _Rows]:
    """The kind of each change, and the values of products: of created ones, of changed ones before and after, of
    deleted ones.
    """
    befores, afters, number = changes.before, changes.after, len(changes)
    # Most blocks are of one kind: an import's first ones, or its next.
    if not any(befores):
        return [0] * number, afters, (), (), ()
    if all(befores) and all(afters):
        return [1] * number, (), befores, afters, ()
    kinds = [0 if before is None else 2 if after is None else 1 for before, after in zip(befores, afters, strict=True)]
    of_kind = [[kind == each for each in kinds] for kind in range(3)]
    created, deleted = list(compress(afters, of_kind[0])), list(compress(befores, of_kind[2]))
    return kinds, created, list(compress(befores, of_kind[1])), list(compress(afters, of_kind[1])), deleted


def mask(fields: Iterable[str]) -> int:
    """The mask that has a bit for each of `fields`."""
    return sum(1 << KEPT.index(name) for name in fields)


def fields_of(bits: int) -> tuple[str, ...]:
    """The fields of which a mask has the bits."""
    return tuple(name for at, name in enumerate(KEPT) if bits >> at & 1)


class Block:
    """The records of a block, each made when it is asked for. `first` is the address of its first record."""

    def __init__(self, first: int, data: bytes) -> None:
        head, _, body = decompressed(data).partition("\n")
        told = json.loads(head)
        self.first = first
        # How long the texts of its values are.
        self.characters = len(body)
        self._rows: int = told["rows"]
        self._kinds: list[int] = (
            [told["kinds"]] * self._rows if isinstance(told["kinds"], int) else list(map(int, told["kinds"]))
        )
        self._lines: list[int] = told["lines"]
        self._previous = list(accumulate(told["previous"])) if told["previous"] else [0] * self._rows
        self._fields: list[str] = told["fields"]
        self._differing: dict[str, int | str] = told["differing"]
        self._constants = {name: _READ[name](text) for name, text in told["constants"].items()}
        self._texts = body.split(_BETWEEN)
        self._counts = [self._kinds.count(kind) for kind in range(3)]
        self._places = self._columns()

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records())

    def records(self) -> list[Record]:
        """All of them, by the column, which takes half the time of one by one (measured: benchmarks/undo.py)."""
        before: list[Values] = [{} for _ in range(self._rows)]
        after: list[Values] = [{} for _ in range(self._rows)]
        for name in self._differing:
            places, olds, news = self.changed(name)
            for place, old, new in zip(places, map(_READ[name], olds), map(_READ[name], news), strict=True):
                before[place][name], after[place][name] = old, new
        whole = [place for place, kind in enumerate(self._kinds) if kind != 1]
        for place in whole:
            record = self.record(place)
            before[place], after[place] = record.before, record.after
        addresses, kinds = range(self.first, self.first + self._rows), map(KINDS.__getitem__, self._kinds)
        texts = self._texts[: self._rows]
        return list(map(Record, addresses, self._previous, kinds, texts, self.lines, before, after))

    @property
    def skus(self) -> list[str]:
        """The SKUs that its products have, and those that they had: as written, in no order."""
        renamed = self._places.get((1, "sku"))
        return self._texts[: self._rows] + (self._texts[renamed : renamed + self._changed_in("sku")] if renamed else [])

    @property
    def skus_after(self) -> list[str]:
        """The SKU of each record's product after the change, as written; of a deleted one its last."""
        return self._texts[: self._rows]

    @property
    def lines(self) -> list[int]:
        """The line of each record; 0 where there is none."""
        return self._lines or [0] * self._rows

    @property
    def previous(self) -> list[int]:
        """The address of the record before each; 0 where there is none."""
        return self._previous

    def briefly(self) -> Iterator[tuple[int, str, str]]:
        """The line, the SKU and the kind of each record."""
        return zip(self.lines, self._texts[: self._rows], map(KINDS.__getitem__, self._kinds), strict=True)

    def places_of(self, kind: str) -> list[int]:
        """The places of the records of a kind."""
        number = KINDS.index(kind)
        return [place for place, each in enumerate(self._kinds) if each == number]

    def created(self, name: str) -> list[str]:
        """The values that created products have in a field, as texts as they are kept."""
        if name in self._constants:
            return _WRITTEN[name]([self._constants[name]]) * self._counts[0]
        if name not in self._fields:
            return [""] * self._counts[0]
        if name == "sku":
            return [sku for sku, kind in zip(self._texts, self._kinds, strict=False) if kind == 0]
        start = self._places[0, name]
        return self._texts[start : start + self._counts[0]]

    def changed(self, name: str) -> tuple[list[int], list[str], list[str]]:
        """The places of the records in which a field changed, its old values and its new ones, as created products'."""
        places = self.places_of(CHANGED)
        if not (bits := self._differing.get(name)):
            return [], [], []
        if isinstance(bits, str):
            places = list(compress(places, map(int, bits)))
        start, count = self._places[1, name], len(places)
        return places, self._texts[start : start + count], self._texts[start + count : start + 2 * count]

    def at(self, address: int) -> Record:
        """The record with that address. Raises IndexError if it is not in this block."""
        return self.record(address - self.first)

    def step(self, address: int) -> Step:
        """What a walk has to know of the record with that address. Raises IndexError if it is not in this block."""
        at = address - self.first
        if not 0 <= at < self._rows:
            raise IndexError(at)
        kind = self._kinds[at]
        fields: Collection[str] = KEPT if kind == 0 else ()
        skus = None
        if kind == 1:
            place = self._place(at)
            fields = [name for name, bits in self._differing.items() if bits == 1 or bits[place] == "1"]  # type: ignore[index]
            if "sku" in fields:
                record = self.record(at)
                skus = record.before["sku"], record.after["sku"]
        return Step(address, self._previous[at], KINDS[kind], fields, skus)

    def record(self, at: int) -> Record:
        """The record at this place, from 0. Raises IndexError if there is none."""
        if not 0 <= at < self._rows:
            raise IndexError(at)
        kind = self._kinds[at]
        before: Values = {}
        after: Values = {}
        place = self._place(at)
        if kind == 1:
            for name, bits in self._differing.items():
                if isinstance(bits, str):
                    if bits[place] == "0":
                        continue
                    nth = bits.count("1", 0, place)
                else:
                    nth = place
                start, read = self._places[1, name], _READ[name]
                before[name] = read(self._texts[start + nth])
                after[name] = read(self._texts[start + self._changed_in(name) + nth])
        else:
            values = {name: _READ[name](self._texts[self._places[kind, name] + place]) for name in self._fields[1:]}
            values = {"sku": self._texts[at], **values}
            if kind == 0:
                after = {**values, **self._constants}
            else:
                before = values
        return Record(
            address=self.first + at,
            previous=self._previous[at],
            kind=KINDS[kind],
            sku=self._texts[at],
            line=self._lines[at] if self._lines else 0,
            before=before,
            after=after,
        )

    def _place(self, at: int) -> int:
        """The place of a record among those of its kind."""
        kind = self._kinds[at]
        return at if self._counts[kind] == self._rows else self._kinds[:at].count(kind)

    def _columns(self) -> dict[tuple[int, str], int]:
        """Where the texts of each kind and field begin: of changed ones the old values, with the new ones behind."""
        # The SKUs of all come first.
        places, at = {}, self._rows
        for name in self._fields:
            for kind in (0, 2) if name != "sku" else ():
                places[kind, name] = at
                at += self._counts[kind]
            if name in self._differing:
                places[1, name] = at
                at += 2 * self._changed_in(name)
        return places

    def _changed_in(self, name: str) -> int:
        bits = self._differing.get(name, "")
        return bits.count("1") if isinstance(bits, str) else self._counts[1]


_BITS = {False: "0", True: "1"}


def _written_prices(prices: Iterable[Any]) -> list[str]:
    texts = list(map(str, prices))
    return ["" if text == "None" else text for text in texts] if "None" in texts else texts


_WRITTEN: dict[str, Callable[[Iterable[Any]], list[str]]] = {
    "sku": list,
    "name": list,
    "description": list,
    "price": _written_prices,
    "is_active": lambda states: list(map(_BITS.__getitem__, states)),
    EXTRA: lambda extras: [json.dumps(extra, separators=(",", ":")) if extra else "" for extra in extras],
}
_READ: dict[str, Callable[[str], Any]] = {
    "sku": str,
    "name": str,
    "description": str,
    "price": lambda text: Decimal(text) if text else None,
    "is_active": lambda text: text == "1",
    EXTRA: lambda text: json.loads(text) if text else {},
}
