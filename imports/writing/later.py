"""Which products others have changed since some moment, found by the newest record that each has in the history."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q

from imports.writing.catalogue import Found
from products.history.models import PLACES, ChangeSet, Farewell


class LaterChanges:
    """What is on record after the position `since`, but for what the imports with the numbers `besides` have changed.

    Where the history does not go back to that moment any more (`is_pruned`), what is missing may be later.
    """

    def __init__(self, since: int, besides: Collection[int], *, is_pruned: bool = False) -> None:
        self._since = since
        self._besides = set(besides)
        self._is_pruned = is_pruned

    def is_quiet(self) -> bool:
        """Whether nobody else has changed any product."""
        return not self._is_pruned and not ChangeSet.objects.filter(self._is_later()).exists()

    def suspects(self, skus: set[str], found: Found) -> set[str]:
        """Those of `skus` whose products others have changed or deleted since, or given another SKU."""
        if self.is_quiet():
            return set()
        addresses = [(sku, address) for sku, address in found.last_changes.items() if address and sku in skus]
        missing = skus - found.values.keys()
        farewells = Farewell.objects.filter(sku_normalized__any_of=missing)
        addresses += farewells.values_list("sku_normalized", "address").iterator(chunk_size=2000)
        return self._later(addresses)

    def _later(self, addresses: Iterable[tuple[str, int]]) -> set[str]:
        sets: dict[int, set[str]] = {}
        for sku, address in addresses:
            sets.setdefault(address // PLACES, set()).add(sku)
        listed = ChangeSet.objects.filter(pk__any_of=sets.keys())
        if self._is_pruned:
            later = sets.keys() - set(listed.exclude(self._is_later()).values_list("pk", flat=True))
        else:
            later = set(listed.filter(self._is_later()).values_list("pk", flat=True))
        return set().union(*(sets[pk] for pk in later))

    def _is_later(self) -> Any:
        return Q(number__gt=self._since) & ~Q(import_number__in=self._besides)
