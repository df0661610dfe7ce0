"""Whoever reads the database or a backup has no signing secret, and a change of SECRET_KEY loses none."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from tests.webhooks.factories import dispatch, emit_one, make_endpoint
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def stored() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, previous_secret FROM webhooks_endpoint ORDER BY id")
        return [text for row in cursor.fetchall() for text in row if text]


def test_the_database_has_no_secret_in_clear() -> None:
    endpoint = make_endpoint("https://shop.example.com/in")
    first, second = endpoint.secret, endpoint.rotate_secret()

    assert len(stored()) == 2
    assert not any("whsec_" in text or first[6:] in text or second[6:] in text for text in stored())
    assert Endpoint.objects.get().signing_secrets() == [second, first]


def test_nor_can_one_be_searched_for() -> None:
    make_endpoint("https://shop.example.com/in")

    for lookup in ("secret", "secret__startswith", "previous_secret__regex", "secret__in"):
        with pytest.raises(FieldError):
            Endpoint.objects.filter(**{lookup: "whsec_"}).exists()


def test_a_secret_outlives_a_change_of_the_key(settings: Settings) -> None:
    secret = make_endpoint("https://shop.example.com/in").secret
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-long-and-random-string"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert Endpoint.objects.get().secret == secret

    call_command("encrypt_again")

    settings.SECRET_KEY_FALLBACKS = []
    assert Endpoint.objects.get().secret == secret


def test_without_the_old_key_nothing_is_signed_with_a_wrong_one_and_nothing_is_lost(settings: Settings) -> None:
    endpoint = make_endpoint("http://127.0.0.1:9/")
    secret, old = endpoint.secret, settings.SECRET_KEY
    delivery = emit_one()
    settings.SECRET_KEY = "another-long-and-random-string"

    dispatch()
    with pytest.raises(CommandError, match="SECRET_KEY_FALLBACKS"):
        call_command("encrypt_again")
    Endpoint.objects.get().save()

    assert "SECRET_KEY_FALLBACKS" in delivery.attempts.get().error
    settings.SECRET_KEY_FALLBACKS = [old]
    assert Endpoint.objects.get().secret == secret


def test_or_it_is_given_a_new_one(settings: Settings) -> None:
    endpoint = make_endpoint("https://shop.example.com/in")
    settings.SECRET_KEY = "another-long-and-random-string"

    new = Endpoint.objects.get(pk=endpoint.pk).rotate_secret()

    assert Endpoint.objects.get().signing_secrets() == [new]
