"""The log: lines or JSON, with the ids of what each is about, and nothing that a stranger could forge in it."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_httpserver import HTTPServer

from acme_importer import log_context
from acme_importer.log_lines import JsonLines, Lines
from acme_importer.request_ids import HEADER
from imports import tasks
from imports.models import ImportLane
from imports.reading.csvfile import RecordReader
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import make_job, open_without_messages
from tests.webhooks.factories import dispatch, emit_one, make_endpoint
from tests.webserver import WebServer
from webhooks.attempt import Message, Outcome
from webhooks.delivery import send

LINE = "%(levelname)s %(name)s %(message)s"


@pytest.fixture(autouse=True)
def own_context():
    log_context.begin()
    yield
    log_context.begin()


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("shop", logging.WARNING, __file__, 1, message, args, None)
    for name, value in extra.items():
        setattr(made, name, value)
    log_context.ContextFilter().filter(made)
    return made


def test_each_line_ends_with_the_ids_of_what_it_is_about() -> None:
    log_context.begin(task="advance import 7")
    log_context.note(job=7, lane=0)

    assert Lines(LINE).format(record("Slow.")) == "WARNING shop Slow. [task=advance import 7 job=7 lane=0]"
    assert Lines(LINE).format(record("Other.", job=8, lane=1)).endswith("[task=advance import 7 job=8 lane=1]")
    log_context.begin()
    assert Lines(LINE).format(record("Idle.")) == "WARNING shop Idle."


def test_json_has_them_as_fields_and_is_one_line() -> None:
    log_context.begin(request_id="req-1")

    line = JsonLines().format(record("Two\nlines of %s", "\x1b[31mred", request=object(), status_code=500))

    found = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", found.pop("time"))
    assert found == {
        "level": "WARNING",
        "logger": "shop",
        "message": "Two\nlines of \x1b[31mred",
        "request_id": "req-1",
    }
    assert line.isprintable()


def test_json_has_the_traceback_of_a_fault_and_none_of_a_refusal() -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        fault = record("Server Error", status_code=500, exc_info=sys.exc_info())
        refusal = record("Forbidden", status_code=403, exc_info=sys.exc_info())

    assert "ZeroDivisionError" in json.loads(JsonLines().format(fault))["traceback"]
    assert "traceback" not in json.loads(JsonLines().format(refusal))


def test_a_stranger_cannot_begin_a_line_of_the_log() -> None:
    line = Lines(LINE).format(record("Not Found: %s", "/x\n2026-01-01 ERROR shop The database is gone\x1b[2J"))

    assert line.isprintable()
    assert r"/x\n2026-01-01" in line


@pytest.mark.parametrize("sent", ["req-1", "01J9Z3K4T5", "Root=1-67891233-abcdef012345678912345678", "a" * 100])
def test_the_id_that_a_proxy_gave_a_request_is_kept(client: Client, sent: str) -> None:
    assert client.get("/healthz", headers={HEADER: sent})[HEADER] == sent


@pytest.mark.parametrize("sent", ["", "a b", "x\x1b[31m", "a" * 101, '"quoted"', "<script>", "-option", "ü"])
def test_anything_else_is_replaced(client: Client, sent: str) -> None:
    first, second = (client.get("/healthz", headers={HEADER: sent})[HEADER] for _ in range(2))

    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


@pytest.mark.django_db
def test_what_became_of_a_request_is_logged_with_its_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(log_context.ContextFilter())

    client.get("/nothing-here/", headers={HEADER: "req-1"})

    [found] = [record for record in caplog.records if record.name == "django.request"]
    assert found.__dict__["request_id"] == "req-1"
    assert log_context.current() == {}


@pytest.mark.django_db
def test_what_a_lane_logs_has_its_job_and_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job("sku,name\nA,One\n")
    open_without_messages(job)
    lane = ImportLane.objects.get(job=job)
    seen = []
    read = RecordReader.read

    def look(*given: Any) -> Any:
        seen.append(log_context.current())
        return read(*given)

    monkeypatch.setattr(RecordReader, "read", look)

    tasks.advance_lane(lane.pk)

    assert seen[0] == {"job": job.pk, "lane": 0}


@pytest.mark.django_db
def test_what_sending_a_delivery_logs_has_its_number(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    httpserver.expect_request("/").respond_with_data("")
    make_endpoint(httpserver.url_for("/"))
    delivery = emit_one()
    seen = []

    def look(message: Message) -> Outcome:
        seen.append(log_context.current())
        return send(message)

    monkeypatch.setattr("webhooks.dispatch.send", look)

    dispatch()

    assert seen == [{"delivery": delivery.pk}]


def objects(log: str) -> list[dict]:
    """The lines of a log, each of which must be an object."""
    return [json.loads(line) for line in log.splitlines()]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_web_server_writes_nothing_but_json(tmp_path: Path) -> None:
    server = WebServer(tmp_path, LOG_FORMAT="json")
    try:
        server.get("/nothing-here", headers={HEADER: "req-7"})
        wait_until(lambda: server.log().count("req-7") >= 2)
    finally:
        server.stop()

    found = objects(server.log())
    loggers = {line["logger"] for line in found if line.get("request_id") == "req-7"}
    assert loggers == {"django.request", "gunicorn.access"}
    assert any(line["logger"] == "gunicorn.error" for line in found)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_workers_log_a_failed_task_once_with_what_it_was_about() -> None:
    job = make_job("sku,name\nA,One\n", queue=True)
    # Nobody can open it.
    type(job).objects.filter(pk=job.pk).update(stored_as="../outside.csv")
    cluster = WorkerCluster("run_workers", LOG_FORMAT="json")
    try:
        cluster.start()
        wait_until(lambda: "A task failed" in cluster.log())
    finally:
        cluster.stop()

    failures = [line for line in objects(cluster.log()) if line["level"] == "ERROR"]
    assert {line["logger"] for line in failures} == {"acme_importer.cluster.failures"}
    assert failures[0]["job"] == job.pk
    assert failures[0]["task"] == f"open import {job.pk}"
    assert "Traceback" in failures[0]["traceback"]
