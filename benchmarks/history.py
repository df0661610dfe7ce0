"""How long the history of products takes to be read, and to be pruned: `python -m benchmarks.history [--changes N]`.

On SQLite, or on PostgreSQL with `python -m tests.with_postgres` in front. The history is filled with what imports write
that change the price of each product, one import after the other, over 200 days. Each figure of reading is the best of
nine, beside the processor time of this process, since the machine does other things as well; a fifth of the history is
pruned once.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import django

os.environ.update(DJANGO_SETTINGS_MODULE="acme_importer.settings", ENV_FILE=os.devnull, SECRET_KEY="only-for-measuring")
FOLDER = tempfile.TemporaryDirectory(prefix="acme-benchmark-")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER.name}/products.sqlite3")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.measurements import this_machine  # noqa: E402
from products.history import blame  # noqa: E402
from products.history.blame import Subject  # noqa: E402
from products.history.changed import Asked, TooManyError, changed_skus  # noqa: E402
from products.history.models import ChangeBlock, ChangeSet  # noqa: E402
from products.history.pruning import delete_before  # noqa: E402
from products.history.recording import Origin, close, keep, open_set  # noqa: E402
from products.history.records import Changes  # noqa: E402
from products.models import Product  # noqa: E402

PRODUCTS, CHUNK_ROWS = 20_000, 10_000
DAYS = 200
FIELDS = ("sku", "price")
REPEAT = 9


def fill(imports: int) -> None:
    """So many imports, each of which changes the price of every product."""
    skus = [f"ACME-{number:07}" for number in range(PRODUCTS)]
    previous = [0] * PRODUCTS
    begin = timezone.now() - timedelta(days=DAYS)
    for number in range(1, imports + 1):
        for first in range(0, PRODUCTS, CHUNK_ROWS):
            rows = range(first, first + CHUNK_ROWS)
            with transaction.atomic():
                opened = open_set(Origin(import_number=number))
                before, after = ([(skus[row], price(row, of)) for row in rows] for of in (number - 1, number))
                lines = [row + 2 for row in rows]
                keep(opened, Changes(FIELDS, before, after, previous[first : first + CHUNK_ROWS], lines))
                close(opened)
                opened.at = begin + timedelta(days=DAYS) * number / (imports + 1)
                opened.save(update_fields=["at"])
            previous[first : first + CHUNK_ROWS] = range(opened.first_address, opened.first_address + CHUNK_ROWS)
    Product.objects.bulk_create(
        Product(sku=sku, sku_normalized=sku.lower(), name="Lamp", price=price(row, imports), last_change=previous[row])
        for row, sku in enumerate(skus)
    )


def price(row: int, of: int) -> Decimal:
    """What a product costs after this import: another price than before, and none that repeats itself in a pattern."""
    return Decimal((row * 40_503 + of * 65_537 + row * row) % 99_991) / 100


def best(what: str, do: Callable[[], object]) -> None:
    """Do it some times, and tell the best."""
    tell(what, *min(measure(do) for _ in range(REPEAT)))


def measure(do: Callable[[], object]) -> tuple[float, float]:
    """The seconds that it takes, and those of the processor in this process."""
    begin, cpu = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - begin, time.process_time() - cpu


def tell(what: str, seconds: float, cpu: float) -> None:
    """Print a figure."""
    print(f"{what:<64} {seconds * 1000:>9,.1f} ms {cpu * 1000:>9,.1f} ms", flush=True)


def refused(asked: Asked) -> None:
    """Read as much of the history as a request may."""
    try:
        changed_skus(asked)
    except TooManyError:
        return
    raise RuntimeError("So few changes are read to the end.")


def main() -> None:
    """Fill the history, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=5_000_000, help="recorded changes (default: 5000000)")
    imports = parser.parse_args().changes // PRODUCTS
    call_command("migrate", verbosity=0)
    fill(imports)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    kept = sum(map(len, ChangeBlock.objects.values_list("data", flat=True).iterator()))
    each = f"{kept / imports / PRODUCTS:.1f} bytes each"
    print(f"{this_machine()}, {connection.vendor}, {imports * PRODUCTS:,} changes, {each}")

    product: Any = Product.objects.get(sku=f"ACME-{PRODUCTS // 2:07}")
    subject = Subject.of_product(product)
    blame_read, blame.MOST_READ = blame.MOST_READ, 0
    best("a product's newest 50 changes", lambda: blame.history(subject, 50))
    blame.MOST_READ = blame_read
    best(
        f"the same, and where its values are from: {min(imports, blame_read)} records",
        lambda: blame.history(subject, 50),
    )
    best(f"products changed by an import: {PRODUCTS:,}", lambda: changed_skus(Asked(import_number=imports // 2)))
    since = timezone.now() - timedelta(days=7)
    best("products changed in the last week, in their price", lambda: changed_skus(Asked(field="price", since=since)))
    best("too many changes, until that is said", lambda: refused(Asked(field="price")))

    old = ChangeSet.objects.order_by("pk")[imports * PRODUCTS // CHUNK_ROWS // 5]
    sets = ChangeSet.objects.count()
    tell("pruning a fifth of it", *measure(lambda: delete_before(old.at, 60)))
    print(f"{sets - ChangeSet.objects.count()} of {sets} sets were deleted")


if __name__ == "__main__":
    main()
