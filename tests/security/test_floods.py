"""Floods: wrong passwords, wrong tokens, more requests than a client needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.tokens import make_key

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_superuser("anna", password="the right one")


def log_in(password: str, *, name: str = "anna", address: str = "192.0.2.1", forwarded: str | None = None) -> int:
    """The status of the response to a login."""
    data = {"username": name, "password": password}
    headers = {"X-Forwarded-For": forwarded} if forwarded else None
    return Client(headers=headers, REMOTE_ADDR=address).post(LOGIN, data).status_code


def test_wrong_passwords_lock_a_user_out_from_every_address(anna: User) -> None:
    tried = [log_in(f"wrong {number}", address=f"192.0.2.{number}") for number in range(60)]

    assert tried == [200] * 9 + [429] * 51
    assert log_in("the right one", address="198.51.100.7") == 429


def test_wrong_passwords_lock_an_address_out_for_every_user(anna: User) -> None:
    tried = [log_in("123456", name=f"user{number}") for number in range(30)]

    assert tried == [200] * 9 + [429] * 21
    assert log_in("the right one") == 429
    assert log_in("the right one", address="198.51.100.7") == 302


def test_the_lock_ends_after_a_quarter_of_an_hour(anna: User) -> None:
    for _ in range(10):
        log_in("wrong")
    assert log_in("the right one") == 429

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert log_in("the right one") == 302


def test_the_page_says_how_long_to_wait(anna: User) -> None:
    for _ in range(10):
        log_in("wrong")

    response = Client(REMOTE_ADDR="192.0.2.1").post(LOGIN, {"username": "anna", "password": "wrong"})

    assert response["Retry-After"] == "900"
    assert "Wait 15 min" in response.content.decode()


def test_a_login_that_succeeds_forgets_the_failures_before(anna: User) -> None:
    for _ in range(3):
        for _ in range(8):
            log_in("wrong")
        assert log_in("the right one") == 302


def test_who_is_behind_a_proxy_is_known_by_what_the_proxy_says(anna: User, settings: Settings) -> None:
    settings.PROXY_COUNT = 1
    for number in range(10):
        # The first address is the attacker's invention.
        log_in("123456", name=f"user{number}", forwarded=f"203.0.113.{number}, 198.51.100.9")

    assert log_in("the right one", forwarded="198.51.100.9") == 429
    assert log_in("the right one", forwarded="198.51.100.10") == 302


def test_without_a_proxy_nobody_chooses_the_own_address(anna: User) -> None:
    for number in range(10):
        log_in("123456", name=f"user{number}", forwarded=f"203.0.113.{number}")

    assert log_in("the right one") == 429


def test_a_token_has_so_many_requests_a_minute(anna: User, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 5
    mine = {"Authorization": f"Token {make_key(anna)}"}
    other = User.objects.create_superuser("bert")
    others = {"Authorization": f"Token {make_key(other)}"}
    url = reverse("product-list")

    with time_machine.travel(1_800_000_000, tick=False):
        responses = [Client(headers=mine).get(url) for _ in range(7)]
        assert [response.status_code for response in responses] == [200] * 5 + [429] * 2
        assert responses[0]["RateLimit-Policy"] == '"default";q=5;w=60'
        assert [response["RateLimit"].split(";")[1] for response in responses] == [
            "r=4", "r=3", "r=2", "r=1", "r=0", "r=0", "r=0",
        ]  # fmt: skip
        assert responses[-1]["Retry-After"] == "60"
        assert "detail" in responses[-1].json()
        assert Client(headers=others).get(url).status_code == 200
    with time_machine.travel(1_800_000_060, tick=False):
        assert Client(headers=mine).get(url).status_code == 200


def test_wrong_tokens_are_limited_by_address(settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 5
    url = reverse("product-list")

    def ask(number: int, address: str) -> int:
        return Client(headers={"Authorization": f"Token {number:040}"}, REMOTE_ADDR=address).get(url).status_code

    with time_machine.travel(1_800_000_000, tick=False):
        assert [ask(number, "192.0.2.1") for number in range(7)] == [401] * 5 + [429] * 2
        assert ask(8, "192.0.2.2") == 401
