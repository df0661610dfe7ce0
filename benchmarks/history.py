"""What the history costs those who read it, and its pruning: `python -m benchmarks.history`.

Five million changes of prices by default, on PostgreSQL and on SQLite, as 50 imports in chunks of 10,000 rows write
them; one product is changed in every chunk. Requests go through all of Django, without the network; the figures are the
95th percentile of the time, and the median of the processor time of this process. `fill` and `MEASURED` are for those
who have more to measure.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import dashboard
from benchmarks.dashboard import set_up, timed
from benchmarks.databases import BASE_DIR, databases

CHUNK_ROWS, IMPORTS = 10_000, 50
# Imports of the oldest fifth are so old, the others recent: a day apart.
OLD_DAYS = 200

# Takes what was measured, the figure, the goal, and the processor time.
Print = Callable[[str, str, str, str], None]


def fill(changes: int) -> None:
    """Put so many changes on record, of products that there are, as imports with the numbers from 1 on."""
    from django.db import connection, transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from products.history.models import ChangeSet  # noqa: PLC0415
    from products.history.recording import Origin, close, keep, open_set  # noqa: PLC0415
    from products.history.records import Changes  # noqa: PLC0415

    chunks = changes // CHUNK_ROWS // IMPORTS
    dashboard.fill(chunks * CHUNK_ROWS)
    newest = [0] * (chunks * CHUNK_ROWS)
    for number in range(1, IMPORTS + 1):
        for chunk in range(chunks):
            # The first product in every chunk, instead of one of its own.
            places = [0, *range(chunk * CHUNK_ROWS + 1, (chunk + 1) * CHUNK_ROWS)]
            skus = [f"SKU-{place + 1}" for place in places]
            old, new = ([_price(place, turn) for place in places] for turn in (number - 1, number))
            with transaction.atomic():
                opened = open_set(Origin(import_number=number))
                keep(
                    opened,
                    Changes(
                        ("sku", "price"),
                        list(zip(skus, old, strict=True)),
                        list(zip(skus, new, strict=True)),
                        previous=[newest[place] for place in places],
                        lines=[place + 2 for place in places],
                    ),
                )
                close(opened)
            age = OLD_DAYS if number <= IMPORTS // 5 else IMPORTS - number
            at = timezone.now() - timedelta(days=age, minutes=chunks - chunk)
            ChangeSet.objects.filter(pk=opened.pk).update(at=at)
            for place, address in zip(places, count(opened.first_address), strict=False):
                newest[place] = address
    with connection.cursor() as cursor:
        statement = "UPDATE products_product SET last_change = %s, price = NULL WHERE sku_normalized = %s"
        pairs = [(address, f"sku-{place + 1}") for place, address in enumerate(newest) if address]
        cursor.executemany(statement, pairs)


def _price(place: int, turn: int) -> Decimal:
    """A product's price after so many imports: no two that follow each other are alike."""
    return Decimal((place * 7919 + turn * 104_729) % 99_991 + 1) / 100


def measure_blame(requests: int, tell: Print) -> None:
    """A product's newest changes, by the function and over HTTP; by what the lists filter."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from products.history.stories import story  # noqa: PLC0415
    from products.models import Product  # noqa: PLC0415

    client = Client()
    client.force_login(User.objects.get())
    often = Product.objects.earliest("pk")
    seldom = Product.objects.get(sku="SKU-5000")

    class Answer:
        status_code = 200

    def newest() -> Any:
        assert len(story(often.last_change, 50).entries) == 50
        return Answer

    def request(title: str, goal: str, path: str) -> None:
        measured(title, goal, lambda: client.get(path))

    def measured(title: str, goal: str, work: Callable[[], Any]) -> None:
        elapsed, processor = timed(work, requests)
        tell(title, f"{elapsed:.0f} ms", goal, f"{processor:.0f} ms")

    measured("a product's newest 50 changes of many", "50 ms", newest)
    request(
        "the same over HTTP, without origins of values",
        "",
        f"/api/products/{often.pk}/history?before={often.last_change}",
    )
    request("the same with them, which are not on record", "", f"/api/products/{often.pk}/history")
    request("a product with 50 changes over HTTP", "", f"/api/products/{seldom.pk}/history")
    request("its page in the dashboard", "", f"/admin/products/product/{seldom.pk}/change/")
    recent = (timezone.now() - timedelta(minutes=4.5)).isoformat().replace("+", "%2B")
    request("list: changed since, 40,000 match", "", f"/api/products/?changed_since={recent}")
    request("list: a field that was never changed", "", "/api/products/?changed_field=name")
    started = time.perf_counter()
    assert client.get("/api/products/?changed_field=price").status_code == 400
    tell("list: refused, since too many match", f"{1000 * (time.perf_counter() - started):.0f} ms", "", "")


def measure_pruning(requests: int, tell: Print) -> None:  # noqa: ARG001  # once it is done, it is done
    """How much is kept of a change, and how long it takes to delete the oldest fifth of all."""
    from django.db.models import Sum  # noqa: PLC0415
    from django.db.models.functions import Length  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from products.history.models import ChangeBlock  # noqa: PLC0415
    from products.history.pruning import delete_before  # noqa: PLC0415

    told = ChangeBlock.objects.aggregate(bytes=Sum(Length("data")), changes=Sum("changed"))
    tell("bytes kept of a changed price", f"{told['bytes'] / told['changes']:.1f}", "30", "")
    started = time.perf_counter()
    sets = delete_before(timezone.now() - timedelta(days=180), 600)
    elapsed = time.perf_counter() - started
    left = ChangeBlock.objects.aggregate(changes=Sum("changed"))["changes"]
    tell(f"pruning {told['changes'] - left:,} changes in {sets} sets", f"{elapsed:.2f} s", "1 s", "")


# In this order; the last one deletes.
MEASURED: tuple[Callable[[int, Print], None], ...] = (measure_blame, measure_pruning)


def measure(requests: int) -> None:
    """Print the lines of the table for the database of this process' settings."""
    from django.db import connection  # noqa: PLC0415

    def tell(title: str, figure: str, goal: str, processor: str) -> None:
        print(f"| {connection.vendor} | {title} | {figure} | {goal} | {processor} |", flush=True)

    for each in MEASURED:
        each(requests, tell)


def main() -> None:
    """Fill both databases, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=5_000_000, help="changes on record (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=30, help="requests for each figure (default: %(default)s)")
    parser.add_argument("--databases", default="postgresql,sqlite", help="which (default: %(default)s)")
    parser.add_argument("--postgres-url", default="", help="a server to use instead of a temporary one")
    # What this command calls itself with, in the environment of a database.
    parser.add_argument("--step", choices=["fill", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        set_up()
        fill(options.changes) if options.step == "fill" else measure(options.requests)
        return
    with (
        tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name,
        databases(Path(name), options.databases.split(","), options.postgres_url) as chosen,
    ):
        print(f"{options.changes:,} changes on record, 95th percentile of {options.requests}\n")
        print("| database | what | figure | goal | processor |\n|---|---|--:|--:|--:|", flush=True)
        for database in chosen:
            environment = database.environment(UPLOAD_FOLDER=name, DJANGO_SETTINGS_MODULE="acme_importer.settings")
            command = [sys.executable, "-m", "benchmarks.history", *sys.argv[1:]]
            subprocess.run([*command, "--step=fill"], cwd=BASE_DIR, env=environment, check=True)
            database.settle()
            subprocess.run([*command, "--step=measure"], cwd=BASE_DIR, env=environment, check=True)


if __name__ == "__main__":
    main()
