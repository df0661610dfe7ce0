"""Who gets in where: every route of the product, with every method, for strangers and for users of every permission.

The routes come from the URL configuration, so that a new one fails until it is entered here with who may use it. Each
entry is tried by a stranger, a user without permissions, users with just what it names, one who has everything else,
and tokens of each scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client, RequestFactory
from pytest_httpserver import HTTPServer

from acme_importer.audit.models import Record
from acme_importer.rest.scopes import SCOPES
from acme_importer.tokens.models import Token
from imports import drafts, remembering
from products import editing
from products.editing import Editor
from products.history.models import ChangeSet
from tests.imports.factories import run_import, upload
from tests.products.factories import make_product, make_user
from tests.routes import patterns
from tests.tokens import make_key
from tests.webhooks.factories import emit_one, make_endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

# Who may use a route; else it is those who have one of the permissions (`a + b`: both) that the entry names.
ANYONE, LOGGED_IN, STAFF, NOBODY = "anyone", "logged in", "staff", "nobody"
GROUPS = (ANYONE, LOGGED_IN, STAFF, NOBODY)


class Entry(NamedTuple):
    """Who may use a route with a method, the scope that a token needs, and what those see who may, and may not."""

    who: tuple[str, ...]
    scope: str = ""
    let_in: str = "in"
    refused: tuple[str, ...] = ("refused",)


def api(path: str, scope: str = "", **methods: str) -> dict[str, Entry]:
    """A route of the API, with the permission of each method; `scope` is that of methods that change something."""
    return {
        f"{method} api/{path}".rstrip("/"): Entry(tuple(who.split("|")), "read" if method == "GET" else scope)
        for method, who in methods.items()
    }


def page(path: str, get: str, post: str, **seen: Any) -> dict[str, Entry]:
    """A page of the dashboard."""
    return {
        f"GET admin/{path}": Entry(tuple(get.split("|")), **seen),
        f"POST admin/{path}": Entry(tuple(post.split("|")), **seen),
    }


def model(name: str, *, add: bool = True, change: bool = True, delete: bool = True) -> dict[str, Entry]:
    """The usual pages of a model in the dashboard, and which of them its admin allows."""
    app, _, kind = name.partition(".")

    def may(verb: str, *, allowed: bool = True) -> str:
        return f"{app}.{verb}_{kind}" if allowed else NOBODY

    # Who may change may see; nobody can be given the permission to change what is on record.
    seen = may("view") if name == "audit.record" else f"{may('view')}|{may('change')}"
    path = f"{app}/{kind}"
    add_, change_, delete_ = may("add", allowed=add), may("change", allowed=change), may("delete", allowed=delete)
    return {
        **page(f"{path}/", seen, seen),
        **page(f"{path}/add/", add_, add_),
        **page(f"{path}/{{object_id}}/change/", seen, change_),
        **page(f"{path}/{{object_id}}/delete/", delete_, delete_),
        **page(f"{path}/{{object_id}}/history/", seen, seen),
        # Leads to the page of the object, which has its own entry.
        **page(f"{path}/{{object_id}}/", STAFF, STAFF),
    }


ANY_OF_PRODUCTS = "|".join(f"products.{verb}_product" for verb in ("view", "add", "change", "delete"))
SEE_PRODUCTS = "products.view_product|products.change_product"
MAY_FIX = "imports.add_importjob + imports.view_importjob|imports.add_importjob + imports.change_importjob"
MAY_UNDO = "|".join(
    f"imports.undo_importjob + imports.{verb}_importjob + products.view_product" for verb in ("view", "change")
)
SEE_TOKENS = "tokens.view_token|tokens.delete_token"
TABLE: dict[str, Entry] = {
    **{f"{method} {path}": Entry((ANYONE,)) for path in ("", "healthz", "readyz") for method in ("GET",)},
    # Without METRICS_TOKEN; with it, its own tests.
    "GET metrics": Entry((ANYONE,), let_in="not there"),
    # Of the API.
    **api("", GET=LOGGED_IN),
    **api("schema", GET=LOGGED_IN),
    **api("docs", GET=LOGGED_IN),
    **api("products", "write", GET="products.view_product", POST="products.add_product"),
    **api(
        "products/{pk}",
        "write",
        GET="products.view_product",
        PUT="products.change_product",
        PATCH="products.change_product",
        DELETE="products.delete_product",
    ),
    **api("products/bulk-delete", "write", POST="products.delete_product"),
    **api("products/{pk}/history", GET="products.view_product"),
    **api("products/history", GET="products.view_product"),
    **api("products/export.csv", GET="products.view_product"),
    **api("changes", GET="products.view_product"),
    **api("uploads", "import", POST="imports.add_importjob"),
    **api("jobs", GET="imports.view_importjob"),
    **api("jobs/{pk}", GET="imports.view_importjob"),
    **api("jobs/{pk}/cancel", "import", POST="imports.change_importjob"),
    **api("jobs/{pk}/retry", "import", POST="imports.change_importjob"),
    **api(
        "jobs/{pk}/undo",
        "import",
        GET="imports.view_importjob + products.view_product",
        POST="imports.undo_importjob",
    ),
    **api("jobs/{pk}/approve", "import", POST="imports.approve_importjob"),
    **api("jobs/{pk}/reject", "import", POST="imports.approve_importjob"),
    **api("jobs/{pk}/apply", "import", POST="imports.apply_importjob"),
    **api(
        "jobs/{pk}/held",
        "import",
        GET="imports.view_importjob + products.view_product",
        POST="imports.apply_importjob",
    ),
    **api("jobs/{pk}/changes", GET="imports.view_importjob + products.view_product"),
    **api("jobs/{pk}/changes.csv", GET="imports.view_importjob + products.view_product"),
    **api("jobs/{pk}/changes.xlsx", GET="imports.view_importjob + products.view_product"),
    **api("jobs/{pk}/results.csv", GET="imports.view_importjob"),
    **api("jobs/{pk}/rejected", GET="imports.view_importjob"),
    **api("jobs/{pk}/rejected.csv", GET="imports.view_importjob"),
    **api("jobs/{pk}/rejected.xlsx", GET="imports.view_importjob"),
    **api("suppliers", "import", GET="imports.view_supplier", POST="imports.add_supplier"),
    **api(
        "suppliers/{pk}",
        "import",
        GET="imports.view_supplier",
        PATCH="imports.change_supplier",
        DELETE="imports.delete_supplier",
    ),
    **api("suppliers/{pk}/versions", GET="imports.view_supplier"),
    **api("webhooks", "webhooks", GET="webhooks.view_endpoint", POST="webhooks.add_endpoint"),
    **api(
        "webhooks/{pk}",
        "webhooks",
        GET="webhooks.view_endpoint",
        PUT="webhooks.change_endpoint",
        PATCH="webhooks.change_endpoint",
        DELETE="webhooks.delete_endpoint",
    ),
    **api("webhooks/{pk}/test", "webhooks", POST="webhooks.change_endpoint"),
    **api("webhooks/{pk}/rotate-secret", "webhooks", POST="webhooks.change_endpoint"),
    **api("webhooks/{pk}/replay", "webhooks", POST="webhooks.change_endpoint"),
    **api("webhooks/{pk}/redeliver-failed", "webhooks", POST="webhooks.change_delivery"),
    **api("webhooks/{endpoint_id}/deliveries", GET="webhooks.view_delivery"),
    **api("webhooks/{endpoint_id}/deliveries/{pk}", GET="webhooks.view_delivery"),
    **api("webhooks/{endpoint_id}/deliveries/{pk}/redeliver", "webhooks", POST="webhooks.change_delivery"),
    **api("audit", GET="audit.view_record"),
    **api("audit/export.csv", GET="audit.view_record"),
    # Of the browsable API.
    "GET api-auth/login": Entry((ANYONE,)),
    "POST api-auth/login": Entry((ANYONE,)),
    "POST api-auth/logout": Entry((ANYONE,)),
    # Of the dashboard.
    "GET admin/login/": Entry((ANYONE,)),
    "POST admin/login/": Entry((ANYONE,)),
    "POST admin/logout/": Entry((ANYONE,)),
    **page("", STAFF, STAFF),
    **page("components/", NOBODY, NOBODY, refused=("not there",)),
    **page("workers/", "imports.view_importjob", "imports.view_importjob"),
    "POST admin/dismiss/": Entry((STAFF,), let_in="front page"),
    **page("password_change/", STAFF, STAFF),
    "GET admin/password_change/done/": Entry((STAFF,)),
    # For fields that no form has.
    "GET admin/autocomplete/": Entry((NOBODY,)),
    "GET admin/jsi18n/": Entry((STAFF,)),
    # No model has a page outside the dashboard.
    **page("r/{content_type_id}/{object_id}/", STAFF, STAFF, let_in="not there"),
    **page("{app_label}/", ANY_OF_PRODUCTS, ANY_OF_PRODUCTS, refused=("not there",)),
    **page("{url}", NOBODY, NOBODY, refused=("not there",)),
    **model("products.product"),
    **page("products/product/history/", SEE_PRODUCTS, SEE_PRODUCTS),
    # Of an edit.
    "POST admin/products/product/history/{address}/revert/": Entry(
        ("products.change_product + products.view_product",)
    ),
    **model("auth.user"),
    **model("auth.group"),
    **page("auth/user/add/", "auth.add_user + auth.change_user", "auth.add_user + auth.change_user"),
    **page("auth/user/{id}/password/", "auth.change_user", "auth.change_user"),
    **model("imports.importjob", change=False, delete=False),
    **page("imports/importjob/add/", STAFF, STAFF),
    **page("imports/importjob/upload/", "imports.add_importjob", "imports.add_importjob"),
    **page("imports/importjob/upload/{draft_id}/", "imports.add_importjob", "imports.add_importjob"),
    "GET admin/imports/importjob/{job_id}/changes/": Entry(
        (
            "imports.view_importjob + products.view_product",
            "imports.change_importjob + products.view_product",
        )
    ),
    **page("imports/importjob/{job_id}/fix/", MAY_FIX, MAY_FIX),
    "POST admin/imports/importjob/{job_id}/cancel/": Entry(("imports.change_importjob",)),
    "POST admin/imports/importjob/{job_id}/retry/": Entry(("imports.change_importjob",)),
    "POST admin/imports/importjob/{job_id}/undo/": Entry(tuple(MAY_UNDO.split("|"))),
    "POST admin/imports/importjob/{job_id}/remember/": Entry(
        ("imports.add_supplier + imports.view_importjob", "imports.add_supplier + imports.change_importjob")
    ),
    **model("imports.supplier"),
    **page("imports/supplier/add/", STAFF, STAFF),
    **page("imports/importjob/undo-changes/{first}/{last}/", MAY_UNDO, MAY_UNDO),
    **{
        f"POST admin/imports/importjob/{{job_id}}/{name}/": Entry(
            (f"imports.{may}_importjob + imports.view_importjob", f"imports.{may}_importjob + imports.change_importjob")
        )
        for name, may in (
            ("apply", "apply"),
            ("import-held", "apply"),
            ("approve", "approve"),
            ("reject", "approve"),
            ("reopen", "add"),
        )
    },
    **model("webhooks.endpoint"),
    "POST admin/webhooks/endpoint/{endpoint_id}/action/": Entry(("webhooks.change_endpoint",)),
    **model("webhooks.delivery", add=False, change=False, delete=False),
    "POST admin/webhooks/delivery/{delivery_id}/redeliver/": Entry(("webhooks.change_delivery",)),
    **model("audit.record", add=False, change=False, delete=False),
    # Everybody has a list of their own tokens; the one here is somebody else's.
    **page("tokens/token/", STAFF, STAFF),
    **page("tokens/token/add/", STAFF, STAFF),
    **page("tokens/token/{object_id}/", STAFF, STAFF),
    "GET admin/tokens/token/{object_id}/change/": Entry(tuple(SEE_TOKENS.split("|")), refused=("front page",)),
    "POST admin/tokens/token/{object_id}/change/": Entry((NOBODY,), refused=("front page", "refused")),
    **page(
        "tokens/token/{object_id}/delete/",
        "tokens.delete_token",
        "tokens.delete_token",
        refused=("front page", "refused"),
    ),
    **page("tokens/token/{object_id}/history/", SEE_TOKENS, SEE_TOKENS, refused=("front page",)),
}

ROUTES = sorted({key.partition(" ")[2] for key in TABLE})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def routes() -> Iterator[str]:
    """All routes of the product, with the names of their parameters in braces."""
    for whole, _ in patterns():
        route = readable(whole)
        yield route.removesuffix("/") if not route.startswith("admin/") else route


def readable(pattern: str) -> str:
    """A route as it would be read: `^jobs/(?P<pk>[^/.]+)/?$` and `jobs/<int:pk>/` are `jobs/{pk}` and a slash."""
    named = re.sub(r"\(\?P<(\w+)>.*?\)|<(?:\w+:)?(\w+)>", lambda match: "{" + (match[1] or match[2]) + "}", pattern)
    return re.sub(r"/\?|[\\^$]", "", named)


def path_of(route: str, things: dict[str, Any]) -> str:
    """A route with the things that there are as its parameters."""
    kind = re.sub(r"^(admin/\w+|api)/", "", route).split("/")[0].replace("deliveries", "delivery")
    if "/deliveries" in route and route.startswith("api/"):
        kind = "delivery"
    return "/" + re.sub(r"{(\w+)}", lambda match: str(things.get(match[1], things.get(kind))), route)


@pytest.fixture
def things(httpserver: HTTPServer) -> dict[str, Any]:
    """What there is of each kind, by the name of a parameter or by the kind's name in routes."""
    httpserver.expect_request("/hook").respond_with_data("")
    owner = User.objects.create_superuser("owner")
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    job = run_import("sku,name\nA-1,Lamp\n", dry_run=True)
    supplier = remembering.remember("Nordic", run_import("sku,name\nA-1,Lamp\n"))
    product = make_product()
    product.name = "Other"
    editing.update(product, ["name"], Editor())
    edit = ChangeSet.objects.latest("number")
    make_key(owner)
    return {
        **dict.fromkeys(("products", "product"), product.pk),
        **dict.fromkeys(("webhooks", "endpoint", "endpoint_id"), endpoint.pk),
        **dict.fromkeys(("delivery", "delivery_id"), delivery.pk),
        **dict.fromkeys(("jobs", "importjob", "job_id"), job.pk),
        **dict.fromkeys(("suppliers", "supplier"), supplier.pk),
        **dict.fromkeys(("first", "last"), edit.number),
        "address": edit.first_address,
        "draft_id": drafts.create(upload("sku,name\nA-1,Lamp\n"), owner).pk,
        "record": Record.objects.latest("pk").pk,
        **dict.fromkeys(("user", "id"), owner.pk),
        "group": Group.objects.create(name="Buyers").pk,
        "token": Token.objects.get().pk,
        "content_type_id": ContentType.objects.get_for_model(User).pk,
        "r": owner.pk,
        "app_label": "products",
        "url": "nothing/of/the/kind/",
    }


