"""An import that loses a deadlock against somebody's bulk change goes on at once."""

import threading

import pytest
from django.db import connection, connections, transaction
from django.db.utils import OperationalError
from django_q.models import OrmQ

from imports import tasks
from imports.models import ImportJob, ImportLane
from imports.pipeline import LaneRun
from products.models import Product
from tests.imports.factories import make_job, open_without_messages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer, so no deadlocks.")
def test_a_chunk_that_loses_a_deadlock_is_done_again_at_once(monkeypatch):
    Product.objects.create(sku="A1", name="old")
    Product.objects.create(sku="B1", name="old")
    job = make_job("sku,name\nA1,new\nB1,new\n")
    open_without_messages(job)
    lane = ImportLane.objects.get()
    other_has_b, import_has_a = threading.Event(), threading.Event()

    def lock_in_the_other_order() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                # The one that has waited longer than this is chosen to give way.
                cursor.execute("SET LOCAL deadlock_timeout = '10s'")
            Product.objects.filter(sku_normalized="b1").update(name="other")
            other_has_b.set()
            assert import_has_a.wait(10)
            Product.objects.filter(sku_normalized="a1").update(name="other")
        connections.close_all()

    def locked_first(self: LaneRun) -> bool:
        with transaction.atomic():
            Product.objects.filter(sku_normalized="a1").update(name="locked by the import")
            import_has_a.set()
            return advance(self)

    advance = LaneRun.advance
    monkeypatch.setattr(LaneRun, "advance", locked_first)
    other = threading.Thread(target=lock_in_the_other_order)
    other.start()
    assert other_has_b.wait(10)
    with pytest.raises(OperationalError, match="deadlock"):
        tasks.advance_lane(lane.pk)
    other.join()

    assert OrmQ.objects.count() == 1
    monkeypatch.undo()
    tasks.advance_lane(lane.pk)
    assert ImportJob.objects.get().status == "completed"
    assert set(Product.objects.values_list("name", flat=True)) == {"new"}
