"""How quick the API is while files go in: `python -m benchmarks.load`. Needs locust (benchmarks/requirements.txt).

A catalogue is filled and indexed; then clients poll, page, look SKUs up and search, once a second each, while two more
files are imported, by the web server, workers and database of one machine. The same two files are imported alone first.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.databases import BASE_DIR, Database, databases
from benchmarks.upload import PASSWORD, free_port

# As the generator names them, among others.
SHOWN = ("50%", "95%", "99%")


class Product:
    """The product's processes on a database, and a client of its API."""

    def __init__(self, database: Database, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self._database = database
        fixed = {"WORKERS": "2", "API_REQUESTS_PER_MINUTE": "1000000", "DEBUG": "false"}
        self._environment = database.environment(UPLOAD_FOLDER=str(folder / "uploads"), **fixed, **variables)
        self.token = self.token_of("bench")

    def token_of(self, name: str) -> str:
        """The token of a new user, who may do everything."""
        self._database.manage("createsuperuser", "--noinput", f"--username={name}", "--email=b@example.com", **PASSWORD)
        return self._database.manage("create_token", name, "--name=bench", "--scope=read", "--scope=import").strip()

    @contextmanager
    def running(self, *, webhooks: bool = False) -> Iterator[None]:
        """The web server and the workers, with or without those that send webhooks."""
        workers = ["manage.py", "run_workers", "--stop-within", "3"]
        commands = [
            ["-m", "gunicorn", "acme_importer.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers=2"],
            workers,
            *([[*workers, "--queue", "webhooks"]] if webhooks else []),
        ]
        with Path(os.devnull).open("w") as nowhere:
            started = [
                subprocess.Popen([sys.executable, *command], cwd=BASE_DIR, env=self._environment, stdout=nowhere)
                for command in commands
            ]
            try:
                time.sleep(8)
                yield
            finally:
                for process in started:
                    process.terminate()
                for process in started:
                    process.wait()

    def call(self, path: str, body: bytes | None = None, token: str = "") -> Any:
        """The response of the API to a GET, or to a file."""
        headers = {"Authorization": f"Token {token or self.token}", "Content-Type": "text/csv"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def send(self, file: Path, token: str = "") -> int:
        """Upload a file; returns the number of its import."""
        return int(self.call(f"/api/uploads/?filename={file.name}", file.read_bytes(), token)["id"])

    def wait_for(self, jobs: list[int], seconds: float) -> float | None:
        """Wait until these imports are over; how long that took by their own account, None if they are not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = [self.call(f"/api/jobs/{job}") for job in jobs]
            if all(job["status"] == "completed" for job in found):
                return max(moment(job["finished_at"]) for job in found) - min(
                    moment(job["started_at"]) for job in found
                )
            time.sleep(1)
        return None

    def wait_for_index(self, seconds: float) -> float | None:
        """Wait until the search is exact; how long that took, None if it is not."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            if self.call("/api/products/?search=qqxyz")["search_notice"] is None:
                return time.monotonic() - began
            time.sleep(1)
        return None


def moment(text: str) -> float:
    """A moment of the API's, as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def measure(database: Database, folder: Path, asked: argparse.Namespace) -> None:
    """Fill, import alone, import under load; print what it took."""
    folder.mkdir()
    rows = asked.rows
    names = {"catalogue": asked.products, "first": rows, "second": rows, "third": rows, "fourth": rows}
    files = {name: folder / f"{name}.csv" for name in names}
    for seed, (name, count) in enumerate(names.items(), start=1):
        database.manage("generate_products", f"--rows={count}", f"--seed={seed}", f"--output={files[name]}")
    began = time.monotonic()
    database.manage("import_csv", str(files["catalogue"]), UPLOAD_FOLDER=str(folder / "uploads"))
    filled = time.monotonic()
    database.manage("rebuild_search", "--now")
    print(f"\n{database.name} {database.version}, {database.products():,} products; filled in {filled - began:.0f} s, ")
    print(f"indexed in {time.monotonic() - filled:.0f} s; load average {os.getloadavg()[0]:.1f}", flush=True)
    product = Product(database, folder)
    with product.running():
        database.settle()
        alone = product.wait_for([product.send(files["first"]), product.send(files["second"])], 600)
        lag = product.wait_for_index(300)
        print(f"two files of {rows:,} rows alone: {alone} s; the index behind for {lag} s more", flush=True)
        database.settle()
        jobs = [product.send(files["third"]), product.send(files["fourth"])]
        run_clients(product, folder, jobs, asked)
        loaded, lag = product.wait_for(jobs, 600), product.wait_for_index(300)
        print(f"the same under load: {loaded} s; the index behind for {lag} s more", flush=True)
        print(f"database: {sum(database.sizes()) / 1024**2:.0f} MB")


def run_clients(product: Product, folder: Path, jobs: list[int], asked: argparse.Namespace) -> None:
    """Have the clients ask for some time, and print a table of their requests."""
    with (folder / "catalogue.csv").open(newline="") as file:
        some = [row for number, row in enumerate(csv.DictReader(file)) if number % 1000 == 0]
    words = sorted({word for row in some for word in row["name"].split() if word.isalpha()})
    environment = {
        **os.environ,
        "TOKEN": product.token,
        "JOBS": ",".join(map(str, jobs)),
        "SKUS": ",".join(row["sku"] for row in some if "," not in row["sku"]),
        "WORDS": ",".join(words[:60]),
    }
    users = str(BASE_DIR / "benchmarks" / "load_users.py")
    command = [sys.executable, "-m", "locust", "-f", users, "--headless"]
    command += [
        "-u",
        str(asked.clients),
        "-r",
        str(asked.clients),
        "-t",
        f"{asked.seconds}s",
        "--only-summary",
        "--csv",
        str(folder / "l"),
    ]
    command += ["-H", f"http://127.0.0.1:{product.port}", "--loglevel", "WARNING"]
    subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    print("| request | number | failed | " + " | ".join(f"{part} ms" for part in SHOWN) + " | max |")
    print("|---|--:|--:|" + "--:|" * (len(SHOWN) + 1))
    with (folder / "l_stats.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            figures = [row[part] for part in SHOWN] + [f"{float(row['Max Response Time']):.0f}"]
            print(f"| {row['Name']} | {row['Request Count']} | {row['Failure Count']} | {' | '.join(figures)} |")


def measure_each(asked: argparse.Namespace, measure: Callable[[Database, Path, argparse.Namespace], None]) -> None:
    """Call `measure` for each database that is asked for, with a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name,
        databases(Path(name), asked.databases) as chosen,
    ):
        for database in chosen:
            measure(database, Path(name) / database.name, asked)


def main() -> None:
    """Measure on the databases that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=1_000_000, help="in the catalogue before (default: 1,000,000)")
    parser.add_argument("--rows", type=int, default=300_000, help="of each file (default: 300,000)")
    parser.add_argument("--seconds", type=int, default=60, help="how long the clients ask (default: 60)")
    parser.add_argument("--clients", type=int, default=50, help="how many there are (default: 50)")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    measure_each(parser.parse_args(), measure)


if __name__ == "__main__":
    main()
