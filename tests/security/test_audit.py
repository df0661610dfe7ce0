"""Every way to change something leaves a record of who did it, and from where: of each route, page and action.

The routes and actions come from the URL configuration and from the admin, so that a new one fails until it is entered
here with the act that it records, or as one that changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db.models import Model
from django.db.transaction import TransactionManagementError, atomic
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from acme_importer.audit.models import Record
from acme_importer.audit.trail import record
from acme_importer.rest.scopes import SCOPES
from acme_importer.tokens.models import Token
from imports import applying, drafts, remembering
from imports.models import Draft, HeldRow, ImportJob, Supplier
from products import editing
from products.editing import Editor
from products.history.models import ChangeSet
from products.models import Product
from tests.imports.factories import make_job, run_import, upload
from tests.products.factories import make_product, make_user
from tests.routes import patterns
from tests.tokens import make_key
from tests.webhooks.factories import emit_one, make_endpoint
from webhooks.models import Delivery, Endpoint, Replay

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

URL = "https://shop.example.com/in/very-secret-path"
ADDRESS = "192.0.2.7"
CSV = "sku,name\nA-1,Lamp\n"


@dataclass
class World:
    """What the acts act on, and who acts: a browser and a program of the same user."""

    user: User
    browser: Client
    program: APIClient
    receiver: HTTPServer

    def post(self, path: str, data: Any = None) -> Any:
        """Send a form of the dashboard."""
        answer = self.browser.post(f"/admin/{path}", data or {})
        assert answer.status_code in (200, 201, 302), answer.content[:500]
        return answer

    def send(self, method: str, path: str, data: Any = None) -> Any:
        """Send a request to the API."""
        answer = getattr(self.program, method)(f"/api/{path}", data, format="json")
        assert answer.status_code < 300, answer.content
        return answer

    def choose(self, path: str, action: str, *objects: Any, **fields: Any) -> Any:
        """Do an action of a list with these objects."""
        chosen = [str(each.pk) for each in objects]
        return self.post(path, {"action": action, "_selected_action": chosen, **fields})

    @property
    def endpoint(self) -> Endpoint:
        return make_endpoint(URL)

    @property
    def tested(self) -> Endpoint:
        self.receiver.expect_request("/hook").respond_with_data("")
        return make_endpoint(self.receiver.url_for("/hook"))

    @property
    def delivery(self) -> Delivery:
        Endpoint.objects.all().delete()
        make_endpoint(URL)
        return emit_one()

    @property
    def failed(self) -> Delivery:
        delivery = self.delivery
        Delivery.objects.update(status="failed")
        return delivery

    @property
    def draft(self) -> Draft:
        draft = drafts.create(upload(CSV), self.user)
        Record.objects.all().delete()
        return draft

    @property
    def cancelled(self) -> ImportJob:
        job = make_job(CSV)
        ImportJob.objects.update(status="cancelled")
        return job

    @property
    def imported(self) -> ImportJob:
        job = run_import(CSV)
        Record.objects.all().delete()
        return job

    @property
    def supplier(self) -> Supplier:
        supplier = remembering.remember("Nordic", self.imported)
        Record.objects.all().delete()
        return supplier

    @property
    def holding(self) -> ImportJob:
        """An import with a row that it has held."""
        job = self.imported
        HeldRow.objects.create(job=job, line=2, sku="A", shown={}, now={})
        return job

    @property
    def held(self) -> ImportJob:
        """An import that waits for approval, of what its check has shown."""
        check = run_import(CSV, dry_run=True)
        job = applying.apply(check)
        ImportJob.objects.filter(pk=job.pk).update(status="held")
        Record.objects.all().delete()
        return job

    @property
    def rejecting(self) -> ImportJob:
        """An import with a row that it has rejected."""
        job = run_import(CSV + "A-2,\n")
        Record.objects.all().delete()
        return job

    @property
    def edited(self) -> ChangeSet:
        product = make_product()
        product.name = "Other"
        editing.update(product, ["name"], Editor())
        Record.objects.all().delete()
        return ChangeSet.objects.latest("number")


@pytest.fixture
def world(admin_user: User, httpserver: HTTPServer) -> World:
    browser = Client(REMOTE_ADDR=ADDRESS, HTTP_X_REQUEST_ID="req-1")
    browser.force_login(admin_user)
    program = APIClient(REMOTE_ADDR=ADDRESS, HTTP_X_REQUEST_ID="req-1")
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(admin_user)}")
    Record.objects.all().delete()
    return World(admin_user, browser, program, httpserver)


def change_form(world: World, path: str, **fields: Any) -> Any:
    """Send the form of a page as it is shown, with some fields changed."""
    form = world.browser.get(f"/admin/{path}").context["adminform"].form
    shown = {bound.html_name: bound.value() for bound in form}
    shown |= {bound.html_initial_name: bound.initial for bound in form if bound.field.show_hidden_initial}
    sent = {name: value for name, value in {**shown, **fields}.items() if value not in (None, False)}
    answer = world.post(path, sent)
    assert answer.status_code == 302, answer.context["errors"]
    return answer


Act = tuple[str, Callable[[World], Any]]

API: dict[str, Act] = {
    "product-list post": ("product.created", lambda w: w.send("post", "products/", {"sku": "N-1", "name": "New"})),
    "product-detail put": (
        "product.updated",
        lambda w: w.send("put", f"products/{make_product('P').pk}/", {"sku": "P", "name": "Other"}),
    ),
    "product-detail patch": (
        "product.updated",
        lambda w: w.send("patch", f"products/{make_product().pk}/", {"name": "Other"}),
    ),
    "product-detail delete": ("product.deleted", lambda w: w.send("delete", f"products/{make_product().pk}/")),
    "product-bulk-delete post": (
        "products.deleted",
        lambda w: w.send("post", "products/bulk-delete", {"ids": [make_product().pk]}),
    ),
    "webhook-list post": ("webhook.created", lambda w: w.send("post", "webhooks/", {"url": URL})),
    "webhook-detail put": (
        "webhook.updated",
        lambda w: w.send("put", f"webhooks/{w.endpoint.pk}/", {"url": URL + "/2"}),
    ),
    "webhook-detail patch": (
        "webhook.disabled",
        lambda w: w.send("patch", f"webhooks/{w.endpoint.pk}/", {"enabled": False}),
    ),
    "webhook-detail delete": ("webhook.deleted", lambda w: w.send("delete", f"webhooks/{w.endpoint.pk}/")),
    "webhook-test post": ("webhook.tested", lambda w: w.send("post", f"webhooks/{w.tested.pk}/test")),
    "webhook-rotate-secret post": (
        "webhook.secret_rotated",
        lambda w: w.send("post", f"webhooks/{w.endpoint.pk}/rotate-secret"),
    ),
    "webhook-redeliver-failed post": (
        "deliveries.resent",
        lambda w: w.send("post", f"webhooks/{w.failed.endpoint_id}/redeliver-failed", {"since": "2020-01-01T00:00Z"}),
    ),
    "webhook-replay post": (
        "webhook.replayed",
        lambda w: w.send("post", f"webhooks/{w.failed.endpoint_id}/replay", {"since": of_today()}),
    ),
    "delivery-redeliver post": (
        "delivery.resent",
        lambda w: w.send("post", f"webhooks/{of_delivery(w.delivery)}/redeliver"),
    ),
    "upload-list post": (
        "import.uploaded",
        lambda w: w.program.post("/api/uploads/?filename=a.csv", CSV, content_type="text/csv"),
    ),
    "job-cancel post": ("import.cancelled", lambda w: w.send("post", f"jobs/{make_job(CSV).pk}/cancel")),
    "job-apply post": (
        "import.confirmed",
        lambda w: w.send("post", f"jobs/{run_import(CSV, dry_run=True).pk}/apply"),
    ),
    "job-held post": ("import.confirmed", lambda w: w.send("post", f"jobs/{w.holding.pk}/held")),
    "job-approve post": (
        "import.approved",
        lambda w: w.send("post", f"jobs/{w.held.pk}/approve", {"reason": "Agreed."}),
    ),
    "job-reject post": (
        "import.rejected",
        lambda w: w.send("post", f"jobs/{w.held.pk}/reject", {"reason": "By mistake."}),
    ),
    "supplier-list post": (
        "supplier.created",
        lambda w: w.send("post", "suppliers/", {"name": "Nordic", "job": w.imported.pk}),
    ),
    "supplier-detail patch": (
        "supplier.updated",
        lambda w: w.send("patch", f"suppliers/{w.supplier.pk}/", {"options": {"mode": "update_only"}}),
    ),
    "supplier-detail delete": ("supplier.deleted", lambda w: w.send("delete", f"suppliers/{w.supplier.pk}/")),
    "job-undo post": ("import.undone", lambda w: w.send("post", f"jobs/{w.imported.pk}/undo")),
    "job-retry post": ("import.retried", lambda w: w.send("post", f"jobs/{w.cancelled.pk}/retry")),
}

PASSWORD = "a-Long-pass-13"

PAGES: dict[str, Act] = {
    "password_change": (
        "user.password_changed",
        lambda w: w.post(
            "password_change/", {"old_password": "password", "new_password1": PASSWORD, "new_password2": PASSWORD}
        ),
    ),
    "auth_user_add": (
        "user.created",
        lambda w: w.post(
            "auth/user/add/",
            {"username": "n", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
        ),
    ),
    "auth_user_change": (
        "user.updated",
        lambda w: w.post(
            f"auth/user/{make_user().pk}/change/",
            {"username": "renamed", "is_staff": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"},
        ),
    ),
    "auth_user_password_change": (
        "user.updated",
        lambda w: w.post(
            f"auth/user/{make_user().pk}/password/",
            {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD, "set-password": "1"},
        ),
    ),
    "auth_user_delete": ("user.deleted", lambda w: w.post(f"auth/user/{make_user().pk}/delete/", {"post": "yes"})),
    "auth_group_add": ("group.created", lambda w: w.post("auth/group/add/", {"name": "Buyers"})),
    "auth_group_change": (
        "group.updated",
        lambda w: w.post(f"auth/group/{Group.objects.create(name='Old').pk}/change/", {"name": "New"}),
    ),
    "auth_group_delete": (
        "group.deleted",
        lambda w: w.post(f"auth/group/{Group.objects.create(name='Old').pk}/delete/", {"post": "yes"}),
    ),
    "tokens_token_add": (
        "token.created",
        lambda w: w.post("tokens/token/add/", {"name": "ERP", "scopes": SCOPES, "days": 30}),
    ),
    "tokens_token_delete": (
        "token.deleted",
        lambda w: w.post(f"tokens/token/{Token.objects.get().pk}/delete/", {"post": "yes"}),
    ),
    "products_product_add": (
        "product.created",
        lambda w: w.post("products/product/add/", {"sku": "N-1", "name": "New", "description": "", "price": ""}),
    ),
    "products_product_change": (
        "product.updated",
        lambda w: change_form(w, f"products/product/{make_product().pk}/change/", name="Other"),
    ),
    "products_product_delete": (
        "product.deleted",
        lambda w: w.post(f"products/product/{make_product().pk}/delete/", {"post": "yes"}),
    ),
    "products_product_changelist": (
        "product.created",
        lambda w: w.post("products/product/", {"_add": "1", "new-sku": "N-1", "new-name": "New"}),
    ),
    "imports_importjob_upload": ("import.uploaded", lambda w: w.post("imports/importjob/upload/", {"file": file()})),
    "imports_importjob_review": (
        "import.discarded",
        lambda w: w.post(f"imports/importjob/upload/{w.draft.pk}/", {"action": "discard"}),
    ),
    "imports_importjob_fix": (
        "import.uploaded",
        lambda w: w.post(f"imports/importjob/{w.rejecting.pk}/fix/?code=new_without_name", {"row-3-1": "Vase"}),
    ),
    "imports_importjob_cancel": (
        "import.cancelled",
        lambda w: w.post(f"imports/importjob/{make_job(CSV).pk}/cancel/"),
    ),
    "imports_importjob_remember": (
        "supplier.created",
        lambda w: w.post(f"imports/importjob/{w.imported.pk}/remember/", {"name": "Nordic"}),
    ),
    "imports_supplier_change": (
        "supplier.updated",
        lambda w: change_form(w, f"imports/supplier/{w.supplier.pk}/change/", name="Baltic"),
    ),
    "imports_supplier_delete": (
        "supplier.deleted",
        lambda w: w.post(f"imports/supplier/{w.supplier.pk}/delete/", {"post": "yes"}),
    ),
    "imports_importjob_undo": ("import.undone", lambda w: w.post(f"imports/importjob/{w.imported.pk}/undo/")),
    "imports_importjob_undo_changes": (
        "import.undone",
        lambda w: w.post(f"imports/importjob/undo-changes/{w.edited.number}/{w.edited.number}/"),
    ),
    "products_product_revert": (
        "product.updated",
        lambda w: w.post(f"products/product/history/{w.edited.first_address}/revert/"),
    ),
    "imports_importjob_retry": ("import.retried", lambda w: w.post(f"imports/importjob/{w.cancelled.pk}/retry/")),
    "imports_importjob_apply": (
        "import.confirmed",
        lambda w: w.post(f"imports/importjob/{run_import(CSV, dry_run=True).pk}/apply/"),
    ),
    "imports_importjob_import_held": (
        "import.confirmed",
        lambda w: w.post(f"imports/importjob/{w.holding.pk}/import-held/"),
    ),
    "imports_importjob_approve": (
        "import.approved",
        lambda w: w.post(f"imports/importjob/{w.held.pk}/approve/", {"reason": "Agreed."}),
    ),
    "imports_importjob_reject": (
        "import.rejected",
        lambda w: w.post(f"imports/importjob/{w.held.pk}/reject/", {"reason": "By mistake."}),
    ),
    "imports_importjob_reopen": (
        "import.reopened",
        lambda w: w.post(f"imports/importjob/{run_import(CSV, dry_run=True).pk}/reopen/"),
    ),
    "webhooks_endpoint_add": (
        "webhook.created",
        lambda w: w.post("webhooks/endpoint/add/", {"url": URL, "enabled": "on"}),
    ),
    "webhooks_endpoint_change": (
        "webhook.updated",
        lambda w: w.post(f"webhooks/endpoint/{w.endpoint.pk}/change/", {"url": URL + "/2", "enabled": "on"}),
    ),
    "webhooks_endpoint_delete": (
        "webhook.deleted",
        lambda w: w.post(f"webhooks/endpoint/{w.endpoint.pk}/delete/", {"post": "yes"}),
    ),
    "webhooks_endpoint_act": (
        "webhook.secret_rotated",
        lambda w: w.post(f"webhooks/endpoint/{w.endpoint.pk}/action/", {"action": "rotate_secret"}),
    ),
    "webhooks_delivery_redeliver": (
        "deliveries.resent",
        lambda w: w.post(f"webhooks/delivery/{w.delivery.pk}/redeliver/"),
    ),
}

ACTIONS: dict[str, Act] = {
    "product activate": (
        "products.activated",
        lambda w: w.choose("products/product/", "activate", make_product(is_active=False)),
    ),
    "product deactivate": (
        "products.deactivated",
        lambda w: w.choose("products/product/", "deactivate", make_product()),
    ),
    "product delete_selected": (
        "products.deleted",
        lambda w: w.choose("products/product/", "delete_selected", make_product(), expected="1"),
    ),
    "importjob cancel": (
        "import.cancelled",
        lambda w: w.choose("imports/importjob/", "cancel", make_job(CSV)),
    ),
    "importjob retry": ("import.retried", lambda w: w.choose("imports/importjob/", "retry", w.cancelled)),
    "supplier delete_selected": (
        "supplier.deleted",
        lambda w: w.choose("imports/supplier/", "delete_selected", w.supplier, post="yes"),
    ),
    "endpoint enable": ("webhook.enabled", lambda w: w.choose("webhooks/endpoint/", "enable", w.endpoint)),
    "endpoint disable": ("webhook.disabled", lambda w: w.choose("webhooks/endpoint/", "disable", w.endpoint)),
    "endpoint test": ("webhook.tested", lambda w: w.choose("webhooks/endpoint/", "test", w.tested)),
    "endpoint rotate_secret": (
        "webhook.secret_rotated",
        lambda w: w.choose("webhooks/endpoint/", "rotate_secret", w.endpoint),
    ),
    "endpoint delete_selected": (
        "webhook.deleted",
        lambda w: w.choose("webhooks/endpoint/", "delete_selected", w.endpoint, post="yes"),
    ),
    "delivery redeliver": ("deliveries.resent", lambda w: w.choose("webhooks/delivery/", "redeliver", w.delivery)),
    "user delete_selected": (
        "user.deleted",
        lambda w: w.choose("auth/user/", "delete_selected", make_user(), post="yes"),
    ),
    "group delete_selected": (
        "group.deleted",
        lambda w: w.choose("auth/group/", "delete_selected", Group.objects.create(name="Old"), post="yes"),
    ),
    "token delete_selected": (
        "token.deleted",
        lambda w: w.choose("tokens/token/", "delete_selected", Token.objects.get(), post="yes"),
    ),
}

# Pages that show something, or change nothing but what their user sees.
NO_ACT = {
    "index",
    "login",
    "logout",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "view_on_site",
    "app_list",
    "components",
    "workers",
    "imports_importjob_changes",
    # Leads to the imports, one of which is remembered.
    "imports_supplier_add",
    "dismiss",
    # Nothing of a token can be changed.
    "tokens_token_change",
    None,
}
# Those who can be asked for nothing else: of models that the dashboard only shows, or whose lists have actions only.
SHOWN_ONLY = {"audit_record", "imports_importjob", "webhooks_delivery"}
NO_ACTIONS = {"product export_for_spreadsheets", "product export_csv", "record export_csv"}


def of_delivery(delivery: Delivery) -> str:
    return f"{delivery.endpoint_id}/deliveries/{delivery.pk}"


def of_today() -> str:
    return (timezone.now() - timedelta(hours=1)).isoformat()


def file() -> Any:
    return SimpleUploadedFile("a.csv", CSV.encode())


def api_routes() -> set[str]:
    return {
        f"{pattern.name} {method}"
        for _, pattern in patterns()
        for method in getattr(pattern.callback, "actions", None) or ()
        if method not in ("get", "head", "options")
    }


def pages() -> set[str]:
    names = {pattern.name for whole, pattern in patterns() if whole.startswith("admin/")}
    shown = {
        name
        for name in names
        if name
        and name.rpartition("_")[0] in SHOWN_ONLY
        and name.rpartition("_")[2] in ("add", "change", "delete", "history", "changelist")
    }
    lists = {name for name in names if name and name.endswith(("_history", "_changelist")) and name not in PAGES}
    return {name for name in names - NO_ACT - shown - lists if name}


def actions() -> set[str]:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    return {
        f"{model._meta.model_name} {name}"
        for model, model_admin in admin.site._registry.items()
        for name in model_admin.get_actions(request)
    } - NO_ACTIONS


def test_every_route_page_and_action_is_entered_here() -> None:
    assert api_routes() == API.keys()
    assert pages() == PAGES.keys()
    assert actions() == ACTIONS.keys()


@pytest.mark.parametrize("name", [*API, *PAGES, *ACTIONS])
def test_each_act_leaves_one_record_and_no_secret(world: World, name: str) -> None:
    (act, do), way = {**API, **PAGES, **ACTIONS}[name], "api" if name in API else "dashboard"

    do(world)

    kept = Record.objects.get(way=way)
    assert (kept.act, kept.user, kept.user_name) == (act, world.user, "admin")
    assert (kept.address, kept.request_id, kept.count) == (ADDRESS, "req-1", 1)
    assert kept.token == ("test" if way == "api" else "")
    assert kept.object_id or "s." in act or name.endswith("delete_selected")
    written = json.dumps(list(Record.objects.values()), default=str)
    secrets = [secret for endpoint in Endpoint.objects.all() for secret in endpoint.signing_secrets()]
    for secret in ("whsec_", "very-secret-path", PASSWORD, *secrets, *Token.objects.values_list("digest", flat=True)):
        assert secret not in written


@pytest.mark.parametrize("name", [*API, *PAGES, *ACTIONS])
def test_no_act_takes_place_without_its_record(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    """Where the record cannot be written nothing is changed: they are one transaction."""
    do = {**API, **PAGES, **ACTIONS}[name][1]
    refused: list[Any] = []

    def refuse(*_: Any, **__: Any) -> None:
        if not refused:
            refused.append(state())
        raise RuntimeError("no record")

    before: list[Any] = []

    def remember(self: World, *_: Any, **__: Any) -> None:
        before.append(state())
        monkeypatch.setattr(Record.objects, "create", refuse)

    for client in (world.browser, world.program):
        original = client.request

        def request(original: Any = original, **environ: Any) -> Any:
            if environ["REQUEST_METHOD"] != "GET":
                remember(world)
            return original(**environ)

        monkeypatch.setattr(client, "request", request)

    with pytest.raises(RuntimeError, match="no record"):
        do(world)

    assert refused
    assert state() == before[-1]


def state() -> Any:
    models: tuple[type[Model], ...] = (Product, Endpoint, Delivery, Replay, ImportJob, Draft, User, Group, Token)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_what_a_command_does_is_its_system_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("USER", "somebody else")
    path = tmp_path / "products.csv"
    path.write_text(CSV)

    call_command("import_csv", str(path))

    kept = Record.objects.get()
    assert (kept.act, kept.way, kept.user, kept.address) == ("import.uploaded", "command", None, "command")
    assert kept.user_name not in ("", "somebody else")


def test_deleting_many_products_is_one_record_with_their_number(world: World) -> None:
    Product.objects.bulk_create(
        Product(sku=f"P-{number}", sku_normalized=f"p-{number}", name="P") for number in range(10_000)
    )

    world.send("post", "products/bulk-delete", {"filter": {"sku_prefix": "P-"}, "confirm": True})

    kept = Record.objects.get()
    assert (kept.act, kept.count) == ("products.deleted", 10_000)
    assert kept.details == {"selection": {"filter": {"sku_prefix": "P-"}}}


def test_the_name_of_who_did_it_outlives_the_user(world: World) -> None:
    world.send("post", "products/", {"sku": "N-1", "name": "New"})
    world.user.delete()

    kept = Record.objects.get()
    assert (kept.user, kept.user_name) == (None, "admin")


def test_hostile_text_is_cleaned_and_bounded(world: World) -> None:
    world.program.post(
        "/api/uploads/?filename=" + "%1b]0;owned%07%e2%80%ae" + "x" * 200,
        CSV,
        content_type="text/csv",
        HTTP_X_REQUEST_ID="\x1b[31m" + "y" * 5000,
    )

    kept = Record.objects.get()
    assert (kept.object_name + kept.request_id).isprintable()
    assert len(kept.object_name) <= 200
    assert len(kept.request_id) == 32, "It is one of our own."


def test_an_act_outside_a_transaction_or_of_no_name_is_refused(transactional_db: None) -> None:
    with pytest.raises(TransactionManagementError):
        record("product.created")
    with pytest.raises(ValueError, match="no act"), atomic():
        record("product.eaten")
    assert not Record.objects.exists()


def test_a_review_tells_what_was_changed_and_what_was_confirmed(world: World) -> None:
    page = f"/admin/imports/importjob/upload/{world.draft.pk}/"
    form = world.browser.get(page).context["form"]
    shown = {bound.html_name: bound.value() for bound in form if bound.value() not in (None, False)}

    world.browser.post(page, {**shown, "encoding": "cp1252", "action": "preview"})
    kept = Record.objects.get()
    assert (kept.act, kept.user, kept.details) == ("import.options_changed", world.user, {"options": ["encoding"]})

    world.browser.post(page, {**shown, "encoding": "cp1252", "action": "check"})
    kept = Record.objects.latest("id")
    assert (kept.act, kept.object_id) == ("import.confirmed", str(ImportJob.objects.get().pk))
    assert kept.details["dry_run"] is True


def test_what_changes_nothing_is_no_act(world: World) -> None:
    product, endpoint = make_product(), world.endpoint

    world.send("patch", f"products/{product.pk}/", {"name": product.name})
    world.send("patch", f"webhooks/{endpoint.pk}/", {"url": URL})
    assert world.program.post("/api/products/", {"sku": ""}, format="json").status_code == 400
    assert world.program.post(f"/api/jobs/{run_import(CSV).pk}/cancel").status_code == 409

    assert not Record.objects.exclude(act="import.uploaded").exists()
