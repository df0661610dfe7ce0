"""The catalogue. Knows nothing of files, jobs or webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from acme_importer.texts import printable
from products import lookups  # noqa: F401  # registers `__any_of`
from products.fields import (
    DESCRIPTION_MAX_LENGTH,
    NAME_MAX_LENGTH,
    PRICE_DECIMAL_PLACES,
    PRICE_MAX_DIGITS,
    SKU_MAX_LENGTH,
    SKU_NORMALIZED_MAX_LENGTH,
    has_control_character,
    normalize_sku,
    strip_all,
)
from products.history.models import ChangeBlock, ChangeSet, Counter, Farewell  # noqa: F401  # models of this app
from products.search.changes import WITH_WORDS, SearchChange, note  # noqa: F401  # a model of this app

SKU_WITH_CONTROL_CHARACTER = "A SKU must have no control characters, such as a line break or a tab."
SKU_TAKEN = "A product with this SKU already exists (letter case does not matter)."


def sku_is_taken(sku: str, besides: int | None = None) -> bool:
    """Whether a product has this SKU in any spelling, other than the one with the id `besides`."""
    products = Product.objects.filter(sku_normalized=normalize_sku(sku))
    if besides is not None:
        products = products.exclude(pk=besides)
    return products.exists()


class Product(models.Model):
    """One product of the catalogue, known by its SKU regardless of letter case."""

    sku = models.CharField("SKU", max_length=SKU_MAX_LENGTH)
    sku_normalized = models.CharField(max_length=SKU_NORMALIZED_MAX_LENGTH, editable=False)
    name = models.CharField(max_length=NAME_MAX_LENGTH)
    description = models.TextField(blank=True, default="", max_length=DESCRIPTION_MAX_LENGTH)
    price = models.DecimalField(
        max_digits=PRICE_MAX_DIGITS,
        decimal_places=PRICE_DECIMAL_PLACES,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    is_active = models.BooleanField("active", default=True)
    # What suppliers say besides (`products.extra`). An import that does not keep it neither reads nor writes it.
    extra = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    # By the database's clock, so that bulk inserts need not send them: PostgreSQL takes 2 µs to read a time (measured:
    # docs/performance.md).
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    # The number of the import that wrote this product last. A plain number, since this app knows no other, and since a
    # foreign key with a database constraint costs a trigger for each imported row.
    last_import = models.BigIntegerField(null=True, blank=True, editable=False)
    # The number of the newest import that found this product as it should be, noted only where an import before that
    # one might still have written something else (`imports.writing.overlaps`).
    checked_import = models.BigIntegerField(null=True, blank=True, editable=False)
    # How many events have told of this very product (`products.editing`). Imports tell of none, and leave it alone.
    event_sequence = models.IntegerField(
        db_default=0, editable=False, help_text="The `sequence` of the last event about this product; 0 without any."
    )

    # The address of the newest record of its history (`products.history`), 0 if nothing of it is on record. Whoever
    # writes a product writes this, too.
    last_change = models.BigIntegerField(db_default=0, default=0, editable=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            # Not `unique=True`, which makes two indexes on PostgreSQL: this one serves equality, prefix search and
            # ON CONFLICT. SQLite ignores the operator class.
            models.UniqueConstraint(
                fields=["sku_normalized"],
                name="product_sku_normalized_unique",
                opclasses=["varchar_pattern_ops"],
            ),
        )

        # For the number of active products, and the list of the others. It costs an import next to nothing: rows of
        # active products are not in it.
        indexes = (models.Index(fields=["id"], condition=models.Q(is_active=False), name="product_inactive"),)

    def __str__(self) -> str:
        return printable(f"{self.sku} {self.name}")

    def clean_fields(self, exclude: Any = None) -> None:
        self.sku = strip_all((self.sku,))[0]
        self.sku_normalized = normalize_sku(self.sku)
        super().clean_fields(exclude=exclude)
        if "sku" not in set(exclude or ()) and has_control_character(self.sku):
            raise ValidationError({"sku": ValidationError(SKU_WITH_CONTROL_CHARACTER, code="control_character")})

    def validate_constraints(self, exclude: Any = None) -> None:
        # The unique field is in no form, and so would not be checked; people see the clash at the field it follows.
        excluded = set(exclude or ())
        super().validate_constraints(exclude=excluded | {"sku_normalized"})
        if "sku" not in excluded and sku_is_taken(self.sku, besides=self.pk):
            raise ValidationError({"sku": ValidationError(SKU_TAKEN, code="unique")})

    def save(
        self,
        *,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save the product; `sku_normalized` follows `sku`, `updated_at` the clock, and the index the words."""
        self.sku = strip_all((self.sku,))[0]
        self.sku_normalized = normalize_sku(self.sku)
        self.updated_at = timezone.now()
        if update_fields is not None:
            update_fields = {*update_fields, "updated_at", *(["sku_normalized"] if "sku" in update_fields else [])}
        with transaction.atomic():
            super().save(force_insert=force_insert, force_update=force_update, using=using, update_fields=update_fields)
            if update_fields is None or not WITH_WORDS.isdisjoint(update_fields):
                note([self.sku_normalized])
