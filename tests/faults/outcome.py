"""The one place that says, after each kind of fault, whether anything came out wrong.

The catalogue and the receipts; webhooks by id and signature; orphaned files; messages that are left.
"""

from __future__ import annotations

import time
from collections import defaultdict

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import OrmQ

from imports.models import Draft, ImportJob, ImportLane
from imports.tasks import delete_old_files
from products.models import Product
from tests.faults.expected import Expected, Import
from tests.faults.receiver import Receiver
from tests.faults.world import World, eventually, wait_for
from tests.imports import model
from tests.imports.factories import with_progress
from webhooks.dispatch import Dispatcher
from webhooks.models import Delivery
from webhooks.queue import QUEUE

# What is delivered again, and what was in the hands of the dead, has to be gone after this. A slice of the dispatcher
# takes seven seconds here, and so long may the message for the next one of a dead dispatcher wait to be found needless.
MESSAGES_SECONDS = 20.0
WEBHOOKS_SECONDS = 60.0


def check(world: World) -> None:
    """Fail unless the work that is over has left exactly what it should have. The clusters are still running."""
    check_imports(world.expected)
    check_messages()
    check_webhooks(world.receiver)
    check_files()


def check_imports(expected: Expected) -> None:
    """The catalogue, the receipts and the rejected rows are those of the serial model."""
    created = sum(_check_receipt(one, expected) for one in expected.imports)
    values = Product.objects.values_list("sku_normalized", *model.FIELDS)
    found = {sku: model.Item(*rest) for sku, *rest in values}
    assert found.keys() <= expected.catalogue.keys(), f"Not expected: {found.keys() - expected.catalogue.keys()}."
    wrong = {sku: found.get(sku) for sku, possible in expected.catalogue.items() if found.get(sku) not in possible}
    assert not wrong, f"{len(wrong)} products are wrong, such as {next(iter(wrong.items()))}."
    if expected.shared:
        assert created == len(expected.catalogue), "Several imports have created the same products."


def _check_receipt(one: Import, expected: Expected) -> int:
    """Check the receipt of one import; returns how many products it has created."""
    job = with_progress(one.job)
    assert job.status == ImportJob.Status.COMPLETED, f"{job}: {job.failure_reason}"
    rejected = list(job.rejected.values_list("line", "code"))
    assert rejected == one.alone.rejected, f"{job}: {sorted(set(rejected) ^ set(one.alone.rejected))[:9]}"
    receipt = tuple(getattr(job, name) for name in ImportLane.COUNTS)
    assert sum(receipt) == job.total_rows == sum(one.alone.receipt)
    if expected.shared:
        return job.created_rows
    again = job.created_rows - one.alone.created
    assert 0 <= again <= expected.deletions
    created, updated, unchanged, duplicate, *rest = one.alone.receipt
    assert receipt == (created + again, updated, unchanged, duplicate - again, *rest)
    return job.created_rows


def check_messages() -> None:
    """No message is left but that of the dispatcher's next slice, which is not due."""

    def left() -> list[OrmQ]:
        messages = list(OrmQ.objects.order_by("pk"))
        slices = [one for one in messages if one.key == QUEUE and one.lock > timezone.now()]
        return [one for one in messages if one not in slices[:1]]

    deadline = time.monotonic() + MESSAGES_SECONDS
    while messages := eventually(left):
        about = [(one.pk, one.key, str(one.lock), one.task.get("func"), one.task.get("args")) for one in messages]
        assert time.monotonic() < deadline, f"Messages are left: {about}."
        time.sleep(0.2)


def check_webhooks(receiver: Receiver) -> None:
    """Each event arrived, signed; those of a job are numbered without a gap, and the last says that it is completed."""
    pending = Delivery.objects.filter(status=Delivery.Status.PENDING)

    def all_sent() -> bool:
        # Where no cluster does it, this process sends.
        Dispatcher().run(timezone.now())
        return not pending.exists()

    wait_for(lambda: eventually(all_sent), WEBHOOKS_SECONDS, "every event delivered")
    assert not receiver.not_verified
    emitted = set(Delivery.objects.filter(endpoint=receiver.endpoint).values_list("event_id", flat=True))
    assert receiver.arrived.keys() == emitted
    events: dict[int, dict[int, str]] = defaultdict(dict)
    for body in receiver.arrived.values():
        if body["type"].startswith("import."):
            events[body["data"]["job"]["id"]][body["data"]["sequence"]] = body["type"]
    for job in ImportJob.objects.all():
        numbers = sorted(events[job.pk])
        assert numbers == list(range(1, job.event_sequence + 1)), f"{job}: events {numbers}"
        assert events[job.pk][numbers[-1]] == "import.completed"
        assert list(events[job.pk].values()).count("import.completed") == 1


def check_files() -> None:
    """In storage there is the file of each job, and no other; nothing is left of uploads and rewritings."""
    delete_old_files()
    known = {*ImportJob.objects.values_list("stored_as", flat=True), *Draft.objects.values_list("stored_as", flat=True)}
    stored = {name for name in _names("") if not name.startswith(("incoming/", "copies/"))}
    assert stored == known, f"Orphaned files: {stored - known}; missing files: {known - stored}."
    incoming = [path for path in (settings.UPLOAD_FOLDER / "incoming").glob("*") if path.is_file()]
    assert not incoming, f"Left of uploads: {incoming}."


def _names(folder: str) -> list[str]:
    """The names of all files in storage below `folder`."""
    folders, files = default_storage.listdir(folder)
    prefix = f"{folder}/" if folder else ""
    return [f"{prefix}{name}" for name in files] + [name for inner in folders for name in _names(f"{prefix}{inner}")]
