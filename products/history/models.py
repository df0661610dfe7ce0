"""The tables of the history: sets of changes, their blocks, where the history of deleted products begins, the counter.

There is no index that an import fills but primary keys and a short one over sets: a product points to its newest record
(`Product.last_change`), and each record to the one before.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from products.fields import SKU_NORMALIZED_MAX_LENGTH

# The address of a record is the number of its set, and its place among so many at most that a set may have.
PLACES = 1 << 20


class ChangeSet(models.Model):
    """Changes that were committed together: a chunk of an import, an edit by hand, a bulk action."""

    # The number of the import, or the name of the user; neither where the system itself changed something. They are
    # plain, since this app knows no import, and since the history outlives its users.
    import_number = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(db_default=Now())
    # In the order in which they were committed, without gaps; null only while the transaction is open. The numbers of
    # sets are drawn when the transactions begin, and are in another order.
    number = models.BigIntegerField(null=True, unique=True)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    # The fields that changed, a bit each (`records.mask`), and the lines of the file that the changes are from.
    fields = models.PositiveSmallIntegerField(default=0)
    first_line = models.PositiveBigIntegerField(default=0)
    last_line = models.PositiveBigIntegerField(default=0)

    class Meta:
        app_label = "products"
        default_permissions = ()
        indexes = (
            models.Index(
                fields=["import_number", "id"],
                condition=models.Q(import_number__isnull=False),
                name="changeset_import",
            ),
        )

    def __str__(self) -> str:
        return f"Changes {self.pk}"

    @property
    def first_address(self) -> int:
        """The address of its first record; the others follow."""
        return self.pk * PLACES


class ChangeBlock(models.Model):
    """Up to 500 records of a set, compressed. The key is the address of the first one."""

    id = models.BigIntegerField(primary_key=True)
    created = models.PositiveSmallIntegerField()
    changed = models.PositiveSmallIntegerField()
    deleted = models.PositiveSmallIntegerField()
    fields = models.PositiveSmallIntegerField()
    data = models.BinaryField()

    class Meta:
        app_label = "products"
        default_permissions = ()

    def __str__(self) -> str:
        return f"Changes {self.pk // PLACES} from {self.pk % PLACES} on"


class Farewell(models.Model):
    """A SKU that a product had until it was deleted or was given another one, and its last record under it."""

    sku_normalized = models.CharField(max_length=SKU_NORMALIZED_MAX_LENGTH)
    address = models.BigIntegerField()

    class Meta:
        app_label = "products"
        default_permissions = ()
        indexes = (models.Index(fields=["sku_normalized", "address"], name="farewell_sku"),)

    def __str__(self) -> str:
        return self.sku_normalized


class Counter(models.Model):
    """The number of the last set that was committed, in one row.

    Its update is the last step of a transaction that records something, and held until it is committed: so the numbers
    are in the order of the commits, and whoever finds no number between two has missed nothing.
    """

    ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ROW)
    last = models.BigIntegerField(default=0)

    class Meta:
        app_label = "products"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.last)
