"""The products whose words have changed, until the index has them: a queue. Whoever writes products notes them here.

A note is written in the transaction of the change and so cannot be missed, however late that commits: the follower
deletes the notes that it has dealt with, and waits for no number and no moment to pass.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models
from django.db.models import Min
from django.db.models.functions import Now

from acme_importer.cluster.queues import enqueue

# A search reads so many changed products itself. Only for more is the follower called; it comes by schedule as well.
FEW = 500

NUMBERS = """
    SELECT sum(number) FILTER (WHERE deleted IS NULL), count(first_id), count(deleted) FROM products_searchchange
"""

# The fields of a product that have its words.
WITH_WORDS = frozenset({"sku", "name", "description"})


class SearchChange(models.Model):
    """Some products that the index does not have as they are: with these SKUs, with ids in this range, or deleted ones.

    One row for all that a chunk of an import has written: a row for each product would cost the import too much.
    """

    # Normalized, in lines of their own: no SKU has a line break. An array would take longer to read and to write.
    skus = models.TextField(default="")
    first_id = models.BigIntegerField(null=True)
    last_id = models.BigIntegerField(null=True)
    # The ids of deleted products, in lines of their own; in a note of deletions only.
    deleted = models.TextField(null=True)  # noqa: DJ001 - counted by whether there are any, without reading them
    number = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "products"
        ordering = ("id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number:,} changed products"

    @property
    def listed(self) -> list[str]:
        """The SKUs that are named one by one."""
        return self.skus.split("\n") if self.skus else []

    @property
    def deleted_ids(self) -> list[int]:
        """The ids of the products that were deleted."""
        return [int(line) for line in self.deleted.split("\n")] if self.deleted else []


@dataclass(frozen=True, slots=True)
class Pending:
    """What the index does not have yet: how many products at most; their SKUs if they are few.

    And whether it still has deleted ones. Those are never shown, so no search is wrong for them; but they are to be
    told apart when it is counted what it names.
    """

    number: int
    skus: frozenset[str] | None
    has_deleted: bool

    @property
    def is_few(self) -> bool:
        """Whether a search reads them itself."""
        return self.skus is not None


def note(skus: Collection[str]) -> None:
    """Note that the products with these normalized SKUs are new or have other words, in the caller's transaction."""
    if not skus:
        return
    if len(skus) > FEW and not SearchChange.objects.filter(number__gt=FEW, deleted=None).exists():
        call_follower()
    SearchChange.objects.create(skus="\n".join(skus), number=len(skus))


def note_deleted(ids: Collection[int]) -> None:
    """Note that the products with these ids are deleted, in the caller's transaction.

    The follower is not called: all searches are right without it.
    """
    if ids:
        SearchChange.objects.create(deleted="\n".join(map(str, ids)), number=len(ids))


def note_range(first_id: int, last_id: int) -> None:
    """Note that the index is to have exactly the products with ids from `first_id` to `last_id`."""
    SearchChange.objects.create(first_id=first_id, last_id=last_id, number=last_id - first_id + 1)
    call_follower()


def call_follower() -> None:
    """Have a worker bring the index up to date."""
    enqueue("products.search.follower.follow", name="follow the catalogue")


def pending() -> Pending:
    """What the index does not have yet."""
    # Each search asks this twice, and Django takes longer to write the query than a database to answer it.
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS)
        number, ranges, deletions = cursor.fetchone()
    number = int(number or 0)
    # A range is not read by a search, however small it is.
    is_few = number <= FEW and not ranges
    skus = [change.listed for change in SearchChange.objects.all()] if is_few and number else []
    return Pending(number, frozenset().union(*skus) if is_few else None, has_deleted=deletions > 0)


def pending_since() -> datetime | None:
    """When the oldest of what the index does not have yet was changed; None if it has everything."""
    changed = SearchChange.objects.filter(deleted=None)
    found: datetime | None = changed.aggregate(since=Min("created_at"))["since"]
    return found
