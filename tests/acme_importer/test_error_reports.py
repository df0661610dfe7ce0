"""Errors reach Sentry, here a receiver of this machine, from all processes; secrets and rows of files do not."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from pytest_httpserver import HTTPServer
from werkzeug import Request

from imports.models import ImportJob
from tests.cluster import WorkerCluster, product_environment, wait_until
from tests.imports.factories import make_job
from tests.webserver import WebServer

pytestmark = pytest.mark.slow

FAULTS = """
import logging
from django.db import connection

def fail(password):
    row = "SECRET-row"
    raise ValueError(f"cannot read {row}") from KeyError("SECRET-cause")

try:
    fail("SECRET-password")
except ValueError:
    logging.getLogger("imports.tasks").exception("Row %s was not read.", "SECRET-row")
logging.getLogger("elsewhere").error("In a text: " + "SECRET-row")
fail("SECRET-password")
"""


@pytest.fixture
def dsn(httpserver: HTTPServer) -> str:
    httpserver.expect_request("/api/1/envelope/", method="POST").respond_with_data("{}")
    return f"http://public@127.0.0.1:{httpserver.port}/1"


def sent(httpserver: HTTPServer) -> list[str]:
    """What has been received so far."""
    return [plain(request).decode() for request, _ in httpserver.log]


def plain(request: Request) -> bytes:
    """The body, as it was before it was sent: where Brotli is installed, it is compressed with that."""
    body = request.get_data()
    encoding = request.headers.get("Content-Encoding")
    if encoding == "br":
        return import_module("brotli").decompress(body)
    return gzip.decompress(body) if encoding == "gzip" else body


def events(httpserver: HTTPServer) -> list[dict]:
    """The events among it."""
    lines = [json.loads(line) for text in sent(httpserver) for line in text.splitlines()]
    return [line for line in lines if "event_id" in line and "level" in line]


def test_neither_texts_nor_variables_leave(httpserver: HTTPServer, dsn: str) -> None:
    environment = product_environment(SENTRY_DSN=dsn, SENTRY_ENVIRONMENT="trial")
    result = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + FAULTS],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stderr.rstrip().endswith("ValueError: cannot read SECRET-row"), "Here it is shown as ever."
    logged, elsewhere, unhandled = events(httpserver)
    assert logged["logentry"] == {"message": "Row %s was not read."}
    assert [value["type"] for value in unhandled["exception"]["values"]] == ["KeyError", "ValueError"]
    assert unhandled["exception"]["values"][1]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert (unhandled["environment"], elsewhere["logentry"]["message"]) == ("trial", "An error in the log of elsewhere")
    text = "".join(sent(httpserver))
    for secret in ("SECRET", settings.SECRET_KEY, environment["DATABASE_URL"]):
        assert secret not in text


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_request_leaves_but_its_method_and_route(httpserver: HTTPServer, dsn: str, tmp_path: Path) -> None:
    # A database without tables: whoever asks it meets an exception.
    empty = f"sqlite:///{tmp_path}/empty.sqlite3"
    server = WebServer(tmp_path, SENTRY_DSN=dsn, DATABASE_URL=empty)
    try:
        response = server.get(
            "/admin/?q=SECRET-query",
            headers={
                "Authorization": "Token SECRET-token",
                "Cookie": "sessionid=SECRET-cookie",
                "User-Agent": "SECRET-agent",
                "X-Request-ID": "req-9",
            },
        )
        assert response.status_code == 500
        wait_until(lambda: events(httpserver))
    finally:
        server.stop()

    event = events(httpserver)[0]
    assert event["tags"] == {"request_id": "req-9", "method": "GET"}
    assert event["transaction"] == "/admin/"
    assert not {"request", "user", "breadcrumbs", "extra"} & event.keys()
    assert "SECRET" not in "".join(sent(httpserver))


@pytest.mark.django_db(transaction=True)
def test_workers_report_with_the_import_and_without_its_rows(httpserver: HTTPServer, dsn: str) -> None:
    job = make_job("sku,name\nSECRET-sku,SECRET-name\n", filename="SECRET-file.csv", queue=True)
    # Nobody can open it.
    ImportJob.objects.filter(pk=job.pk).update(stored_as="../SECRET-outside.csv")
    cluster = WorkerCluster("run_workers", SENTRY_DSN=dsn)
    try:
        cluster.start()
        wait_until(lambda: events(httpserver))
    finally:
        cluster.stop()

    event = events(httpserver)[0]
    assert event["tags"] == {"task": f"open import {job.pk}", "job": str(job.pk)}
    assert event["exception"]["values"][-1]["type"] == "SuspiciousFileOperation"
    assert len(events(httpserver)) == 1
    assert "SECRET" not in "".join(sent(httpserver))
