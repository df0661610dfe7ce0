"""The columns of a product that an import writes: the same table as `Product`, for `bulk_create` only.

The class is in an app registry of its own, so that no migration, permission or content type knows of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.apps.registry import Apps
from django.db import models
from django.db.models.base import ModelState

from products.fields import PRICE_DECIMAL_PLACES, PRICE_MAX_DIGITS


class _Prepared:
    """A field whose values are ready for the database driver, so that Django need not convert each of them again."""

    attname: str

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: ARG002  # Django's signature
        return getattr(model_instance, self.attname)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:  # noqa: ARG002  # Django's signature
        return value


class _PreparedText(_Prepared, models.TextField):
    pass


class _PreparedPrice(_Prepared, models.DecimalField):
    pass


class _PreparedBoolean(_Prepared, models.BooleanField):
    pass


class _PreparedInteger(_Prepared, models.BigIntegerField):
    pass


class _PreparedJson(_Prepared, models.JSONField):
    pass


class _Default(models.DateTimeField):
    """A column that is always what the database has as its default, in an insert and in an update."""

    # Django calls fields so for which it has no value to insert.
    generated = True


class AnyProductRow(models.Model):
    """A product as an import writes it.

    Inserting through this model instead of `Product` takes a third less processor time (measured:
    benchmarks/stages.py): there is no id to be returned, no column that the database can fill in, and no value is
    converted that is clean already.
    """

    sku_normalized = _PreparedText(primary_key=True)
    sku = _PreparedText()
    name = _PreparedText()
    description = _PreparedText()
    price = _PreparedPrice(max_digits=PRICE_MAX_DIGITS, decimal_places=PRICE_DECIMAL_PLACES, null=True)
    is_active = _PreparedBoolean()
    updated_at = _Default()
    last_import = _PreparedInteger()
    last_change = _PreparedInteger()

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    # `bulk_create` notes in it that a row is in the database, which nobody asks afterwards: so one is enough for all.
    _state = ModelState()

    class Meta:
        abstract = True

    def __init__(  # noqa: PLR0917 - a column each, as Django's own takes them
        self,
        sku_normalized: str,
        sku: str,
        name: str,
        description: str,
        price: Decimal | None,
        is_active: bool,
        last_import: int,
        last_change: int,
    ) -> None:
        # Django's own, with its signals and deferred fields, takes six times as long (measured: benchmarks/stages.py).
        self.sku_normalized = sku_normalized
        self.sku = sku
        self.name = name
        self.description = description
        self.price = price
        self.is_active = is_active
        self.last_import = last_import
        self.last_change = last_change

    def __str__(self) -> str:
        return self.sku


class _Table:
    managed = False
    app_label = "imports"
    db_table = "products_product"


class ProductRow(AnyProductRow):
    """A product as an import writes it that keeps no extra."""

    class Meta(_Table):
        apps = Apps()


class ProductRowWithExtra(AnyProductRow):
    """A product as an import writes it that keeps the columns that are no field."""

    extra = _PreparedJson()

    class Meta(_Table):
        apps = Apps()

    def __init__(self, *, extra: str, **values: Any) -> None:
        super().__init__(**values)
        self.extra = extra
