"""The databases that the benchmarks run on: emptied, filled and weighed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from tests.with_postgres import temporary_postgres

BASE_DIR = Path(__file__).resolve().parent.parent


class Database:
    """What a contender works on. `url` is its DATABASE_URL, `checkout` the folder of the product that uses it."""

    name: str
    version: int | str
    url: str
    checkout: Path = BASE_DIR

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment for processes of the product that work on this database."""
        fixed = {
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "only-for-measuring",
            "HTTPS_ONLY": "false",
            "LOG_LEVEL": "WARNING",
            # What is installed is compiled once, and not by each process.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        return {**os.environ, **fixed, "DATABASE_URL": self.url, **variables}

    def manage(self, *arguments: str, **variables: str) -> str:
        """Run a management command of the product; returns its standard output."""
        command = [sys.executable, "manage.py", *arguments]
        environment = self.environment(**variables)
        return subprocess.run(
            command, cwd=self.checkout, env=environment, check=True, text=True, stdout=subprocess.PIPE
        ).stdout

    def empty(self) -> None:
        """Take all products out, and bring the database to rest, so that each run begins alike."""
        raise NotImplementedError

    def products(self) -> int:
        """How many products there are."""
        raise NotImplementedError

    def settle(self) -> None:
        """Let the database finish what it does behind the last run (vacuum, checkpoint) before the next is timed."""

    def wal_bytes(self) -> int:
        """How much has been written to the write-ahead log so far."""
        return 0

    def server_cpu(self) -> float:
        """Processor seconds that the database server has used so far."""
        return 0.0

    def sizes(self) -> tuple[int, int]:
        """Bytes of the product table, and of its indexes."""
        return 0, 0


class Postgres(Database):
    """A PostgreSQL server, and a database of its own in it."""

    name = "PostgreSQL"

    def __init__(self, server_url: str, *, database: str = "acme_benchmark", checkout: Path = BASE_DIR) -> None:
        self.checkout = checkout
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {database}".encode())
            self.version = connection.info.server_version // 10000
            socket_or_host = connection.info.host
            port, user = connection.info.port, connection.info.user
        self.url = f"postgresql://{user}@/{database}?host={socket_or_host}&port={port}"
        self._postmaster = self._find_postmaster()
        self.manage("migrate", "--verbosity=0")

    def _find_postmaster(self) -> psutil.Process | None:
        with psycopg.connect(self.url) as connection:
            backend = psutil.Process(connection.info.backend_pid)
            return backend.parent()

    def _query(self, sql: str) -> int:
        with psycopg.connect(self.url, autocommit=True) as connection:
            [number] = connection.execute(sql.encode()).fetchone() or [0]
            return int(number)

    def empty(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("TRUNCATE products_product, imports_importjob CASCADE")
        self.settle()

    def settle(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE products_product")
            connection.execute("CHECKPOINT")

    def products(self) -> int:
        return self._query("SELECT count(*) FROM products_product")

    def wal_bytes(self) -> int:
        return self._query("SELECT pg_current_wal_lsn() - '0/0'")

    def server_cpu(self) -> float:
        if self._postmaster is None:
            return 0.0
        own = self._postmaster.cpu_times()
        # Backends that have ended are in the postmaster's account of its children.
        total = own.user + own.system + own.children_user + own.children_system
        for child in self._postmaster.children():
            with suppress(psutil.NoSuchProcess):
                times = child.cpu_times()
                total += times.user + times.system
        return total

    def sizes(self) -> tuple[int, int]:
        return (
            self._query("SELECT pg_table_size('products_product')"),
            self._query("SELECT pg_indexes_size('products_product')"),
        )


class SQLite(Database):
    """An SQLite file."""

    name = "SQLite"

    def __init__(self, folder: Path, *, checkout: Path = BASE_DIR) -> None:
        self.checkout = checkout
        self.path = folder / "benchmark.sqlite3"
        self.url = f"sqlite:///{self.path}"
        self.version = sqlite3.sqlite_version
        self.empty()

    def empty(self) -> None:
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()
        self.manage("migrate", "--verbosity=0")

    def products(self) -> int:
        connection = sqlite3.connect(self.path)
        try:
            return int(connection.execute("SELECT count(*) FROM products_product").fetchone()[0])
        finally:
            connection.close()

    def sizes(self) -> tuple[int, int]:
        return self.path.stat().st_size, 0


@contextmanager
def databases(folder: Path, names: list[str], postgres_url: str = "") -> Iterator[list[Database]]:
    """The databases called `names`; PostgreSQL at `postgres_url`, else a temporary one in its default configuration."""
    chosen: list[Database] = []
    if "sqlite" in names:
        chosen.append(SQLite(folder))
    if "postgresql" not in names:
        yield chosen
    elif postgres_url:
        yield [Postgres(postgres_url), *chosen]
    else:
        with temporary_postgres(configuration="") as url:
            yield [Postgres(url), *chosen]
