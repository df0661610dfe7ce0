"""How quick the dashboard is in a large catalogue: `python -m benchmarks.dashboard`.

A million products by default, on PostgreSQL and on SQLite. Each page is requested over and over as a logged-in user,
through all of Django, without the network. The figures are the 95th percentile of the time, and the median of the
processor time of the web process, which other programs on the machine disturb less.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command

from benchmarks.databases import BASE_DIR, databases

# Title, path, and the goal in milliseconds, if there is one.
PAGES: tuple[tuple[str, str, int | None], ...] = (
    ("front page", "/admin/", 150),
    ("list, first page", "/admin/products/product/", 150),
    ("list, page 1,000", "/admin/products/product/?p=1000", 150),
    ("SKU prefix, few match", "/admin/products/product/?sku_prefix=SKU-99999", 150),
    ("SKU prefix, many match", "/admin/products/product/?sku_prefix=SKU-", 150),
    ("name, none matches", "/admin/products/product/?name=no+such+name", 700),
    ("name, many match", "/admin/products/product/?name=a", 700),
    ("inactive products", "/admin/products/product/?is_active=false", 150),
    ("active products", "/admin/products/product/?is_active=true", 150),
    ("price range, 1 in 1,000 matches", "/admin/products/product/?price_min=5&price_max=5.99", None),
    ("last import, none matches", "/admin/products/product/?last_import=2", None),
    ("all, ordered by name", "/admin/products/product/?o=2", None),
)
# The same, of the import that is running; its number stands for {job}.
PAGES_DURING_AN_IMPORT = (
    ("poll while an import runs", "/api/jobs/{job}/", 150),
    ("front page while an import runs", "/admin/", 150),
)
# What the page sends that asks whether all products are to be deleted, besides their number.
DELETE_ALL = {"action": "delete_selected", "select_across": "1", "_selected_action": "all"}
# More than is imported while those are requested.
IMPORT_ROWS = 2_000_000


# Products with names and descriptions of some length, five of a hundred inactive, straight into the table.
FILL = """
    INSERT INTO products_product
        (sku, sku_normalized, name, description, price, is_active, created_at, updated_at, last_import)
    SELECT 'SKU-' || n, 'sku-' || n, {word} || ' chair ' || n, 'A ' || {word} || ' chair that seats one, number ' || n,
        n % 100000 / 100.0, n % 100 >= 5, {now}, {now}, 1
    FROM {numbers}
"""
ON_POSTGRESQL = FILL.format(
    word="(array['Oak', 'Pine', 'Walnut', 'Birch', 'Steel'])[n % 5 + 1]",
    now="now()",
    numbers="generate_series(1, %s) AS numbers(n)",
)
ON_SQLITE = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)" + FILL.format(
    word="CASE n % 5 WHEN 0 THEN 'Oak' WHEN 1 THEN 'Pine' WHEN 2 THEN 'Walnut' WHEN 3 THEN 'Birch' ELSE 'Steel' END",
    now="strftime('%Y-%m-%d %H:%M:%f')",
    numbers="numbers",
)


def fill(rows: int) -> None:
    """Put so many products into the database, and a user to look at them."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    statement = ON_POSTGRESQL if connection.vendor == "postgresql" else ON_SQLITE
    with connection.cursor() as cursor:
        # The per cent signs of the statement are SQL's, all but one.
        cursor.execute(statement.replace("%s", str(rows)))
    User.objects.create_superuser("benchmark")


def timed(request: Callable[[], Any], times: int, pause: float = 0) -> tuple[float, float]:
    """Milliseconds, once all is loaded: within which 95 of 100 requests are answered, and a median one's processor.

    `pause` is that between requests, in seconds.
    """
    request()
    elapsed, processor = [], []
    for _ in range(times):
        time.sleep(pause)
        started, cpu = time.perf_counter(), time.process_time()
        answer = request()
        processor.append(time.process_time() - cpu)
        elapsed.append(time.perf_counter() - started)
        assert answer.status_code == 200, answer
    return 1000 * statistics.quantiles(elapsed, n=20)[-1], 1000 * statistics.median(processor)


