"""Those who import a file: the product in its set-ups, and the limits that no importer can be expected to beat.

A contender gets a database and a file, and tells how long it took. What everybody needs once, such as starting Python
or the workers, does not count.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg

from benchmarks.databases import BASE_DIR, Database, Postgres, SQLite
from benchmarks.measurements import SITUATIONS

# One merge statement, written for this table as an expert would for a single use: no rejects, receipt or checkpoints.
MERGE = """
    INSERT INTO products_product
        (sku, sku_normalized, name, description, price, is_active, updated_at, last_import)
    SELECT DISTINCT ON (lower(sku)) sku, lower(sku), name, description, price, is_active, now(), 0
    FROM staging
    ORDER BY lower(sku), row DESC
    ON CONFLICT (sku_normalized) DO UPDATE SET
        sku = excluded.sku, name = excluded.name, description = excluded.description, price = excluded.price,
        is_active = excluded.is_active, updated_at = excluded.updated_at, last_import = excluded.last_import
    WHERE (products_product.sku, products_product.name, products_product.description, products_product.price,
           products_product.is_active)
        IS DISTINCT FROM (excluded.sku, excluded.name, excluded.description, excluded.price, excluded.is_active)
"""

SQLITE_UPSERT = """
    INSERT INTO products_product
        (sku, sku_normalized, name, description, price, is_active, created_at, updated_at, last_import)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
    ON CONFLICT (sku_normalized) DO UPDATE SET
        sku = excluded.sku, name = excluded.name, description = excluded.description, price = excluded.price,
        is_active = excluded.is_active, updated_at = excluded.updated_at, last_import = excluded.last_import
"""


@dataclass
class Run:
    """One import, measured: wall-clock and processor seconds, peak memory of the largest process in MB."""

    seconds: float
    client_cpu: float = 0.0
    peak_mb: float = 0.0


class Contender:
    """Somebody who imports files. Used as a context: inside it, everything that it needs is running.

    `situations` are those that it can do, in their order.
    """

    name: str
    situations: tuple[str, ...] = SITUATIONS

    @contextmanager
    def ready(self, database: Database) -> Iterator[None]:
        """Whatever it needs that does not count, such as workers that wait for work."""
        yield

    def run(self, database: Database, path: Path) -> Run:
        """Import the file at `path`."""
        raise NotImplementedError


class Limit(Contender):
    """What the database can do: COPY and one merge statement; on SQLite one `executemany` upsert."""

    name = "limit"

    def run(self, database: Database, path: Path) -> Run:
        started, cpu = time.perf_counter(), time.process_time()
        if isinstance(database, SQLite):
            self._executemany(database, path)
        else:
            self._copy_and_merge(database, path)
        return Run(time.perf_counter() - started, time.process_time() - cpu)

    def _copy_and_merge(self, database: Database, path: Path) -> None:
        with psycopg.connect(database.url) as connection:
            connection.execute(
                "CREATE TEMP TABLE staging (sku text, name text, description text, price numeric(12,2), "
                "is_active boolean, row bigint GENERATED ALWAYS AS IDENTITY)"
            )
            statement = "COPY staging (sku, name, description, price, is_active) FROM STDIN (FORMAT csv, HEADER)"
            with path.open("rb") as file, connection.cursor().copy(statement) as copy:
                while block := file.read(256 * 1024):
                    copy.write(block)
            connection.execute(MERGE)

    def _executemany(self, database: SQLite, path: Path) -> None:
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        connection = sqlite3.connect(database.path)
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            with connection, path.open(encoding="utf-8", newline="") as file:
                rows = csv.reader(file)
                next(rows)
                connection.executemany(
                    SQLITE_UPSERT,
                    (
                        (sku, sku.casefold(), name, text, price, active == "true", now, now)
                        for sku, name, text, price, active in rows
                    ),
                )
        finally:
            connection.close()


@dataclass
class Product(Contender):
    """This product, with real workers: the time from the job's creation to its completion."""

    writer: str = "bulk_create"
    workers: int = 2
    lanes: int = 1
    cluster: psutil.Process | None = field(default=None, init=False)

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.writer}, {self.lanes} {'lane' if self.lanes == 1 else 'lanes'}"

    def _variables(self) -> dict[str, str]:
        return {"IMPORT_WRITER": self.writer, "WORKERS": str(self.workers), "IMPORT_LANES": str(self.lanes)}

    @contextmanager
    def ready(self, database: Database) -> Iterator[None]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"], cwd=BASE_DIR, env=database.environment(**self._variables())
        )
        self.cluster = psutil.Process(process.pid)
        try:
            # Sentinel, pusher, monitor and the workers.
            while len(self.cluster.children(recursive=True)) < self.workers + 3:
                time.sleep(0.1)
            time.sleep(1)
            yield
        finally:
            process.terminate()
            process.wait()

    def run(self, database: Database, path: Path) -> Run:
        assert self.cluster is not None
        with watched(self.cluster) as usage:
            output = database.manage("import_csv", str(path), "--queue", "--json", **self._variables())
        job = json.loads(output)
        assert job["status"] == "completed", job
        seconds = datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(job["created_at"])
        return Run(seconds.total_seconds(), usage.cpu, usage.peak_mb)


@dataclass
class Peer(Contender):
    """One of `benchmarks.peers`, in a process of its own, which tells its seconds."""

    name: str
    function: str
    situations: tuple[str, ...] = SITUATIONS

    def run(self, database: Database, path: Path) -> Run:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers", self.function, str(path)],
            cwd=BASE_DIR,
            env=database.environment(DJANGO_SETTINGS_MODULE="benchmarks.peers_settings"),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0, f"{self.name} failed"
        return Run(float(output), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def peers(database: Database) -> list[Contender]:
    """Those who can import into `database`, the fastest last."""
    found: list[Contender] = [
        Peer("update_or_create", "update_or_create"),
        Peer("django-import-export, skip_unchanged", "import_export_skip_unchanged"),
        Peer("django-import-export, skip_diff", "import_export"),
    ]
    if isinstance(database, Postgres):
        found.append(Peer("django-postgres-copy", "postgres_copy", situations=("new",)))
    return found


@dataclass
class Usage:
    """What a family of processes has used: processor seconds, and the largest resident set of one of them, in MB."""

    cpu: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def watched(process: psutil.Process) -> Iterator[Usage]:
    """Watch `process` and those below it while the block runs; the kernel's own high-water mark is read for memory."""
    usage = Usage()
    family = [process, *process.children(recursive=True)]
    before = sum(sum(member.cpu_times()[:2]) for member in family)
    for member in family:
        # Writing 5 resets the mark, see proc(5).
        Path(f"/proc/{member.pid}/clear_refs").write_text("5", encoding="ascii")
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(0.5):
            for member in process.children(recursive=True):
                usage.peak_mb = max(usage.peak_mb, high_water_mb(member.pid))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield usage
    finally:
        stop.set()
        thread.join()
        family = [process, *process.children(recursive=True)]
        usage.cpu = sum(sum(member.cpu_times()[:2]) for member in family) - before


def high_water_mb(pid: int) -> float:
    """The largest resident set that the process has had, in MB; 0 if it has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0