def seen(client: Client, method: str, path: str, **more: Any) -> str:
    """What somebody gets who asks for `path`; it changes nothing."""
    with transaction.atomic():
        response = client.generic(method, path, b"{}" if path.startswith("/api/") else b"", **more)
        if response.streaming:
            list(response)
        transaction.set_rollback(True)
    return what(response, path)


def what(response: Any, path: str) -> str:
    # No workers are ready.
    assert response.status_code < 500 or path == "/readyz", response.content
    location = response.headers.get("Location", "")
    if response.status_code == 401 or re.match("/(admin|api-auth)/login/", location):
        return "login"
    if location == "/admin/" and path.startswith("/admin/"):
        return "front page"
    return {403: "refused", 404: "not there", 405: "no method"}.get(response.status_code, "in")


def browser(user: User | None) -> Client:
    client = Client(raise_request_exception=False, headers={"Content-Type": "application/json"})
    if user:
        client.force_login(user)
    return client


def everything_but(user: User, names: set[str]) -> User:
    """Give the user all permissions that there are but these."""
    allowed = [
        permission
        for permission in Permission.objects.select_related("content_type")
        if f"{permission.content_type.app_label}.{permission.codename}" not in names
    ]
    user.user_permissions.set(allowed)
    return user


def split(alternative: str) -> list[str]:
    return [name.strip() for name in alternative.split("+")]


