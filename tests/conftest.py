"""What tests of every app use: an API client, a clean upload folder, a real worker cluster."""

import shutil
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.http import StreamingHttpResponse
from django.test import TransactionTestCase
from django_q.models import Schedule
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from tests.browser import chromium
from tests.cluster import WorkerCluster
from tests.flushing import flush
from tests.settings import FOLDER
from tests.tokens import make_key

# On a busy machine making examples may take long.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")


def pytest_report_header() -> str:
    return f"database: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}"


@pytest.hookimpl(trylast=True)  # Others mark tests.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the run on SQLite what does not depend on the database: it would be run twice for nothing."""
    if connection.vendor == "sqlite":
        return
    config.hook.pytest_deselected(items=[item for item in items if not depends_on_database(item)])
    items[:] = filter(depends_on_database, items)


def depends_on_database(item: pytest.Item) -> bool:
    """Whether a test may turn out otherwise on another database: it uses one, and is not marked `any_database`."""
    uses = {"db", "transactional_db", "live_server"}.intersection(getattr(item, "fixturenames", ()))
    is_marked = item.get_closest_marker("django_db") is not None
    return (is_marked or bool(uses)) and item.get_closest_marker("any_database") is None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Close the downloads that a test has not read to their end, as a web server does when a client goes.

    Collected at some time later, they would close their cursors in the transaction of another test, which that breaks.
    """
    begun: list[weakref.ref[StreamingHttpResponse]] = []
    take = StreamingHttpResponse._set_streaming_content  # type: ignore[attr-defined]  # it is private

    def noting(response: StreamingHttpResponse, content: Any) -> None:
        begun.append(weakref.ref(response))
        take(response, content)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StreamingHttpResponse, "_set_streaming_content", noting)
        try:
            return (yield)
        finally:
            for response in filter(None, (each() for each in begun)):
                for close in response._resource_closers:  # type: ignore[attr-defined]  # private, too
                    # One may be read by a thread of a server just now.
                    with suppress(DatabaseError, ValueError):
                        close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(pytest_report_header())
    if not chromium.PATH.exists():
        terminalreporter.write_line(chromium.MISSING, yellow=True)


def pytest_unconfigure() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, which is emptied quickly."""
    with django_db_blocker.unblock():
        schedules = list(Schedule.objects.all())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda _: flush(schedules))
        yield


@pytest.fixture
def api(admin_user: User) -> APIClient:
    """A client of the API that may do everything."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {make_key(admin_user)}")
    return client


@pytest.fixture(autouse=True)
def upload_folder() -> Iterator[Path]:
    """The folder of uploaded files, emptied after each test."""
    yield settings.UPLOAD_FOLDER
    for path in settings.UPLOAD_FOLDER.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.fixture
def worker_cluster(transactional_db: None) -> Iterator[WorkerCluster]:
    """A real cluster of two workers on the test database. What it wrote is shown when the test fails."""
    cluster = WorkerCluster()
    cluster.start()
    yield cluster
    cluster.stop()
    print(cluster.log())
