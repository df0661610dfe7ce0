"""Attacks on the tokens of the API: stolen rows, curious staff, forged and ended keys, scopes that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule
from rest_framework.permissions import SAFE_METHODS
from rest_framework.views import APIView

from acme_importer.rest.scopes import SCOPES, TokenScope
from acme_importer.tokens.models import Token, issue
from acme_importer.tokens.tasks import prune
from imports.models import ImportJob
from products.models import Product
from tests.products.factories import make_product
from tests.routes import patterns
from tests.tokens import make_key
from tests.webhooks.factories import emit_one, make_endpoint

pytestmark = pytest.mark.django_db

TOKENS = "/admin/tokens/token/"
HTTP_METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def anna() -> User:
    """Somebody who may do everything."""
    return User.objects.create_superuser("anna", password="the right one")


def ask(key: str, keyword: str = "Bearer") -> int:
    """The status of the response to a request with `key`."""
    return Client(headers={"Authorization": f"{keyword} {key}"}).get("/api/products/").status_code


def staff(name: str, *permissions: str) -> Client:
    """The browser of a user of the dashboard who has `permissions`, given as code names."""
    user = User.objects.create_user(name, password="a password of theirs", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


# Keys


@pytest.mark.parametrize("keyword", ["Token", "Bearer", "token", "BEARER"])
def test_a_key_is_taken_as_token_and_as_bearer(keyword: str, anna: User) -> None:
    assert ask(make_key(anna), keyword) == 200


def test_what_a_thief_reads_in_the_database_lets_nobody_in(anna: User) -> None:
    key = make_key(anna)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tokens_token")
        [row] = cursor.fetchall()

    stolen = [str(value) for value in row]
    assert key not in " ".join(stolen)
    assert [ask(value) for value in stolen if value.isalnum()] == [401] * len(
        [each for each in stolen if each.isalnum()]
    )
    token_key, digest = Token.objects.values_list("token_key", "digest").get()
    assert [ask(value) for value in (digest, token_key, token_key + digest, f"{token_key}{'0' * 54}")] == [401] * 4


def test_a_key_is_too_long_to_be_guessed(anna: User) -> None:
    key = issue(anna, "x", ["read"]).key

    # Of its 64 random digits ten are in the table: 216 bits are left.
    assert re.fullmatch(r"acme_[0-9a-f]{64}", key)
    assert Token.objects.get().token_key == key[:15]


@pytest.mark.parametrize(
    "forged",
    [
        b"Bearer",
        b"Bearer ",
        b"Bearer KEY KEY",
        b"Bearer KEY0",
        b"Bearer acme_",
        b"Bearer acme_" + b"0" * 64,
        b"Bearer \xff\xfe" + b"0" * 64,
        b"Bearer KEY\0",
        b"Bearer acme_\0" + b"0" * 64,
        b"Bearer " + b"a" * 5000,
        b"Bearer ' OR 1=1 --",
        b"Bearer %",
    ],
)
def test_a_forged_key_is_a_401(forged: bytes, anna: User) -> None:
    header = forged.replace(b"KEY", make_key(anna).encode()).decode("latin-1")

    response = Client().get("/api/products/", headers={"Authorization": header})

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"


def test_the_case_of_a_key_matters(anna: User) -> None:
    assert ask(make_key(anna).upper()) == 401


# Their end


def test_a_token_ends_when_it_expires(anna: User) -> None:
    key = issue(anna, "nightly upload", ["read"], days=7).key
    headers = {"Authorization": f"Bearer {key}"}

    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert ask(key) == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        response = Client(headers=headers).get("/api/products/")
    assert response.status_code == 401
    assert response.json() == {"detail": "This token has expired."}


def change_by_itself(user: User) -> None:
    user.set_password("another one")
    user.save()


def change_without_save(user: User) -> None:
    """As a script does, past all signals."""
    user.set_password("another one")
    User.objects.filter(pk=user.pk).update(password=user.password)


def change_in_the_dashboard(user: User) -> None:
    client = Client()
    client.force_login(user)
    passwords = {"old_password": "the right one", "new_password1": "fsd98sdf!k", "new_password2": "fsd98sdf!k"}
    assert client.post(reverse("admin:password_change"), passwords).status_code == 302


def change_by_an_administrator(user: User) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    passwords = {"usable_password": "true", "password1": "fsd98sdf!k", "password2": "fsd98sdf!k"}
    assert client.post(f"/admin/auth/user/{user.pk}/password/", passwords).status_code == 302


def change_by_the_command(user: User) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("getpass.getpass", lambda **_: "fsd98sdf!k")
        call_command("changepassword", user.username, verbosity=0)


def set_none(user: User) -> None:
    user.set_unusable_password()
    user.save()


@pytest.mark.parametrize(
    "change",
    [
        change_by_itself,
        change_without_save,
        change_in_the_dashboard,
        change_by_an_administrator,
        change_by_the_command,
        set_none,
    ],
)
def test_a_token_ends_when_the_password_changes(change: Any, anna: User) -> None:
    key = make_key(anna)
    assert ask(key) == 200

    change(anna)

    response = Client(headers={"Authorization": f"Bearer {key}"}).get("/api/products/")
    assert response.status_code == 401
    assert response.json() == {"detail": "This token ended when the password of its user was changed."}
    assert ask(make_key(User.objects.get(pk=anna.pk))) == 200


def test_a_token_survives_that_its_user_logs_in_and_that_the_secret_key_changes(anna: User, settings: Any) -> None:
    key = make_key(anna)

    Client().post("/admin/login/", {"username": "anna", "password": "the right one"})
    settings.SECRET_KEY = "another key of more than 16 characters"

    assert ask(key) == 200


def test_a_token_survives_that_a_login_hashes_the_same_password_again(anna: User, settings: Any) -> None:
    key, hashed = make_key(anna), anna.password
    old = issue(anna, "of an earlier password", ["read"])
    Token.objects.filter(pk=old.pk).update(password_stamp="0" * 64)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS]

    assert Client().post("/admin/login/", {"username": "anna", "password": "the right one"}).status_code == 302

    anna.refresh_from_db()
    assert anna.password != hashed
    assert ask(key) == 200
    assert ask(old.key) == 401


def test_a_token_ends_with_its_user(anna: User) -> None:
    key = make_key(anna)
    User.objects.update(is_active=False)
    assert ask(key) == 401

    anna.delete()

    assert ask(key) == 401
    assert not Token.objects.exists()


def test_what_expired_long_ago_is_deleted_by_schedule(anna: User) -> None:
    old, new = issue(anna, "old", ["read"], days=1), issue(anna, "new", ["read"], days=60)

    with time_machine.travel(timezone.now() + timedelta(days=32)):
        assert prune() == 1

    assert list(Token.objects.all()) == [new]
    assert Schedule.objects.filter(func="acme_importer.tokens.tasks.prune").exists()
    assert old.pk != new.pk


def test_a_token_in_use_that_expires_soon_is_on_the_front_page_of_its_user(anna: User) -> None:
    make_key(anna)
    Token.objects.update(name="nightly upload", expiry=timezone.now() + timedelta(days=13))
    issue(anna, "never used", ["read"], days=3)
    client, other = Client(), staff("bert")
    client.force_login(anna)

    assert "The API token nightly upload, which is in use, expires on" in client.get("/admin/").content.decode()
    assert "never used" not in client.get("/admin/").content.decode()
    assert "nightly upload" not in other.get("/admin/").content.decode()


# Scopes


def api_views() -> Iterator[tuple[type[APIView], set[str], dict[str, Any]]]:
    """Every view of the API, with its methods and what it is given."""
    for _, pattern in patterns():
        callback: Any = pattern.callback
        view = getattr(callback, "cls", None)
        if view and issubclass(view, APIView):
            methods = getattr(callback, "actions", None) or {name for name in HTTP_METHODS if hasattr(view, name)}
            yield view, {method.upper() for method in methods}, callback.initkwargs


def test_every_view_of_the_api_says_which_scope_its_changes_need() -> None:
    views = list(api_views())
    assert len(views) > 10

    for view, methods, given in views:
        assert TokenScope in given.get("permission_classes", view.permission_classes), view
        if methods - set(SAFE_METHODS):
            assert getattr(view, "write_scope", None) in SCOPES, f"{view} has no write_scope"


def test_a_view_that_says_none_takes_no_token(anna: User, rf: Any) -> None:
    class Forgotten(APIView):
        permission_classes = [TokenScope]

        def post(self, _request: Any) -> None:
            raise AssertionError("It was called.")

    request = rf.post("/", headers={"Authorization": f"Bearer {make_key(anna)}"})

    response = Forgotten.as_view()(request)

    assert response.status_code == 403
    assert response.data["detail"] == "No token may do this."


REQUESTS = [
    ("read", "get", "/api/products/", None, 200),
    ("read", "get", "/api/products/export.csv", None, 200),
    ("read", "get", "/api/changes", None, 200),
    ("read", "get", "/api/jobs/{job}", None, 200),
    ("read", "get", "/api/jobs/{job}/rejected.csv", None, 200),
    ("read", "get", "/api/webhooks/{endpoint}/deliveries", None, 200),
    ("read", "get", "/api/schema", None, 200),
    ("read", "get", "/api/", None, 200),
    ("read", "head", "/api/products/", None, 200),
    ("read", "options", "/api/products/", None, 200),
    ("import", "post", "/api/uploads/?filename=a.csv", "sku,name\nA,Lamp\n", 202),
    ("import", "post", "/api/jobs/{job}/cancel", {}, 200),
    ("import", "post", "/api/jobs/{job}/retry", {}, 409),
    ("write", "post", "/api/products/", {"sku": "NEW", "name": "Lamp"}, 201),
    ("write", "put", "/api/products/{product}", {"sku": "NEW", "name": "Lamp"}, 200),
    ("write", "patch", "/api/products/{product}", {"name": "Lamp"}, 200),
    ("write", "delete", "/api/products/{product}", None, 204),
    ("write", "post", "/api/products/bulk-delete", {"all": True}, 400),
    ("webhooks", "post", "/api/webhooks/", {"url": "https://new.example/"}, 201),
    ("webhooks", "patch", "/api/webhooks/{endpoint}", {"description": "x"}, 200),
    ("webhooks", "delete", "/api/webhooks/{endpoint}", None, 204),
    ("webhooks", "post", "/api/webhooks/{endpoint}/rotate-secret", {}, 200),
    ("webhooks", "post", "/api/webhooks/{endpoint}/redeliver-failed", {"since": "2026-01-01T00:00:00Z"}, 202),
    ("webhooks", "post", "/api/webhooks/{endpoint}/deliveries/{delivery}/redeliver", {}, 202),
]


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: f"{case[1]} {case[2]}")
def test_each_scope_opens_its_own_door_and_no_other(case: tuple[str, str, str, Any, int], anna: User) -> None:
    scope, method, path, body, status = case
    endpoint = make_endpoint("https://shop.example/hook")
    things = {
        "product": make_product().pk,
        "job": ImportJob.objects.create(filename="a.csv", file_size=1).pk,
        "endpoint": endpoint.pk,
        "delivery": emit_one().pk,
    }

    def send(*scopes: str) -> Any:
        headers = {"Authorization": f"Bearer {make_key(anna, *scopes)}"}
        content_type = "text/csv" if isinstance(body, str) else "application/json"
        sent = {} if body is None else {"data": body, "content_type": content_type}
        return getattr(Client(headers=headers), method)(path.format(**things), **sent)

    refused = send(*(SCOPES.keys() - {scope}))
    assert refused.status_code == 403
    if method != "head":
        assert f"The token does not have the scope '{scope}', which this needs." in refused.content.decode()
    assert Product.objects.count() == 1
    with closing(send(scope)) as let_in:
        assert let_in.status_code == status


def test_a_scope_gives_nothing_that_its_user_may_not_do() -> None:
    key = make_key(User.objects.create_user("nobody"))
    client = Client(headers={"Authorization": f"Bearer {key}"})

    assert client.get("/api/products/").status_code == 403
    assert client.post("/api/products/", {"sku": "A"}, content_type="application/json").status_code == 403


def test_a_session_has_all_scopes(anna: User) -> None:
    client = Client()
    client.force_login(anna)

    assert client.get("/api/products/").status_code == 200
    assert (
        client.post("/api/products/", {"sku": "A", "name": "Lamp"}, content_type="application/json").status_code == 201
    )


# The last use


def test_the_last_use_is_recorded_once_a_minute(anna: User, django_assert_num_queries: Any) -> None:
    token = issue(anna, "x", ["read"])
    moment = timezone.now()

    def use(seconds: int) -> int:
        with time_machine.travel(moment + timedelta(seconds=seconds), tick=False):
            ask(token.key)
        token.refresh_from_db()
        return int((token.last_used_at - moment).total_seconds()) if token.last_used_at else -1

    assert [use(seconds) for seconds in (10, 11, 69, 70, 80, 500)] == [10, 10, 10, 70, 70, 500]


def test_a_refused_token_is_not_used(anna: User) -> None:
    token = issue(anna, "x", ["read"])
    User.objects.update(is_active=False)

    ask(token.key)

    token.refresh_from_db()
    assert token.last_used_at is None


# The dashboard


def test_a_key_is_shown_once() -> None:
    client = staff("bert", "view_product")
    form = {"name": "<b>shop</b>", "scopes": ["read", "import"], "days": "30"}

    page = client.post(f"{TOKENS}add/", form)

    [key] = set(re.findall("acme_[0-9a-f]{64}", page.content.decode()))
    assert "no-store" in page["Cache-Control"]
    assert "<b>shop" not in page.content.decode()
    assert ask(key) == 200
    token = Token.objects.get()
    assert (token.user.username, token.scopes) == ("bert", ["read", "import"])
    assert timedelta(days=29) < token.expiry - timezone.now() <= timedelta(days=30)
    for path in (TOKENS, f"{TOKENS}{token.pk}/change/", f"{TOKENS}{token.pk}/delete/", f"{TOKENS}{token.pk}/history/"):
        shown = client.get(path)
        assert shown.status_code == 200
        assert key not in shown.content.decode()
        assert token.digest not in shown.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": "0"},
        {"days": "367"},
        {"days": ""},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\0b"},
    ],
)
def test_no_token_without_end_scope_or_name(wrong: dict[str, Any]) -> None:
    page = staff("bert").post(f"{TOKENS}add/", {"name": "x", "scopes": ["read"], "days": "30", **wrong})

    assert page.status_code == 200
    assert page.context["adminform"].form.errors.keys() == wrong.keys()
    assert not Token.objects.exists()


def test_nobody_but_a_superuser_creates_a_token_of_somebody_else(anna: User) -> None:
    form = {"name": "x", "scopes": ["read"], "days": "30", "user": str(anna.pk)}
    client = staff("bert", "view_token", "delete_token", "add_user", "change_user")

    client.post(f"{TOKENS}add/", form)
    assert Token.objects.get().user.username == "bert"

    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    root.post(f"{TOKENS}add/", form)
    assert Token.objects.filter(user=anna).count() == 1


def test_staff_see_and_revoke_their_own_tokens_and_no_others(anna: User) -> None:
    key = make_key(anna)
    token = Token.objects.get()
    client = staff("bert")
    own = issue(User.objects.get(username="bert"), "of bert", ["read"])

    assert client.get(TOKENS).context["cl"].result_count == 1
    for path in (f"{TOKENS}{token.pk}/change/", f"{TOKENS}{token.pk}/delete/"):
        assert client.get(path).status_code == 302
    client.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [token.pk, own.pk], "post": "yes"}
    client.post(TOKENS, chosen)
    assert list(Token.objects.all()) == [token]
    assert ask(key) == 200
    assert ask(own.key) == 401


def test_who_may_view_tokens_sees_those_of_others_but_no_key_and_revokes_none(anna: User) -> None:
    key = make_key(anna)
    token = Token.objects.get()
    client = staff("viewer", "view_token")

    for path in (TOKENS, f"{TOKENS}{token.pk}/change/"):
        page = client.get(path)
        assert page.status_code == 200
        assert key not in page.content.decode()
        assert token.digest not in page.content.decode()
    assert client.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(TOKENS, {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"})
    assert client.post(f"{TOKENS}{token.pk}/change/", {"name": "mine"}).status_code == 403
    assert ask(key) == 200


@pytest.mark.parametrize("one_by_one", [True, False])
def test_who_may_delete_tokens_revokes_those_of_others(one_by_one: bool, anna: User) -> None:
    key = make_key(anna)
    token = Token.objects.get()
    client = staff("guard", "delete_token")

    if one_by_one:
        client.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})
    else:
        client.post(TOKENS, {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"})

    assert ask(key) == 401


def test_the_dashboard_says_why_a_token_no_longer_works(anna: User) -> None:
    issue(anna, "one", ["read"])
    change_without_save(anna)

    page = staff("viewer", "view_token").get(TOKENS)

    assert "This token ended when the password of its user was changed." in page.content.decode()
