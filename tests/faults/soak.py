"""Many faults, with a table of how long the way back to work took: `python -m tests.faults.soak`. `make soak` calls it.

Works on the database that DATABASE_URL names, else on a temporary one of SQLite. It is emptied: for PostgreSQL use the
temporary one of `tests.with_postgres`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
import traceback
from itertools import product
from pathlib import Path
from statistics import median

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from tests.faults.kind import CannotBeDoneError  # noqa: E402
from tests.faults.kinds import KINDS  # noqa: E402
from tests.faults.running import ROWS, Result, run  # noqa: E402
from tests.settings import FOLDER  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def table(results: list[Result], failures: dict[str, int]) -> str:
    """The results as a table in Markdown."""
    lines = ["| Fault | Runs | Median | Longest | Goal |", "|---|--:|--:|--:|--:|"]
    for name, kind in KINDS.items():
        seconds = [result.seconds for result in results if result.kind == name]
        failed = f", {failures[name]} failed" if failures.get(name) else ""
        if seconds or failed:
            figures = f"{median(seconds):.1f} s | {max(seconds):.1f} s" if seconds else "|"
            lines.append(f"| {name} | {len(seconds)}{failed} | {figures} | {kind.goal:.0f} s |")
    return "\n".join(lines)


def write(text: str) -> None:
    """Put `text` into docs/reliability.md, in place of what the last run on this database has left there."""
    begin, end = f"<!-- {connection.vendor} -->", f"<!-- end of {connection.vendor} -->"
    page = PAGE.read_text()
    before, rest = page.split(begin)
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")


def keep_commits() -> None:
    """Have PostgreSQL lose no commit when it is stopped immediately: the temporary one is set up for speed."""
    if connection.vendor == "postgresql":
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
        connection.close()


def unwind(*_: object) -> None:
    """End on a termination as on Ctrl-C, so that no process is left. A second one, of the group, changes nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def main() -> int:
    """Run the kinds and seeds of the command line; the exit code says whether all came out right, and in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), metavar="KIND")
    parser.add_argument("--seeds", type=int, default=10, help="how many runs of each kind (default: %(default)s)")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the files (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after this (default: never)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, unwind)
    call_command("migrate", verbosity=0)
    keep_commits()
    results: list[Result] = []
    failures: dict[str, int] = {}
    end = time.monotonic() + arguments.minutes * 60
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    kinds = [name for name in arguments.kinds if connection.vendor in KINDS[name].databases]
    for seed, name in product(seeds, kinds):
        if time.monotonic() > end:
            break
        try:
            result = run(name, seed, arguments.rows)
        except CannotBeDoneError as error:
            print(f"{name}, seed {seed}: skipped. {error}", flush=True)
        except Exception:  # noqa: BLE001 - the others are run all the same
            failures[name] = failures.get(name, 0) + 1
            print(f"{name}, seed {seed}: FAILED", flush=True)
            traceback.print_exc()
        else:
            results.append(result)
            print(f"{name}, seed {seed}: {result.seconds:.1f} s", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    text = f"{connection.display_name}, {len(results)} faults, {os.cpu_count()} cores:\n\n{table(results, failures)}"
    print(f"\n{text}")
    if arguments.write:
        write(text)
    late = [result for result in results if result.seconds > KINDS[result.kind].goal]
    return 1 if failures or late else 0


if __name__ == "__main__":
    sys.exit(main())
