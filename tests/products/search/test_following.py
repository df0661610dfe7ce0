"""The index follows the catalogue: after imports, edits and deletions, whatever commits late or dies."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ, Schedule

from products import editing
from products.editing import Editor
from products.models import Product
from products.search import finding, follower, index
from products.search.changes import FEW, SearchChange, note, note_range
from products.search.words import matches, words_of
from products.selection import Selection
from tests.cluster import WorkerCluster, product_environment, wait_until
from tests.imports.factories import run_import
from tests.products.factories import make_product, manager

pytestmark = pytest.mark.django_db

NOBODY = Editor()


def indexed(search: str) -> set[str]:
    """The SKUs that the index alone finds."""
    found = index.find(finding.beginnings_of(search), 1_000_000)
    return set(Product.objects.filter(pk__in=found.ids()).values_list("sku", flat=True))


def found(search: str) -> list[str]:
    response = manager().get("/api/products/", {"search": search, "page_size": "1000"})
    assert response.status_code == 200, response.json()
    return [product["sku"] for product in response.json()["results"]]


def follow() -> None:
    assert follower.follow_for(60) is False
    assert not SearchChange.objects.exists()


@pytest.mark.parametrize("many", [3, 2 * FEW])
def test_what_was_imported_is_found(many: int) -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Walnut lamp {n}\n" for n in range(many)))
    assert indexed("walnut") == set()

    follow()

    assert len(indexed("walnut lamp")) == many
    assert found("lamp 2")[0] == "A-2"


def test_what_was_imported_again_is_found_by_its_new_words_only() -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Walnut {n}\n" for n in range(3)))
    follow()
    run_import("sku,name\nA-1,Oak\n")
    assert found("walnut") == ["A-0", "A-2"]
    assert found("oak") == ["A-1"]

    follow()

    assert indexed("walnut") == {"A-0", "A-2"}
    assert indexed("oak") == {"A-1"}


def test_an_import_of_prices_has_nothing_to_follow() -> None:
    run_import("sku,name\nA,Lamp\n")
    follow()

    run_import("sku,price\nA,12.50\n")

    assert not SearchChange.objects.exists()


def test_an_edit_is_found_at_once_and_when_the_index_has_it() -> None:
    product = editing.create(Product(sku="A", name="Lamp"), NOBODY)
    assert found("lamp") == ["A"]
    follow()
    product.name = "Chair"
    editing.update(product, ["name"], NOBODY)

    assert (found("lamp"), found("chair")) == ([], ["A"])
    follow()
    assert (found("lamp"), found("chair")) == ([], ["A"])
    assert (indexed("lamp"), indexed("chair")) == (set(), {"A"})


def test_an_edit_of_a_price_has_nothing_to_follow() -> None:
    product = make_product("A")
    follow()

    editing.update(product, ["price"], NOBODY)

    assert not SearchChange.objects.exists()


def test_what_was_deleted_is_found_no_more_and_leaves_the_index() -> None:
    products = [make_product(f"A-{n}", name="Lamp") for n in range(5)]
    follow()
    editing.delete(products[0], NOBODY)
    editing.delete_many(Selection.of_ids([product.pk for product in products[1:3]]), NOBODY)

    assert found("lamp") == ["A-3", "A-4"]
    assert index.find(["lamp"], 10).count == 5
    follow()
    assert index.find(["lamp"], 10).count == 2
    assert found("lamp") == ["A-3", "A-4"]


def test_what_was_created_and_deleted_before_it_was_followed_is_not_in_the_index() -> None:
    product = make_product("A", name="Lamp")
    editing.delete(product, NOBODY)

    follow()

    assert index.find(["lamp"], 10).count == 0


def test_what_an_undo_deletes_leaves_the_index() -> None:
    job = run_import("sku,name\nA,Lamp\nB,Lamp\n")
    follow()

    call_command("undo_import", str(job.pk))
    follow()

    assert index.find(["lamp"], 10).count == 0


def test_what_was_deleted_past_the_product_is_swept_up() -> None:
    product, _ = (make_product(f"A-{n}", name="Lamp") for n in range(2))
    follow()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM products_product WHERE id = %s", [product.pk])

    assert found("lamp") == ["A-1"]
    assert index.find(["lamp"], 10).count == 2
    follower.sweep()
    assert index.find(["lamp"], 10).count == 1


def test_a_search_is_exact_however_many_were_deleted() -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(FEW + 2)))
    follow()
    editing.delete_many(Selection(Product.objects.exclude(sku="A-7"), {}), NOBODY)

    page = manager().get("/api/products/", {"search": "lamp"}).json()

    assert (page["count"], page["search_notice"]) == (1, None)


def test_a_large_import_calls_the_follower_beside_a_note_of_many_deletions() -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(FEW + 2)))
    follow()
    editing.delete_many(Selection.all(), NOBODY)
    OrmQ.objects.all().delete()

    note([f"a-{n}" for n in range(FEW + 1)])

    assert OrmQ.objects.count() == 1


def test_a_search_says_when_the_index_is_behind() -> None:
    many = FEW + 1
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(many)))
    client = manager()

    behind = client.get("/api/products/", {"search": "lamp"}).json()
    assert behind["search_notice"].startswith(f"The search index is behind: up to {many} products that changed in the")
    assert client.get("/api/products/").json()["search_notice"] is None

    follow()
    exact = client.get("/api/products/", {"search": "lamp", "page_size": "1000"}).json()
    assert (exact["count"], exact["search_notice"]) == (many, None)


def test_the_page_says_so_too(admin_client: Any) -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(FEW + 1)))

    page = admin_client.get("/admin/products/product/", {"search": "lamp"}).content.decode()
    assert "The search index is behind" in page
    follow()
    page = admin_client.get("/admin/products/product/", {"search": "lamp"}).content.decode()
    assert "The search index is behind" not in page


def test_nothing_is_deleted_or_changed_by_a_search_that_may_find_what_no_longer_matches(admin_client: Any) -> None:
    rows = [f"A-{n}" for n in range(FEW + 1)]
    run_import("sku,name\n" + "".join(f"{sku},Lamp\n" for sku in rows))
    follow()
    run_import("sku,name\n" + "".join(f"{sku},Chair\n" for sku in rows))
    asked = {"filter": {"search": "lamp"}, "confirm": True}

    refused = manager().post("/api/products/bulk-delete", asked, format="json")
    assert refused.status_code == 409
    assert "Try again when it has caught up" in refused.json()["detail"]
    for action in ("deactivate", "delete_selected"):
        sent = {
            "action": action,
            "select_across": "1",
            "_selected_action": "all",
            "expected": len(rows),
            "confirm": "on",
        }
        page = admin_client.post("/admin/products/product/?search=lamp", {**sent, "typed": str(len(rows))}, follow=True)
        assert page.status_code == 200
    assert Product.objects.filter(is_active=True).count() == len(rows)

    follow()
    assert manager().post("/api/products/bulk-delete", asked, format="json").json() == {"deleted": 0}


def test_a_frequent_word_is_counted_up_to_a_bound_and_paged_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acme_importer.rest.pages.MOST_COUNTED", 20)
    monkeypatch.setattr(finding, "LISTED", 20)
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(45)))
    follow()
    # Three that the index has otherwise: one that matches no more, one more that does, one that still does.
    for sku, name in (("A-0", "Chair"), ("B", "Lamp"), ("A-44", "Large lamp")):
        product = Product.objects.filter(sku=sku).first() or Product(sku=sku)
        product.name = name
        product.save()
    client = manager()

    first = client.get("/api/products/", {"search": "lamp", "page_size": "10"}).json()
    assert (first["count"], first["count_is_exact"]) == (20, False)
    skus, page = [product["sku"] for product in first["results"]], first
    while page["next"]:
        page = client.get(page["next"]).json()
        skus += [product["sku"] for product in page["results"]]
    assert (page["count"], page["count_is_exact"]) == (45, True)
    assert skus == list(Product.objects.exclude(name="Chair").values_list("sku", flat=True))
    assert len(skus) == 45
    assert set(skus) == {*(f"A-{n}" for n in range(1, 45)), "B"}
    assert client.get("/api/products/", {"search": "lamp", "page_size": "10", "page": "6"}).status_code == 404


@pytest.mark.parametrize("ordering", ["", "id", "-id", "name"])
def test_pages_of_a_frequent_word_are_those_of_all_that_it_finds(
    monkeypatch: pytest.MonkeyPatch, ordering: str
) -> None:
    monkeypatch.setattr(finding, "LISTED", 20)
    run_import("sku,name\n" + "".join(f"A-{n:02},{'Chair' if n % 3 else 'Lamp'} {n % 7}\n" for n in range(99)))
    follow()
    everything = list(Product.objects.order_by("pk"))
    # The index names the first 21 of 33: here and there one that is deleted, that matches no more, and that does now.
    for place, name in (
        (0, "Chair"),
        (3, ""),
        (4, "Lamp 9"),
        (57, "Chair"),
        (58, "Lamp 1"),
        (60, "Lamp 8"),
        (98, "Lamp"),
    ):
        if name:
            everything[place].name = name
            everything[place].save()
        else:
            editing.delete(everything[place], NOBODY)
    asked = {"search": "lamp", "page_size": "7", **({"ordering": ordering} if ordering else {})}

    shown, page = [], manager().get("/api/products/", asked).json()
    while True:
        shown += [product["sku"] for product in page["results"]]
        if not page["next"]:
            break
        page = manager().get(page["next"]).json()

    expected = Product.objects.filter(name__startswith="Lamp").order_by(*filter(None, [ordering]), "pk")
    assert shown == list(expected.values_list("sku", flat=True))


def test_of_very_many_words_that_begin_alike_all_are_found() -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Lamp{n}\n" for n in range(2 * index.MOST_WORDS)))
    follow()

    assert len(indexed("lamp")) == 2 * index.MOST_WORDS
    assert len(indexed("lamp a")) == 2 * index.MOST_WORDS
    assert indexed("lamp7") == {"A-7"}
    assert indexed("lamp6 a") == {"A-6", *(f"A-{n}" for n in range(60, 2 * index.MOST_WORDS))}


def test_a_search_reads_its_index_once_if_it_can_list_what_it_finds() -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(30)))
    follow()

    with CaptureQueriesContext(connection) as queries:
        page = manager().get("/api/products/", {"search": "lamp", "page_size": "10"}).json()

    assert (page["count"], page["count_is_exact"], len(page["results"])) == (30, True, 10)
    assert reads_of_index(queries) == 1


@pytest.mark.parametrize("limit", [1, 3, 4, 5, 6])
def test_no_more_are_found_than_are_looked_for(limit: int) -> None:
    names = ["Oak lamp", "Lamp, oak", "Oaken lampshade", "Lamp of oak", "Oak lampshade", "Oak", "Lamp"]
    run_import("sku,name\n" + "".join(f'A-{n},"{name}"\n' for n, name in enumerate(names)))
    follow()

    found = index.find(["oak", "lamp"], limit)

    assert found.count == min(limit, 5)
    if connection.vendor == "postgresql" and limit <= 5:
        assert not found.written
        return
    assert len(found.ids()) == found.count
    skus = set(Product.objects.filter(pk__in=found.ids()).values_list("sku", flat=True))
    assert skus <= {f"A-{n}" for n in range(5)}


def test_every_beginning_of_every_word_finds_what_has_it() -> None:
    shapes = [*"ab10é日", "٣"]
    names = {f"N{n}": "".join(letters) for n, letters in enumerate(itertools.product(shapes, repeat=3))}
    run_import("sku,name\n" + "".join(f"{sku},{name} lamp\n" for sku, name in names.items()))
    follow()
    # What is written over what was there has other words, too.
    renamed = {f"N{n}": f"{name}0 {name}c" for n, name in enumerate(names.values()) if n % 5 == 0}
    for product in Product.objects.filter(sku__in=renamed):
        product.name = renamed[product.sku]
        editing.update(product, ["name"], NOBODY)
    follow()
    now = {sku: words_of([sku, name]) for sku, name in {**names, **renamed}.items()}

    every_word = set().union(*now.values())
    for search in {word[:length] for word in every_word for length in (1, 2, 3, 4)}:
        (beginning,) = finding.beginnings_of(search)
        assert indexed(search) == {sku for sku, words in now.items() if matches([beginning], words)}, search


@pytest.mark.parametrize(("deleted", "followed"), [(0, True), (3, False), (3, True)])
def test_a_frequent_word_is_counted_by_what_was_found_first_where_that_is_enough(
    monkeypatch: pytest.MonkeyPatch, deleted: int, followed: bool
) -> None:
    monkeypatch.setattr("acme_importer.rest.pages.MOST_COUNTED", 20)
    monkeypatch.setattr(finding, "LISTED", 20)
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(24)))
    follow()
    # The index goes on naming them until it is followed, so that what it names first is not enough to know.
    for product in Product.objects.order_by("pk")[:deleted]:
        editing.delete(product, NOBODY)
    if followed:
        follow()

    with CaptureQueriesContext(connection) as queries:
        page = manager().get("/api/products/", {"search": "lamp", "page_size": "10"}).json()

    assert (page["count"], page["count_is_exact"]) == (20, False)
    # To find, and for the page (SQLite has named its products first).
    is_postgresql = connection.vendor == "postgresql"
    if followed:
        assert reads_of_index(queries) == 1 + is_postgresql
        assert not any("COUNT(" in query["sql"] for query in queries.captured_queries)
    else:
        # To count what it names first (which SQLite has named), and then everything.
        assert reads_of_index(queries) == 1 + is_postgresql + 1 + is_postgresql


@pytest.mark.parametrize(("active", "is_exact"), [(20, True), (21, False)])
def test_a_frequent_word_with_a_filter_is_counted_exactly_up_to_the_bound(
    monkeypatch: pytest.MonkeyPatch, active: int, is_exact: bool
) -> None:
    monkeypatch.setattr("acme_importer.rest.pages.MOST_COUNTED", 20)
    monkeypatch.setattr(finding, "LISTED", 20)
    rows = [f"A-{n},Lamp,{'yes' if n >= 10 else 'no'}" for n in range(10 + active)]
    run_import("\n".join(["sku,name,is_active", *rows]) + "\n")
    follow()

    page = manager().get("/api/products/", {"search": "lamp", "is_active": "true", "page_size": "10"}).json()

    assert (page["count"], page["count_is_exact"]) == (20, is_exact)


def reads_of_index(queries: CaptureQueriesContext) -> int:
    return sum("products_words" in query["sql"] for query in queries.captured_queries)


def test_a_batch_takes_a_part_of_a_large_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "BATCH", 10)
    run_import("sku,name\n" + "".join(f"A-{n},Lamp\n" for n in range(25)))

    assert follower.follow_batch()
    assert len(indexed("lamp")) == 10
    assert SearchChange.objects.get().number == 15
    follow()
    assert len(indexed("lamp")) == 25


def test_a_large_import_calls_the_follower_once_and_a_small_one_waits_for_the_schedule() -> None:
    def calls() -> int:
        return sum(message.func() == "products.search.follower.follow" for message in OrmQ.objects.all())

    note([f"a-{n}" for n in range(FEW)])
    assert calls() == 0
    note([f"a-{n}" for n in range(FEW + 1)])
    note([f"a-{n}" for n in range(FEW + 1)])
    assert calls() == 1
    assert Schedule.objects.get(func="products.search.follower.follow").minutes == 1


@pytest.mark.parametrize("now", [True, False])
def test_a_damaged_index_is_rebuilt(now: bool) -> None:
    make_product("A", name="Lamp")
    deleted = make_product("B", name="Lamp")
    follow()
    editing.delete(deleted, NOBODY)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM products_words WHERE rowid <> %s", [deleted.pk])
    assert found("lamp") == []

    call_command("rebuild_search", *(["--now"] if now else []))

    if not now:
        assert manager().get("/api/products/?search=lamp").json()["search_notice"]
        assert OrmQ.objects.count() == 1
        follow()
        # Beyond the last product.
        follower.sweep()
    assert indexed("lamp") == {"A"}
    assert index.find(["lamp"], 10).count == 1


def test_a_rebuild_goes_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "BATCH", 10)
    Product.objects.bulk_create([Product(sku=f"A{n}", sku_normalized=f"a{n}", name="Lamp") for n in range(35)])
    note_range(0, Product.objects.latest("pk").pk)

    assert follower.follow_batch()
    assert len(indexed("lamp")) == 10
    follow()
    assert len(indexed("lamp")) == 35


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_while_the_follower_runs_is_not_missed() -> None:
    """Its note has a lower number than others that the follower has dealt with before."""
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite there is one writer at a time")
    make_product("A", name="Lamp")
    follow()
    written, may_commit = threading.Event(), threading.Event()

    def change_slowly() -> None:
        try:
            with transaction.atomic():
                product = Product.objects.get(sku="A")
                product.name = "Chair"
                product.save()
                written.set()
                assert may_commit.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=change_slowly)
    thread.start()
    assert written.wait(30)
    make_product("B", name="Lamp")
    follow()
    assert indexed("lamp") == {"A", "B"}
    may_commit.set()
    thread.join()

    follow()

    assert (indexed("lamp"), indexed("chair")) == ({"B"}, {"A"})


@pytest.mark.django_db(transaction=True)
def test_two_followers_do_not_work_at_a_time() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite there is one writer at a time")
    make_product("A", name="Lamp")
    locked, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                assert follower._is_alone()
                locked.set()
                may_end.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(30)
    assert not follower.follow_batch()
    may_end.set()
    thread.join()
    assert follower.follow_batch()


KILLED_BEFORE_COMMIT = """
import os, signal
from products.search import follower, index
write = index.write
index.write = lambda words: (write(words), os.kill(os.getpid(), signal.SIGKILL))
follower.follow_batch()
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_follower_that_is_killed_loses_nothing() -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Lamp {n}\n" for n in range(3_000)))
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", KILLED_BEFORE_COMMIT]

    killed = subprocess.run(command, cwd=settings.BASE_DIR, env=product_environment(), check=False)

    assert killed.returncode == -signal.SIGKILL
    assert SearchChange.objects.get().number == 3_000
    assert indexed("lamp") == set()
    follow()
    assert len(indexed("lamp")) == 3_000


@pytest.mark.slow
def test_the_workers_follow_an_import(worker_cluster: WorkerCluster) -> None:
    run_import("sku,name\n" + "".join(f"A-{n},Lamp {n}\n" for n in range(3_000)))

    wait_until(lambda: len(indexed("lamp")) == 3_000, 60)

    assert not SearchChange.objects.exists()
