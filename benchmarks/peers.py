"""What else could import a file into this table: `python -m benchmarks.peers PEER FILE` prints the seconds it took.

Each in the set-up that its documentation recommends for speed, and in one transaction. None of them gives a receipt,
goes on after a faulty row or after a crash, or tells two spellings of one SKU apart by itself.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402 - after the set-up
from django.utils import timezone  # noqa: E402
from import_export.instance_loaders import CachedInstanceLoader  # noqa: E402
from import_export.resources import ModelResource  # noqa: E402
from postgres_copy import CopyMapping  # noqa: E402
from tablib import Dataset  # noqa: E402

from products.models import Product, normalize_sku  # noqa: E402

FIELDS = ("sku", "name", "description", "price", "is_active")


class ProductResource(ModelResource):
    """django-import-export in bulk mode, without diffs, with all products of the file fetched in one query.

    Its documentation has each of these under performance; without the cached loader there is a query for each row.
    """

    class Meta:
        model = Product
        fields = ("sku_normalized", *FIELDS)
        import_id_fields = ("sku_normalized",)
        instance_loader_class = CachedInstanceLoader
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        use_transactions = True


class UnchangedSkippingResource(ProductResource):
    """The same, but what has not changed is left unwritten, for which it has to compare."""

    class Meta(ProductResource.Meta):
        skip_diff = False
        skip_html_diff = True
        skip_unchanged = True
        report_skipped = False


def import_with(resource: ModelResource, path: Path) -> None:
    """Import with django-import-export. The loader wants the column of the id in the data."""
    with path.open(encoding="utf-8", newline="") as file:
        data = Dataset().load(file, format="csv")
    data.append_col(lambda row: normalize_sku(row[0]), header="sku_normalized")
    result = resource.import_data(data, raise_errors=True)
    assert not result.has_errors()


def import_export(path: Path) -> None:
    """Write every row."""
    import_with(ProductResource(), path)


def import_export_skip_unchanged(path: Path) -> None:
    """Write the rows that differ."""
    import_with(UnchangedSkippingResource(), path)


def update_or_create(path: Path) -> None:
    """The loop that everybody writes first."""
    with path.open(encoding="utf-8", newline="") as file, transaction.atomic():
        for row in csv.DictReader(file):
            values: dict[str, Any] = {field: row[field] for field in FIELDS}
            values["is_active"] = row["is_active"] == "true"
            Product.objects.update_or_create(sku_normalized=normalize_sku(row["sku"]), defaults=values)


def postgres_copy(path: Path) -> None:
    """django-postgres-copy. It knows no upsert, so it is measured with new products only."""
    # Its way of computing a column: a template of SQL, which a method of the model returns.
    Product.copy_sku_normalized_template = lambda _: 'lower("%(name)s")'  # type: ignore[attr-defined]
    mapping = {"sku_normalized": "sku", **{field: field for field in FIELDS}}
    with transaction.atomic():
        CopyMapping(Product, str(path), mapping, static_mapping={"updated_at": timezone.now()}).save(silent=True)


PEERS = {peer.__name__: peer for peer in (import_export, import_export_skip_unchanged, update_or_create, postgres_copy)}


def main() -> None:
    """Run one of them."""
    peer, path = PEERS[sys.argv[1]], Path(sys.argv[2])
    started = time.perf_counter()
    peer(path)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
