"""The command that creates a token: what it prints, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from acme_importer.tokens.models import Token
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> str:
    """What the command writes to standard output."""
    out = StringIO()
    call_command("create_token", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def user() -> User:
    return make_user("products.view_product")


def test_it_prints_nothing_but_a_key_that_works(user: User) -> None:
    key = create(user.username, "--name", "shop", "--scope", "read", "--scope", "import").removesuffix("\n")

    assert APIClient(headers={"Authorization": f"Bearer {key}"}).get("/api/products/").status_code == 200
    token = Token.objects.get()
    assert (token.user, token.name, token.scopes) == (user, "shop", ["read", "import"])
    assert token.expiry - timezone.now() == pytest.approx(timedelta(days=90), abs=timedelta(minutes=1))


def test_it_is_valid_for_as_long_as_was_said(user: User) -> None:
    create(user.username, "--name", "shop", "--scope", "read", "--expires-in", "7")

    assert Token.objects.get().expiry - timezone.now() == pytest.approx(timedelta(days=7), abs=timedelta(minutes=1))


def test_a_scope_that_is_said_twice_counts_once(user: User) -> None:
    create(user.username, "--name", "shop", "--scope", "read", "--scope", "read")

    assert Token.objects.get().scopes == ["read"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--name", "x"], "--scope"),
        (["--scope", "read"], "--name"),
        (["--name", "x", "--scope", "all"], "invalid choice: 'all'"),
        (["--name", " ", "--scope", "read"], "a name has 1 to 100 characters"),
        (["--name", "x" * 101, "--scope", "read"], "a name has 1 to 100 characters"),
        (["--name", "x", "--scope", "read", "--expires-in", "0"], "1 to 366 days"),
        (["--name", "x", "--scope", "read", "--expires-in", "367"], "1 to 366 days"),
    ],
)
def test_it_refuses_what_makes_no_token(arguments: list[str], told: str, user: User) -> None:
    with pytest.raises(CommandError, match=told):
        create(user.username, *arguments)
    assert not Token.objects.exists()


@pytest.mark.parametrize(("fields", "told"), [({"username": "other"}, "no user"), ({"is_active": False}, "inactive")])
def test_there_has_to_be_an_active_user(fields: dict[str, Any], told: str, user: User) -> None:
    name = user.username
    User.objects.update(**fields)

    with pytest.raises(CommandError, match=told):
        create(name, "--name", "x", "--scope", "read")
