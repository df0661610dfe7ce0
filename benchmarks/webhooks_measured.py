"""What `benchmarks.webhooks` runs on each database."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after the set-up
from django.db import transaction  # noqa: E402

from benchmarks.webhook_receiver import Receiver  # noqa: E402
from webhooks.catalogue import CATALOGUE  # noqa: E402
from webhooks.events import emit  # noqa: E402
from webhooks.models import Delivery, Dispatching, Endpoint  # noqa: E402

EVENT = CATALOGUE["import.completed"]
DELIVERIES = 4000
ENDPOINTS = 100
HANGING = 20
EVENTS = 5


@contextmanager
def cluster() -> Iterator[None]:
    """The worker processes of webhooks, as in production, at work."""
    command = [sys.executable, "manage.py", "run_workers", "--queue", "webhooks"]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        while not Dispatching.objects.exists():
            time.sleep(0.1)
        yield
    finally:
        # Killed, not stopped: the workers end with their supervisor.
        process.kill()
        process.wait()


def measure_rate(receiver: Receiver, endpoints: int) -> None:
    """Emit many events at once, and print how fast they arrive: from the first to the last."""
    Endpoint.objects.all().delete()
    Endpoint.objects.bulk_create(Endpoint(url=f"{receiver.url}/fast") for _ in range(endpoints))
    with transaction.atomic():
        for _ in range(DELIVERIES // endpoints):
            emit(EVENT.name, EVENT.example)
    times = receiver.times(DELIVERIES, within=120)
    while Delivery.objects.exclude(status=Delivery.Status.DELIVERED).exists():
        time.sleep(0.1)
    rate = (len(times) - 1) / (times[-1] - times[0])
    print(f"  {len(times)} deliveries to {endpoints:3} fast endpoint(s): {rate:4.0f} a second", flush=True)


def measure_delay(receiver: Receiver) -> None:
    """Have some endpoints hang, and print when the others get their events."""
    Endpoint.objects.all().delete()
    paths = ["/hang"] * HANGING + ["/fast"] * (ENDPOINTS - HANGING)
    Endpoint.objects.bulk_create(Endpoint(url=receiver.url + path) for path in paths)
    for number in range(1, EVENTS + 1):
        emitted = time.time()
        emit(EVENT.name, EVENT.example)
        times = receiver.times(ENDPOINTS - HANGING, within=60)
        print(
            f"  {HANGING} of {ENDPOINTS} endpoints hang, event {number}: the other {len(times)} have it within "
            f"{max(times) - emitted:.2f} s",
            flush=True,
        )
        time.sleep(5)


def main() -> None:
    """Run all measurements on one cluster."""
    call_command("migrate", verbosity=0)
    receiver = Receiver()
    with cluster():
        for endpoints in (1, 20, ENDPOINTS):
            measure_rate(receiver, endpoints)
        measure_delay(receiver)


main()