def test_every_route_is_entered_here() -> None:
    found = set(routes())

    assert sorted(found) == ROUTES


def test_what_entries_name_is_there() -> None:
    known = {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}

    named = {name for entry in TABLE.values() for each in entry.who if each not in GROUPS for name in split(each)}
    assert named <= known
    assert {entry.scope for entry in TABLE.values()} == {"", *SCOPES}


@dataclass(frozen=True)
class Asked:
    """A route that is asked for with a method."""

    entry: Entry
    method: str
    path: str

    def seen_by(self, user: User | None) -> str:
        return seen(browser(user), self.method, self.path)

    def check_everybody(self, *, is_staff: bool, superuser: User) -> None:
        """Ask as each of those of whom the head of this file speaks."""
        who, let_in = self.entry.who, self.entry.let_in
        by_superuser = self.seen_by(superuser)
        if who == (ANYONE,):
            assert {by_superuser, self.seen_by(None)} <= {let_in, "in", "login", "front page"}, self
            return
        assert by_superuser in (self.entry.refused if who == (NOBODY,) else (let_in,)), self
        assert self.seen_by(None) == "login", self
        if is_staff:
            assert self.seen_by(everything_but(make_user(), set())) == "login", self
        by_nobody = self.seen_by(make_user(is_staff=is_staff))
        if who in ((LOGGED_IN,), (STAFF,)):
            assert by_nobody == let_in, self
            return
        assert by_nobody in self.entry.refused, self
        if who == (NOBODY,):
            return
        named = {name for each in who for name in split(each)}
        assert self.seen_by(everything_but(make_user(is_staff=is_staff), named)) in self.entry.refused, self
        for alternative in map(split, who):
            assert self.seen_by(make_user(*alternative, is_staff=is_staff)) == let_in, (self, alternative)
            for name in alternative if len(alternative) > 1 else ():
                assert self.seen_by(make_user(name, is_staff=is_staff)) in self.entry.refused, (self, name)


