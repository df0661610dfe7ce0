"""What the history costs an import: `python -m benchmarks.history_costs --before FOLDER`, with a checkout from before.

The same files are imported by the checkout of an earlier commit and by this one, in turn, each into a database of its
own: new products, the same again, a tenth of them changed, all of them changed. Measured is the processor time of the
command and of the database server together, which depends little on what else the machine does, and the memory of the
command at most.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from benchmarks.databases import BASE_DIR, Database, Postgres, SQLite
from benchmarks.measurements import this_machine
from tests.with_postgres import temporary_postgres

SITUATIONS = ("new", "again", "10 % changed", "all changed", "price of all")


class Taken(NamedTuple):
    """Processor seconds of a command and the database, and megabytes of the command at most."""

    cpu: float
    memory: float


class Contender:
    """A checkout with a database of its own."""

    def __init__(self, name: str, database: Database) -> None:
        self.name = name
        self.database = database

    def manage(self, *arguments: str, **variables: str) -> Taken:
        """Run a command of this checkout; returns what it has taken."""
        server = self.database.server_cpu()
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=self.database.checkout,
            env=self.database.environment(**variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"{self.name}: {' '.join(arguments)} has failed.")
        cpu = used.ru_utime + used.ru_stime + self.database.server_cpu() - server
        # In kilobytes on Linux.
        return Taken(cpu, used.ru_maxrss / 1024)


def write_files(folder: Path, rows: int) -> dict[str, Path]:
    """The file of each situation."""
    files = {situation: folder / f"{number}.csv" for number, situation in enumerate(SITUATIONS)}
    files["again"] = files["new"]
    command = ["manage.py", "generate_products", f"--rows={rows}", "--seed=1", f"--output={files['new']}"]
    environment = {
        **os.environ,
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "only-for-measuring",
        "DATABASE_URL": "sqlite://",
    }
    subprocess.run([sys.executable, *command], cwd=BASE_DIR, check=True, env=environment, stdout=subprocess.DEVNULL)
    with files["new"].open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))

    def write(situation: str, rows: Iterable[dict[str, str]]) -> None:
        with files[situation].open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, table[0])
            writer.writeheader()
            writer.writerows(rows)

    # Each changes what the one before has left.
    write("10 % changed", (_changed(row) if number % 10 == 0 else row for number, row in enumerate(table)))
    write("all changed", (_changed(_changed(row)) | _other_state(row) for row in table))
    write("price of all", (_changed(_changed(row)) | _other_state(row) | _dearer(row, 3) for row in table))
    return files


def _changed(row: dict[str, str]) -> dict[str, str]:
    texts = {field: f"{row[field]}." for field in ("name", "description")}
    return row | texts | _dearer(row, 1)


def _dearer(row: dict[str, str], by: int) -> dict[str, str]:
    return {"price": str(Decimal(row["price"] or 0) + by)}


def _other_state(row: dict[str, str]) -> dict[str, str]:
    return {"is_active": "false" if row["is_active"] == "true" else "true"}


def measure(contenders: list[Contender], writer: str, files: dict[str, Path], rounds: int) -> None:
    """Import the files in turn; print the medians, and what the second contender takes more than the first."""
    taken: dict[tuple[str, str], list[Taken]] = {}
    for _ in range(rounds):
        for contender in contenders:
            contender.database.empty()
        for situation in SITUATIONS:
            for contender in contenders:
                used = contender.manage("import_csv", str(files[situation]), IMPORT_WRITER=writer)
                taken.setdefault((situation, contender.name), []).append(used)
    for situation in SITUATIONS:
        before, now = (_median(taken[situation, contender.name]) for contender in contenders)
        name = f"{contenders[0].database.name}, {writer}"
        cpu = f"{before.cpu:.2f} | {now.cpu:.2f} | {now.cpu / before.cpu - 1:+.0%}"
        print(f"| {name} | {situation} | {cpu} | {before.memory:.0f} | {now.memory:.0f} |", flush=True)


def _median(taken: list[Taken]) -> Taken:
    return Taken(*map(statistics.median, zip(*taken, strict=True)))


def main() -> None:
    """Measure on the databases that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True, help="a checkout of the commit to compare with")
    parser.add_argument("--rows", type=int, default=200_000, help="of the file (default: 200,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default: 3)")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    checkouts = {"before": asked.before.resolve(), "now": BASE_DIR}
    with tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name:
        folder = Path(name)
        # In a process of its own: what the parent has had at most, Linux counts as a command's memory as well.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            files = apart.submit(write_files, folder, asked.rows).result()
        print(f"{this_machine()}; {asked.rows:,} rows, processor seconds, then megabytes, medians of {asked.rounds}")
        print("| database, writer | file | before | now | | before | now |\n|---|---|--:|--:|--:|--:|--:|")
        if "sqlite" in asked.databases:
            contenders = []
            for contender, checkout in checkouts.items():
                (folder / contender).mkdir()
                contenders.append(Contender(contender, SQLite(folder / contender, checkout=checkout)))
            measure(contenders, "bulk_create", files, asked.rounds)
        if "postgresql" in asked.databases:
            with temporary_postgres(configuration="") as url:
                for writer in ("bulk_create", "copy"):
                    contenders = [
                        Contender(contender, Postgres(url, database=f"acme_{contender}", checkout=checkout))
                        for contender, checkout in checkouts.items()
                    ]
                    measure(contenders, writer, files, asked.rounds)


if __name__ == "__main__":
    main()
