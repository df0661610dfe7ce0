"""Recording changes, in the transaction that makes them: a set is opened, written, and closed as the last step.

opened = open_set(Origin(user_name="anna"))
…the products are written, each with the address of its record in `last_change`…
keep(opened, changes)
close(opened)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F

from products.fields import normalize_skus
from products.history.models import PLACES, ChangeBlock, ChangeSet, Counter, Farewell
from products.history.records import BLOCK_ROWS, Block, Changes, pack


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes a change: the import with this number, or the user with this name; without both, the system itself."""

    import_number: int | None = None
    user_name: str = ""


# What is known of a set once its records are written.
_NOTED = ("number", "created", "changed", "deleted", "fields", "first_line", "last_line")


def position() -> int:
    """The number of the last set that was committed."""
    return Counter.objects.filter(pk=Counter.ROW).values_list("last", flat=True).first() or 0


def open_set(origin: Origin) -> ChangeSet:
    """A new set, whose records will have the addresses from its `first_address` on."""
    return ChangeSet.objects.create(import_number=origin.import_number, user_name=origin.user_name)


def keep(opened: ChangeSet, changes: Changes) -> None:
    """Write the `changes`, which are at most PLACES, as the records of a set, in their order."""
    blocks = []
    for start in range(0, len(changes), BLOCK_ROWS):
        packed = pack(changes.part(start))
        opened.created += packed.created
        opened.changed += packed.changed
        opened.deleted += packed.deleted
        opened.fields |= packed.fields
        blocks.append(
            ChangeBlock(
                id=opened.first_address + start,
                created=packed.created,
                changed=packed.changed,
                deleted=packed.deleted,
                fields=packed.fields,
                data=packed.data,
            )
        )
    ChangeBlock.objects.bulk_create(blocks)
    if changes.lines:
        opened.first_line, opened.last_line = min(changes.lines), max(changes.lines)


def close(*opened: ChangeSet) -> int:
    """Give these sets the next numbers; returns the first of them. Nobody else can, until the transaction is over."""
    counter = Counter.objects.filter(pk=Counter.ROW)
    if not counter.update(last=F("last") + len(opened)):
        # The table is empty. Somebody else may be about to begin it as well.
        Counter.objects.bulk_create([Counter()], ignore_conflicts=True)
        counter.update(last=F("last") + len(opened))
    first = position() - len(opened) + 1
    for number, each in enumerate(opened, start=first):
        each.number = number
        noted = {name: getattr(each, name) for name in _NOTED}
        ChangeSet.objects.filter(pk=each.pk).update(**noted)
    return first


def say_farewell(addresses: Iterable[tuple[str, int]]) -> None:
    """Note where the history of products begins that no longer have these normalized SKUs."""
    Farewell.objects.bulk_create(Farewell(sku_normalized=sku, address=address) for sku, address in addresses)


def are_touched(skus: set[str], *, after: int, before: int, besides: int) -> bool:
    """Whether one of these normalized SKUs is in a set with a number between those two.

    Not looked at are the sets of the import `besides`, whose lanes have no SKU in common.
    """
    if before - after <= 1:
        return False
    between = ChangeSet.objects.filter(number__gt=after, number__lt=before).exclude(import_number=besides)
    for pk in between.values_list("pk", flat=True):
        for block in blocks_of(pk):
            if not skus.isdisjoint(normalize_skus(block.skus)):
                return True
    return False


def blocks_of(set_number: int) -> Iterable[Block]:
    """The blocks of a set, one by one, in their order."""
    found = ChangeBlock.objects.filter(pk__gte=set_number * PLACES, pk__lt=(set_number + 1) * PLACES)
    for pk, data in found.order_by("pk").values_list("pk", "data").iterator(chunk_size=20):
        yield Block(pk, bytes(data))
