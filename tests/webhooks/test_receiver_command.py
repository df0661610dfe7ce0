"""The command `webhook_receiver`, as a process of its own: it verifies and prints what arrives."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.cluster import product_environment
from tests.webhooks.factories import dispatch, emit_one, last_attempt, make_endpoint
from webhooks.signing import new_secret

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def secret() -> str:
    return new_secret()


@pytest.fixture
def receiver(secret: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "manage.py", "webhook_receiver", "--secret", secret, "--port", "0"]
    environment = product_environment()
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


def line(receiver: subprocess.Popen[str]) -> str:
    assert receiver.stdout
    return receiver.stdout.readline().rstrip("\n")


def test_it_prints_what_it_has_verified(receiver: subprocess.Popen[str], secret: str) -> None:
    url = line(receiver).removeprefix("Receiving webhooks at ")
    make_endpoint(url, secret=secret)
    delivery = emit_one()
    dispatch()
    assert last_attempt().status == 204
    assert line(receiver) == f"VERIFIED product.created {delivery.event_id}"
    printed = [line(receiver) for _ in range(10)]
    assert '      "name": "Lämp ✨"' in printed


def test_it_refuses_what_was_signed_with_another_secret(receiver: subprocess.Popen[str]) -> None:
    url = line(receiver).removeprefix("Receiving webhooks at ")
    make_endpoint(url)
    emit_one()
    dispatch()
    assert last_attempt().status == 401
    assert line(receiver) == "REFUSED No signature is right for this secret."


def test_it_wants_a_webhook_secret() -> None:
    command = [sys.executable, "manage.py", "webhook_receiver", "--secret", "whsec_?"]
    result = subprocess.run(
        command, cwd=settings.BASE_DIR, env=product_environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "--secret is not a webhook secret" in result.stderr
