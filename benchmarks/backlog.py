"""What a long queue does to those at its end: `python -m benchmarks.backlog`. Needs locust.

A million deliveries wait for one receiver. Then one user sends ninety files, and ten others one each, after them, while
clients ask for other things. Printed is how many requests failed, when whose files were done, and how long the events
of them took to a receiver of their own.
"""

from __future__ import annotations

import argparse
import os
import time
import urllib.error
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.databases import Database
from benchmarks.load import Product, measure_each, moment, run_clients
from benchmarks.webhook_receiver import Receiver

MANY, OTHERS = 90, 10
# Events of their own go to the second endpoint only: it alone wants them.
FILL = """
from django.utils import timezone
from webhooks.events import render_body
from webhooks.catalogue import CATALOGUE
from webhooks.models import Delivery, Endpoint
waited_for = Endpoint.objects.create(url="{first}/fast", events=["product.updated"])
Endpoint.objects.create(url="{second}/fast", events=["import.completed"])
now, event = timezone.now(), CATALOGUE["product.updated"]
body = render_body(event.name, event.example, now)
for start in range(0, {number}, 10_000):
    Delivery.objects.bulk_create(
        Delivery(
            endpoint=waited_for, event_id=f"msg_{{n}}", event_type=event.name, body=body, created_at=now, due_at=now
        )
        for n in range(start, min(start + 10_000, {number}))
    )
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was sent: whose, its import, and how long the response took."""

    user: int
    job: int | None
    seconds: float


def send_files(product: Product, folder: Path, rows: int) -> list[Sent]:
    """Send the files of the first user, and then those of the others, one by one."""
    tokens = [product.token, *(product.token_of(f"other{number}") for number in range(OTHERS))]
    users = [0] * MANY + list(range(1, OTHERS + 1))
    sent = []
    for number, user in enumerate(users):
        file = folder / f"{number}.csv"
        file.write_text("sku,name,price\n" + "".join(f"B-{number}-{n},Lamp {n},1.50\n" for n in range(rows)))
        began = time.monotonic()
        try:
            job = product.send(file, tokens[user])
        except urllib.error.URLError:
            job = None
        sent.append(Sent(user, job, time.monotonic() - began))
    return sent


def measure(database: Database, folder: Path, asked: argparse.Namespace) -> None:
    """Fill, send, ask, wait; print what it took."""
    folder.mkdir()
    catalogue = folder / "catalogue.csv"
    database.manage("generate_products", f"--rows={asked.products}", f"--output={catalogue}")
    database.manage("import_csv", str(catalogue), UPLOAD_FOLDER=str(folder / "uploads"))
    database.manage("rebuild_search", "--now")
    busy, other = Receiver(), Receiver()
    local = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "WEBHOOK_REQUIRE_HTTPS": "false"}
    fill = FILL.format(first=busy.url, second=other.url, number=asked.deliveries)
    database.manage("shell", "-v0", "-c", fill, **local)
    database.settle()
    print(f"\n{database.name} {database.version}, {asked.deliveries:,} deliveries waiting; ", end="")
    print(f"load average {os.getloadavg()[0]:.1f}", flush=True)
    product = Product(database, folder, **local)
    with product.running(webhooks=True):
        sent = send_files(product, folder, asked.rows)
        jobs = [each.job for each in sent if each.job]
        run_clients(product, folder, jobs, asked)
        is_over = product.wait_for(jobs, 600) is not None
        arrived = other.times(len(jobs), within=30)
        print_files(product, sent, arrived)
        print(f"all imported: {is_over}; {len(arrived)} of {len(jobs)} events arrived; sent to the first receiver")
        print(f"meanwhile: {len(busy.times(asked.deliveries, within=0)):,}", flush=True)


def print_files(product: Product, sent: list[Sent], arrived: list[float]) -> None:
    """Print what became of the files: the first user's, and the others'."""
    print("| files of | sent | refused | slowest response | done after, median | done after, at most |")
    print("|---|--:|--:|--:|--:|--:|")
    ends = []
    for name, those in (
        ("one user", [each for each in sent if not each.user]),
        ("ten others, one each", [each for each in sent if each.user]),
    ):
        found = [product.call(f"/api/jobs/{each.job}") for each in those if each.job]
        waits = [moment(job["finished_at"]) - moment(job["created_at"]) for job in found if job["finished_at"]]
        ends += [moment(job["finished_at"]) for job in found if job["finished_at"]]
        refused = sum(each.job is None for each in those)
        slowest = max(each.seconds for each in those)
        print(f"| {name} | {len(those)} | {refused} | {slowest:.2f} s | {median(waits):.0f} s | {max(waits):.0f} s |")
    # Events keep no order, but as many have arrived by a moment as imports had ended by one before.
    lags = [later - earlier for earlier, later in zip(sorted(ends), sorted(arrived), strict=False)]
    print(f"events of the imports, median and at most: {median(lags):.1f} s, {max(lags):.1f} s after their end")


def main() -> None:
    """Measure on the databases that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=50_000, help="in the catalogue before (default: 50,000)")
    parser.add_argument("--deliveries", type=int, default=1_000_000, help="that wait (default: 1,000,000)")
    parser.add_argument("--rows", type=int, default=3_000, help="of each file (default: 3,000)")
    parser.add_argument("--seconds", type=int, default=40, help="how long the clients ask (default: 40)")
    parser.add_argument("--clients", type=int, default=20, help="how many there are (default: 20)")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    measure_each(parser.parse_args(), measure)


if __name__ == "__main__":
    main()
