"""The class through which imports write products: the columns of the table, and unknown to the rest of Django."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models import Field

from imports.writing.product_rows import AnyProductRow, ProductRow, ProductRowWithExtra
from products.models import Product


def column(field: models.Field) -> dict[str, Any]:
    """What the database is told of a column, without the length of a text: PostgreSQL counts it when it is written."""
    db_type = str(field.db_type(connection)).partition("(")[0] if not isinstance(field, models.DecimalField) else ""
    return {
        "column": field.column,
        "type": {"varchar": "text"}.get(db_type, db_type) or field.db_type(connection),
        "digits": (getattr(field, "max_digits", None), getattr(field, "decimal_places", None)),
        "null": field.null,
    }


@pytest.mark.parametrize("table", [ProductRow, ProductRowWithExtra])
def test_its_columns_are_those_of_a_product(table: type[AnyProductRow]) -> None:
    assert table._meta.db_table == Product._meta.db_table
    for field in table._meta.local_concrete_fields:
        field_of_product = Product._meta.get_field(field.name)
        assert isinstance(field_of_product, Field)
        of_product = column(field_of_product)
        if field.name == "last_import":
            # An import always has a number.
            of_product["null"] = False
        assert column(field) == of_product


def test_only_what_the_database_fills_in_is_missing() -> None:
    of_product = {field.name for field in Product._meta.local_concrete_fields}
    written = {field.name for field in ProductRowWithExtra._meta.local_concrete_fields}
    assert of_product - written == {"id", "created_at", "event_sequence", "checked_import"}
    assert written - {field.name for field in ProductRow._meta.local_concrete_fields} == {"extra"}


@pytest.mark.django_db
def test_no_registry_permission_or_content_type_knows_of_it() -> None:
    assert ProductRow not in apps.get_models(include_auto_created=True)
    assert not ContentType.objects.filter(model="productrow").exists()
    assert not Permission.objects.filter(codename__contains="productrow").exists()