def entries_of(route: str) -> dict[str, Entry]:
    """The entries of a route, by method."""
    return {key.partition(" ")[0]: entry for key, entry in TABLE.items() if key.partition(" ")[2] == route}


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_lets_in_who_may_use_it_and_nobody_else(route: str, things: dict[str, Any]) -> None:
    root = User.objects.create_superuser("root")

    for method, entry in entries_of(route).items():
        asked = Asked(entry, method, path_of(route, things))
        asked.check_everybody(is_staff=route.startswith("admin/"), superuser=root)


@pytest.mark.parametrize("route", ROUTES)
def test_methods_that_are_not_entered_do_nothing(route: str, things: dict[str, Any]) -> None:
    """A dashboard's page takes any other method for a GET; the API has none but those of HTTP itself."""
    path, entries = path_of(route, things), entries_of(route)
    anonymous, root = browser(None), browser(User.objects.create_superuser("root"))
    for method in METHODS:
        if method in entries:
            continue
        by_root, by_anonymous = seen(root, method, path), seen(anonymous, method, path)
        if any(entry.who == (ANYONE,) for entry in entries.values()):
            # Whoever asks gets what everybody gets, and no fault of ours, which `seen` looks for.
            continue
        assert by_anonymous in ("login", "no method")
        if route.startswith("admin/"):
            assert by_root in ("no method", seen(root, "GET", path)) or method == "OPTIONS"
        else:
            is_asked = method == "OPTIONS" or (method == "HEAD" and "GET" in entries)
            assert by_root == ("in" if is_asked else "no method"), method


