"""What an undo takes, against the import that it undoes: `python -m benchmarks.undo`.

Each round begins with an empty database: new products, a file that changes all of them, the undo of that, and the undo
of the undo; then the undo of an import that only changed prices, and of one that created all products. Measured is the
processor time of the command and of the database server together, which depends little on what else the machine does,
and the time by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.databases import BASE_DIR, Database, Postgres, SQLite
from benchmarks.history_costs import write_files
from benchmarks.measurements import this_machine
from tests.with_postgres import temporary_postgres


class Taken(NamedTuple):
    """Processor seconds, and seconds by the clock."""

    cpu: float
    clock: float


def manage(database: Database, *arguments: str, writer: str) -> tuple[Taken, str]:
    """Run a command; returns what it and the database have taken, and what it has printed."""
    server, started = database.server_cpu(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=database.environment(IMPORT_WRITER=writer),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    clock = time.perf_counter() - started
    if status:
        raise RuntimeError(f"{' '.join(arguments)} has failed.")
    return Taken(used.ru_utime + used.ru_stime + database.server_cpu() - server, clock), output


class Round:
    """Imports and undos of one round, by the names under which they are reported."""

    def __init__(self, database: Database, writer: str) -> None:
        self._database = database
        self._writer = writer
        self._newest = 0
        self.pairs: dict[str, tuple[Taken, Taken]] = {}

    def run_import(self, path: Path) -> tuple[int, Taken]:
        """Import a file; returns the import's number, and what it has taken."""
        self._database.settle()
        taken, output = manage(self._database, "import_csv", str(path), "--json", writer=self._writer)
        self._newest = json.loads(output)["id"]
        return self._newest, taken

    def undo(self, number: int) -> tuple[int, Taken]:
        """Undo an import or an undo; the same of it. Jobs have rising numbers, and nobody else makes any."""
        self._database.settle()
        taken, _ = manage(self._database, "undo_import", str(number), writer=self._writer)
        self._newest += 1
        return self._newest, taken

    def measure(self, files: dict[str, Path]) -> None:
        """Import and undo."""
        created, of_new = self.run_import(files["new"])
        changed, of_all = self.run_import(files["all changed"])
        undone, of_undo = self.undo(changed)
        _, of_second = self.undo(undone)
        self.pairs["all changed"] = of_all, of_undo
        self.pairs["undo of that undo"] = of_all, of_second
        prices, of_prices = self.run_import(files["price of all"])
        _, of_undo = self.undo(prices)
        self.pairs["price of all"] = of_prices, of_undo
        self.run_import(files["new"])
        _, of_undo = self.undo(created)
        self.pairs["new, and since changed and changed back"] = of_new, of_undo
        assert self._database.products() == 0, "The undo has left products."


def report(database: Database, writer: str, files: dict[str, Path], rounds: int) -> None:
    """Print the medians of some rounds."""
    found: dict[str, list[tuple[Taken, Taken]]] = {}
    for _ in range(rounds):
        database.empty()
        one = Round(database, writer)
        one.measure(files)
        for name, pair in one.pairs.items():
            found.setdefault(name, []).append(pair)
    for name, pairs in found.items():
        imports, undos = zip(*pairs, strict=True)
        row = []
        for of in ("cpu", "clock"):
            of_import, of_undo = (statistics.median(getattr(taken, of) for taken in each) for each in (imports, undos))
            row.append(f"{of_import:.2f} | {of_undo:.2f} | **{of_undo / of_import:.2f}**")
        print(f"| {database.name}, {writer} | {name} | {' | '.join(row)} |", flush=True)


def main() -> None:
    """Measure on the databases that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="of the file (default: 200,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default: 3)")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name:
        folder = Path(name)
        files = write_files(folder, asked.rows)
        print(f"{this_machine()}; {asked.rows:,} rows, seconds, medians of {asked.rounds}")
        print("| database, writer | import | processor | its undo | ratio | clock | its undo | ratio |")
        print("|---|---|--:|--:|--:|--:|--:|--:|", flush=True)
        if "sqlite" in asked.databases:
            report(SQLite(folder), "bulk_create", files, asked.rounds)
        if "postgresql" in asked.databases:
            with temporary_postgres(configuration="") as url:
                for writer in ("bulk_create", "copy"):
                    report(Postgres(url), writer, files, asked.rounds)


if __name__ == "__main__":
    main()
