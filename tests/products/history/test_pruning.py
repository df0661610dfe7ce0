"""Old history is forgotten: whole sets, the oldest first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings

from products import editing
from products.editing import Editor
from products.history import pruning
from products.history.models import ChangeBlock, ChangeSet, Farewell
from products.history.stories import story
from products.models import Product
from tests.imports.factories import run_import

pytestmark = pytest.mark.django_db


def age(sets: int, days: int) -> None:
    """Make the oldest sets this old."""
    oldest = list(ChangeSet.objects.order_by("pk").values_list("pk", flat=True)[:sets])
    ChangeSet.objects.filter(pk__in=oldest).update(at=timezone.now() - timedelta(days=days))


def test_what_is_older_than_history_is_kept_is_deleted_and_the_rest_stays(settings: Settings) -> None:
    settings.HISTORY_KEEP_DAYS = 10
    run_import("sku,name\nA-1,Lamp\nB-1,Rug\n")
    editing.delete(Product.objects.get(sku="B-1"), Editor())
    run_import("sku,name\nA-1,Fan\n")
    age(sets=2, days=11)

    pruning.prune()

    assert (ChangeSet.objects.count(), ChangeBlock.objects.count(), Farewell.objects.count()) == (1, 1, 0)
    found = story(Product.objects.get().last_change, 10)
    assert ([entry.record.after for entry in found.entries], found.is_pruned) == ([{"name": "Fan"}], True)


def test_nothing_is_deleted_that_is_young_enough(settings: Settings) -> None:
    settings.HISTORY_KEEP_DAYS = 10
    run_import("sku,name\nA-1,Lamp\n")
    age(sets=1, days=9)

    pruning.prune()

    assert ChangeSet.objects.count() == 1


def test_all_of_it_may_be_old_and_takes_several_batches(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HISTORY_KEEP_DAYS = 10
    monkeypatch.setattr(pruning, "BATCH_SETS", 2)
    for price in range(5):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    age(sets=5, days=11)

    pruning.prune()

    assert (ChangeSet.objects.count(), ChangeBlock.objects.count()) == (0, 0)


def test_it_stops_in_time_and_the_next_run_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HISTORY_KEEP_DAYS = 10
    run_import("sku,name\nA-1,Lamp\n")
    age(sets=1, days=11)
    monkeypatch.setattr(pruning, "PRUNE_SECONDS", 0)

    pruning.prune()

    assert ChangeSet.objects.count() == 1


def test_the_workers_do_it_every_hour() -> None:
    assert Schedule.objects.get(func="products.history.pruning.prune").minutes == 60
