"""Signatures, verified by the library that receivers use and by a receiver that only follows the specification."""

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug import Request

from tests.webhooks.factories import PRODUCT, answering, dispatch, emit_one, headers_of, make_endpoint
from webhooks.receiver import NotVerifiedError, verify
from webhooks.signing import new_secret

pytestmark = pytest.mark.django_db


def received(server: HTTPServer) -> Request:
    """Deliver one event to `server`: the request that arrived."""
    answering(server, 204)
    emit_one()
    dispatch()
    return server.log[-1][0]


def test_the_library_verifies_what_is_sent(httpserver: HTTPServer) -> None:
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    request = received(httpserver)
    body = Webhook(endpoint.secret).verify(request.get_data(), dict(request.headers))
    assert body["data"] == PRODUCT


def test_a_receiver_that_follows_the_specification_verifies_it(httpserver: HTTPServer) -> None:
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    request = received(httpserver)
    verify(endpoint.secret, headers_of(request), request.get_data())


@pytest.mark.parametrize("changed", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_both_refuse_what_was_tampered_with(httpserver: HTTPServer, changed: str) -> None:
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    request = received(httpserver)
    body, headers = request.get_data(as_text=True), headers_of(request)
    secret = new_secret() if changed == "secret" else endpoint.secret
    if changed == "body":
        body = body.replace("LAMP-001", "LAMP-002")
    elif changed != "secret":
        headers[changed] = headers[changed][:-1] + ("1" if headers[changed][-1] == "0" else "0")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)
    with pytest.raises(NotVerifiedError):
        verify(secret, headers, body.encode())


def test_both_refuse_what_is_too_old(httpserver: HTTPServer) -> None:
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    request = received(httpserver)
    headers = headers_of(request)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        with pytest.raises(WebhookVerificationError):
            Webhook(endpoint.secret).verify(request.get_data(), headers)
        with pytest.raises(NotVerifiedError):
            verify(endpoint.secret, headers, request.get_data())


def test_for_a_day_after_a_rotation_both_secrets_verify(httpserver: HTTPServer) -> None:
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    old = endpoint.secret
    new = endpoint.rotate_secret()
    request = received(httpserver)
    for secret in (old, new):
        verify(secret, headers_of(request), request.get_data())
        Webhook(secret).verify(request.get_data(), dict(request.headers))


def test_a_day_after_a_rotation_only_the_new_secret_verifies(httpserver: HTTPServer) -> None:
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    old = endpoint.secret
    new = endpoint.rotate_secret()
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        request = received(httpserver)
        verify(new, headers_of(request), request.get_data())
        with pytest.raises(NotVerifiedError):
            verify(old, headers_of(request), request.get_data())


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node")
def test_the_javascript_of_the_documentation_verifies_it(httpserver: HTTPServer, tmp_path: Path) -> None:
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    old = endpoint.secret
    endpoint.rotate_secret()
    request = received(httpserver)
    blocks = re.findall(r"```javascript\n(.*?)```", (settings.BASE_DIR / "docs/webhooks.md").read_text(), re.DOTALL)
    [code] = [block for block in blocks if "export function verify" in block]
    (tmp_path / "verify.mjs").write_text(code)
    (tmp_path / "body").write_bytes(request.get_data())
    headers = json.dumps({name.lower(): value for name, value in request.headers.items()})
    script = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ verify }} from {json.dumps(str(tmp_path / "verify.mjs"))};
        verify(process.argv[1], {headers}, readFileSync({json.dumps(str(tmp_path / "body"))}));
    """
    for secret, expected in ((endpoint.secret, 0), (old, 0), (new_secret(), 1)):
        command = ["node", "--input-type=module", "-e", script, "--", secret]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == expected, result.stderr
