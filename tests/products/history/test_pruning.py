"""Old history is deleted: whole sets, the oldest first, with their blocks and farewells, for a limited time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from products import editing
from products.editing import Editor
from products.history import pruning
from products.history.models import PLACES, ChangeBlock, ChangeSet, Farewell
from products.history.stories import last_address, story
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import

pytestmark = pytest.mark.django_db


def make_old(change_set: ChangeSet, days: int = 181) -> None:
    ChangeSet.objects.filter(pk=change_set.pk).update(at=timezone.now() - timedelta(days=days))


def test_what_is_older_than_the_setting_goes_with_all_that_belongs_to_it(settings) -> None:
    rows = "".join(f"S{number:04},Lamp\n" for number in range(1200))
    run_import("sku,name\n" + rows)
    editing.delete_many(Selection.all(), Editor())
    run_import("sku,name\n" + rows)
    first, second, third = ChangeSet.objects.order_by("pk")
    make_old(first)
    make_old(second)
    make_old(third, 179)

    assert pruning.prune() == 2

    assert list(ChangeSet.objects.all()) == [third]
    assert {pk // PLACES for pk in ChangeBlock.objects.values_list("pk", flat=True)} == {third.pk}
    assert not Farewell.objects.exists()
    found = story(Product.objects.earliest("pk").last_change, 10)
    assert ([entry.record.kind for entry in found.entries], found.is_pruned) == (["created"], False)
    settings.HISTORY_KEEP_DAYS = 100
    assert pruning.prune() == 1
    assert story(Product.objects.earliest("pk").last_change, 10).is_pruned


def test_nothing_newer_is_deleted_before_what_is_older() -> None:
    """Else a story would end at a change that is missing, while older ones are on record."""
    run_import("sku,name\nA,Lamp\n")
    run_import("sku,name\nA,Fan\n")
    make_old(ChangeSet.objects.latest("pk"))

    assert pruning.prune() == 0
    assert ChangeSet.objects.count() == 2


def test_a_farewell_is_kept_as_long_as_its_record() -> None:
    run_import("sku,name\nA,Lamp\nB,Fan\n")
    editing.delete(Product.objects.get(sku="A"), Editor())
    editing.delete(Product.objects.get(sku="B"), Editor())
    imported, deleted, _ = ChangeSet.objects.order_by("pk")
    make_old(imported)
    make_old(deleted)

    pruning.prune()

    assert last_address("a") == 0
    found = story(last_address("b"), 10)
    assert ([entry.record.kind for entry in found.entries], found.is_pruned) == (["deleted"], True)


def test_it_goes_in_batches_and_stops_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH_SETS", 2)
    monkeypatch.setattr(pruning, "BATCH_FAREWELLS", 2)
    for sku in "ABCDE":
        editing.create(Product(sku=sku, name="Lamp"), Editor())
    editing.delete_many(Selection.all(), Editor())
    for change_set in ChangeSet.objects.all():
        make_old(change_set)
    soon = timezone.now() - timedelta(days=180)

    assert pruning.delete_before(soon, 0) == 0
    assert ChangeSet.objects.count() == 6
    assert pruning.delete_before(soon, 5) == 6
    assert not ChangeBlock.objects.exists()
    assert not Farewell.objects.exists()


def test_it_is_on_the_schedule() -> None:
    assert Schedule.objects.get(func="products.history.pruning.prune").minutes == 60