@pytest.mark.parametrize("route", [route for route in ROUTES if route.split("/")[0] == "api" and route != "api/docs"])
def test_a_token_needs_the_scope_and_its_user_the_permission(route: str, things: dict[str, Any]) -> None:
    path, root, nobody = path_of(route, things), User.objects.create_superuser("root"), make_user()
    keys = {scope: make_key(root, scope) for scope in SCOPES}
    key_of_nobody = make_key(nobody, *SCOPES)

    for method, entry in entries_of(route).items():

        def seen_by(key: str, method: str = method) -> str:
            return seen(browser(None), method, path, headers={"Authorization": f"Bearer {key}"})

        assert {scope: seen_by(key) for scope, key in keys.items()} == {
            scope: "in" if scope == entry.scope else "refused" for scope in SCOPES
        }
        assert seen_by(key_of_nobody) == ("in" if entry.who == (LOGGED_IN,) else "refused")


# What the lists of the dashboard offer to do with the rows that are chosen, and whom: an action that is not offered is
# not taken either.
ACTIONS = {
    "product activate": "products.change_product",
    "product deactivate": "products.change_product",
    "product delete_selected": "products.delete_product",
    "product export_csv": "products.view_product",
    "product export_for_spreadsheets": "products.view_product",
    "importjob cancel": "imports.change_importjob",
    "importjob retry": "imports.change_importjob",
    "endpoint enable": "webhooks.change_endpoint",
    "endpoint disable": "webhooks.change_endpoint",
    "endpoint test": "webhooks.change_endpoint",
    "endpoint rotate_secret": "webhooks.change_endpoint",
    "supplier delete_selected": "imports.delete_supplier",
    "endpoint delete_selected": "webhooks.delete_endpoint",
    "delivery redeliver": "webhooks.change_delivery",
    "user delete_selected": "auth.delete_user",
    "group delete_selected": "auth.delete_group",
    "record export_csv": "audit.view_record",
    # Of one's own tokens.
    "token delete_selected": "",
}


def offered(user: User) -> set[str]:
    request = RequestFactory().get("/")
    request.user = user
    return {
        f"{model._meta.model_name} {name}"
        for model, model_admin in admin.site._registry.items()
        for name in model_admin.get_actions(request)
    }


def test_every_action_is_entered_here() -> None:
    assert offered(User.objects.create_superuser("root")) == ACTIONS.keys()


@pytest.mark.parametrize("name", [name for name, permission in ACTIONS.items() if permission])
def test_an_action_is_offered_to_those_who_may_do_it(name: str) -> None:
    permission = ACTIONS[name]
    verb, _, _ = permission.partition(".")[2].partition("_")
    # A permission to change lets one see, too.
    others = {permission, permission.replace("view", "change")} if verb == "view" else {permission}

    assert name in offered(make_user(permission, is_staff=True))
    assert name not in offered(everything_but(make_user(is_staff=True), others))
