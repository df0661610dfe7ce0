"""Walking down the stories of many SKUs at once, from record to record: a query a step, however many they are.

The story of a SKU is that of the product that has it, and goes on with the product that had it before: until that was
deleted, or given another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from products.history.models import ChangeBlock, Farewell
from products.history.records import Block, Record, Step
from products.history.stories import block_of

# Blocks that are fetched, and unpacked, at a time.
BLOCKS_AT_A_TIME = 20


@dataclass(slots=True)
class Walk:
    """A walk down the story of a SKU; `at` is the address of the next record, 0 at the end."""

    sku: str
    at: int

    def goes_on(self, step: Step) -> bool:
        """Take note of a record; whether the next one matters."""
        raise NotImplementedError


def walk_down(walks: Sequence[Walk], lowest: int, goodbyes: Mapping[str, Sequence[int]]) -> None:
    """Walk all of them, down to the address `lowest`. `goodbyes` are the `farewells` to their SKUs."""
    at_work = [walk for walk in walks if walk.at >= lowest > 0]
    while at_work:
        steps = _steps({walk.at for walk in at_work})
        for walk in at_work:
            step = steps.get(walk.at)
            # What is not there any more was pruned.
            walk.at = _next(walk, step, goodbyes) if step and walk.goes_on(step) else 0
        at_work = [walk for walk in at_work if walk.at >= lowest]


def farewells(skus: Collection[str]) -> dict[str, list[int]]:
    """The records with which these SKUs were given up, each by its address, the newest first."""
    found: dict[str, list[int]] = {}
    if skus:
        rows = Farewell.objects.filter(sku_normalized__any_of=set(skus)).order_by("-address")
        for sku, address in rows.values_list("sku_normalized", "address"):
            found.setdefault(sku, []).append(address)
    return found


def records_by_address(addresses: Collection[int]) -> dict[int, Record]:
    """The records with these addresses, but for those that have been pruned."""
    return {address: block.at(address) for block, wanted in _blocks(addresses) for address in wanted}


def _next(walk: Walk, step: Step, goodbyes: Mapping[str, Sequence[int]]) -> int:
    """The address of the record before; each is lower than the one that follows."""
    if not step.gives(walk.sku):
        return step.previous
    return next((address for address in goodbyes.get(walk.sku, ()) if address < step.address), 0)


def _steps(addresses: Collection[int]) -> dict[int, Step]:
    return {address: block.step(address) for block, wanted in _blocks(addresses) for address in wanted}


def _blocks(addresses: Collection[int]) -> Iterator[tuple[Block, list[int]]]:
    """The blocks with these records, one at a time, and the addresses of those in each."""
    by_block: dict[int, list[int]] = {}
    for address in addresses:
        by_block.setdefault(block_of(address), []).append(address)
    if not by_block:
        return
    found = ChangeBlock.objects.filter(pk__any_of=by_block.keys())
    for key, data in found.values_list("pk", "data").iterator(chunk_size=BLOCKS_AT_A_TIME):
        yield Block(key, bytes(data)), by_block[key]
