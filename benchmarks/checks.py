"""What a check takes, and the import of what it has shown: `python -m benchmarks.checks [--rows 500000]`.

Of a file that changes nothing: the import, and a check. Of one that changes all rows in every field: a check, the
import of what it has shown, and the import of a file that changes all of them back, without a check. The unchanged one
is imported as a supplier's too: with a full sync, for which it is compared with the last one, and under guard, for
which it is checked first. Measured is the
processor time of the command and of the database server together, and the time by the clock. Then the pages of that
check's changes, by the clock, the best of five, in a process of their own (`--pages` is what runs there).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.databases import BASE_DIR, Database, Postgres, SQLite
from benchmarks.history_costs import write_files
from benchmarks.measurements import this_machine
from benchmarks.undo import Taken, manage
from tests.with_postgres import temporary_postgres

REPEAT = 5
# For the product's shell: the newest import is remembered, as of one who wants a full sync and no guards; then guards.
REMEMBER = """
from imports import remembering
from imports.models import ImportJob
supplier = remembering.remember("Nordic Tools", ImportJob.objects.latest("pk"))
remembering.change(supplier, missing="deactivate", guards=None)
"""
GUARD = """
from imports import remembering, suppliers
remembering.change(suppliers.find("Nordic Tools"), missing="keep", guards={})
"""


def measure(database: Database, writer: str, files: dict[str, Path]) -> None:
    """Print a row for each command of one round."""

    def run(*arguments: str) -> tuple[Taken, int]:
        database.settle()
        taken, output = manage(database, "import_csv", *arguments, "--json", writer=writer)
        return taken, json.loads(output)["id"]

    def tell(what: str, taken: Taken, beside: Taken | None = None) -> Taken:
        ratio = f"{taken.cpu / beside.cpu:.2f}" if beside else ""
        name = f"{database.name}, {writer}"
        print(f"| {name} | {what} | {taken.cpu:.2f} | {taken.clock:.2f} | {ratio} |", flush=True)
        return taken

    database.empty()
    run(str(files["new"]))
    again, _ = run(str(files["new"]))
    tell("import of unchanged rows", again)
    manage(database, "shell", "-c", REMEMBER, writer=writer)
    taken, _ = run(str(files["new"]), "--supplier", "Nordic Tools")
    tell("the same as a supplier's, with a full sync", taken, again)
    manage(database, "shell", "-c", GUARD, writer=writer)
    taken, _ = run(str(files["new"]), "--supplier", "Nordic Tools")
    tell("the same under guard", taken, again)
    taken, _ = run(str(files["new"]), "--check")
    tell("check of unchanged rows", taken, again)
    taken, check = run(str(files["all changed"]), "--check")
    tell("check of changed rows", taken, again)
    applied, _ = run("--apply", str(check))
    unchecked, _ = run(str(files["new"]))
    tell("import of changed rows", unchecked)
    tell("import of what the check has shown", applied, unchecked)
    print(manage_pages(database, check), end="", flush=True)


def manage_pages(database: Database, check: int) -> str:
    """What a process of its own tells of the pages."""
    command = [sys.executable, "-m", "benchmarks.checks", "--pages", str(check)]
    environment = database.environment()
    return subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, text=True, stdout=subprocess.PIPE).stdout


def pages(number: int) -> None:
    """Print how long pages of a check's changes take."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "acme_importer.settings"
    import django  # noqa: PLC0415

    django.setup()
    from imports import changes  # noqa: PLC0415
    from imports.changes import Filters  # noqa: PLC0415
    from imports.models import ImportJob  # noqa: PLC0415
    from imports.proposed import BY_MOVE  # noqa: PLC0415

    job = ImportJob.objects.get(pk=number)
    asked: dict[str, Any] = {
        "the first page": {},
        "of one field": {"field": "price"},
        "of what is found nowhere": {"mark": "emptied"},
        "by the beginning of a SKU": {"sku": "ACME-00"},
        "the largest price moves": {"order": BY_MOVE},
        "the largest of those that go down": {"order": BY_MOVE, "mark": "price_down"},
    }
    for name, filters in asked.items():
        taken = []
        for _ in range(REPEAT):
            start = time.perf_counter()
            changes.page(job, Filters(**filters), cursor=0, limit=50)
            taken.append(time.perf_counter() - start)
        print(f"| page | {name} | | {min(taken) * 1000:.0f} ms | |")


def main() -> None:
    """Measure on the databases that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000, help="of the file (default: 500,000)")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--pages", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.pages:
        pages(asked.pages)
        return
    print(f"{this_machine()}; {asked.rows:,} rows, seconds")
    print("| database, writer | what | processor | clock | ratio |\n|---|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name:
        files = write_files(Path(name), asked.rows)
        if "sqlite" in asked.databases:
            measure(SQLite(Path(name)), "bulk_create", files)
        if "postgresql" in asked.databases:
            with temporary_postgres(configuration="") as url:
                for writer in ("bulk_create", "copy"):
                    measure(Postgres(url), writer, files)


if __name__ == "__main__":
    main()