@contextmanager
def running_import(folder: Path) -> Iterator[int]:
    """A process that imports new products, and the number of its import once its first rows are in."""
    from imports.models import ImportJob  # noqa: PLC0415

    path = folder / "products.csv"
    call_command("generate_products", rows=IMPORT_ROWS, output=str(path), verbosity=0)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_csv", str(path)], cwd=BASE_DIR, stderr=subprocess.DEVNULL
    )
    try:
        running = ImportJob.objects.with_progress().filter(status="running")
        while not (job := running.filter(processed_rows__gt=0).first()):  # type: ignore[misc]  # an annotation
            time.sleep(0.1)
        yield job.pk
        assert process.poll() is None, "The import was over before the pages had been requested."
    finally:
        process.kill()
        process.wait()


def measure(requests: int) -> None:
    """Print the lines of the table for the database of this process' settings."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from products.models import Product  # noqa: PLC0415

    client = Client()
    client.force_login(User.objects.get())

    def measure_page(title: str, path: str, goal: int | None, pause: float = 0) -> None:
        elapsed, processor = timed(lambda: client.get(path), requests, pause)
        aim = f"{goal} ms" if goal else ""
        print(f"| {connection.vendor} | {title} | {elapsed:.0f} ms | {aim} | {processor:.0f} ms |", flush=True)

    for title, path, goal in PAGES:
        measure_page(title, path, goal)
    with running_import(settings.UPLOAD_FOLDER) as job:
        for title, path, goal in PAGES_DURING_AN_IMPORT:
            # Spread over many chunks of the import.
            measure_page(title, path.format(job=job), goal, pause=0.1)
    count = Product.objects.count()
    started = time.perf_counter()
    answer = client.post("/admin/products/product/", DELETE_ALL | {"expected": count, "typed": count})
    elapsed, left = 1000 * (time.perf_counter() - started), Product.objects.count()
    assert (answer.status_code, left) == (302, 0), f"{left} products are left."
    print(f"| {connection.vendor} | deletion of all {count:,} products, once | {elapsed:,.0f} ms | | |", flush=True)


def set_up() -> None:
    """Load the product as its web server does, with the settings of this process' environment."""
    from django.conf import settings  # noqa: PLC0415

    from acme_importer import wsgi  # noqa: F401, PLC0415

    settings.ALLOWED_HOSTS = ["testserver"]
    # Nothing has been collected for it.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"


def main() -> None:
    """Fill both databases, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="products in the catalogue (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=50, help="requests for each page (default: %(default)s)")
    parser.add_argument("--databases", default="postgresql,sqlite", help="which (default: %(default)s)")
    parser.add_argument("--postgres-url", default="", help="a server to use instead of a temporary one")
    # What this command calls itself with, in the environment of a database.
    parser.add_argument("--step", choices=["fill", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        set_up()
        fill(options.rows) if options.step == "fill" else measure(options.requests)
        return
    with (
        tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name,
        databases(Path(name), options.databases.split(","), options.postgres_url) as chosen,
    ):
        print(f"{options.rows:,} products, 95th percentile of {options.requests} requests\n")
        print("| database | page | p95 | goal | processor |\n|---|---|--:|--:|--:|", flush=True)
        for database in chosen:
            environment = database.environment(UPLOAD_FOLDER=name, DJANGO_SETTINGS_MODULE="acme_importer.settings")
            command = [sys.executable, "-m", "benchmarks.dashboard", *sys.argv[1:]]
            subprocess.run([*command, "--step=fill"], cwd=BASE_DIR, env=environment, check=True)
            database.settle()
            subprocess.run([*command, "--step=measure"], cwd=BASE_DIR, env=environment, check=True)


if __name__ == "__main__":
    main()
