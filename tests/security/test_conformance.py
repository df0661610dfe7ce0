"""Every operation of the API with made-up requests: no 5xx, and each response is one that the schema describes.

The choice is the same in each run; to look further, set FUZZ_EXAMPLES to as many requests of each kind as there is time
for: then it is another choice each time.
"""

from __future__ import annotations

import ast
import json
import linecache
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

# Imported on use, by a deep stack, pytest could not compile it (CPython issue 106905).
import schemathesis.specs.openapi.coverage._operation
import schemathesis.specs.openapi.coverage._schema
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.internal import lambda_sources
from pytest_httpserver import HTTPServer
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks
from schemathesis.transport.serialization import serialize_binary

from imports import applying, remembering
from imports.models import ImportJob
from tests.imports.factories import make_job, run_import
from tests.products.factories import make_product
from tests.tokens import make_key
from tests.webhooks.factories import emit_one, make_endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
CSV = "sku,name,price\nA-1,Lamp,9.90\nA-2,Chair,cheap\n"


@schemathesis.serializer("application/gzip", "application/zip")
def serialize(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """What the library knows only of application/octet-stream."""
    return serialize_binary(value)


@pytest.fixture(scope="module", autouse=True)
def lambdas_parsed_up_front() -> None:
    """What Hypothesis reads to describe the lambdas of the library, it finds parsed: done on use, by a deep stack, that
    fails now and then (CPython issue 106905, as above).
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("schemathesis.") and module.__file__:
            lines = tuple(linecache.getlines(module.__file__))
            if any("lambda" in line for line in lines):
                found = lambda_sources.extract_all_lambdas(ast.parse("".join(lines)))
                lambda_sources.AST_LAMBDAS_CACHE[lines] = found  # type: ignore[index]  # of any length


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", format="openapi-json", file=str(file))
    loaded = schemathesis.openapi.from_dict(json.loads(file.read_text()))
    loaded.app = WSGIHandler()
    return loaded


@pytest.fixture
def things(httpserver: HTTPServer) -> dict[str, list[dict[str, Any]]]:
    """What there is, as the parameters that lead to it, by the beginning of the path."""
    httpserver.expect_request("/hook").respond_with_data("thank you")
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    products = [make_product("A-1"), make_product("A-2", price=None, description="Lämp", extra={"colour": "red"})]
    done, dry, waiting, failed = (
        run_import(CSV),
        run_import(CSV, dry_run=True),
        make_job(CSV),
        run_import("nothing\nto import\n"),
    )
    cancelled = make_job(CSV)
    ImportJob.objects.filter(pk=cancelled.pk).update(status=ImportJob.Status.CANCELLED)
    held = applying.apply(run_import(CSV, dry_run=True))
    ImportJob.objects.filter(pk=held.pk).update(status=ImportJob.Status.HELD)
    jobs = [done, dry, waiting, failed, cancelled, held]
    return {
        "/api/products": [{"id": product.pk} for product in products],
        "/api/webhooks": [{"id": endpoint.pk}],
        "/api/webhooks/{endpoint_id}": [{"endpoint_id": endpoint.pk, "id": delivery.pk}],
        "/api/jobs": [{"id": job.pk} for job in jobs],
        "/api/suppliers": [{"id": remembering.remember("Nordic Tools", done).pk}],
    }


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A real handler of requests ends their connections; here they have the one whose transaction is rolled back."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def paths_of(operation: Any, things: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any] | None]:
    """The parameters of the path that lead to something, and none: to be made up."""
    if "{" not in operation.path:
        return [None]
    beginning = max((path for path in things if operation.path.startswith(path)), key=len)
    return [None, *things[beginning]]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_response_is_as_documented(
    schema: Any,
    mode: GenerationMode,
    admin_user: User,
    things: dict[str, list[dict[str, Any]]],
    subtests: pytest.Subtests,
) -> None:
    headers = {"Authorization": f"Bearer {make_key(admin_user)}"}
    for found in schema.get_all_operations():
        operation = found.ok()
        with subtests.test(operation.label):
            ask(operation, mode, paths_of(operation, things), headers)


def ask(operation: Any, mode: GenerationMode, paths: list[dict[str, Any] | None], headers: dict[str, str]) -> None:
    """Send made-up requests, and look at each response. What they change is rolled back."""
    can_be_wrong = operation.query or operation.body
    if mode is GenerationMode.NEGATIVE and not can_be_wrong:
        paths = paths[:1]

    @hypothesis_settings(
        max_examples=EXAMPLES or 8,
        derandomize=not EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*(operation.as_strategy(mode, path_parameters=path) for path in paths)))
    def each(case: schemathesis.Case) -> None:
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKS)

    each()


def test_the_limits_of_what_the_schema_says_are_kept(
    schema: Any, admin_user: User, things: dict[str, list[dict[str, Any]]], subtests: pytest.Subtests
) -> None:
    """Each parameter and field once at its limits, beyond them, missing, given twice, and of another type."""
    headers = {"Authorization": f"Bearer {make_key(admin_user)}"}
    for found in schema.get_all_operations():
        operation = found.ok()
        with subtests.test(operation.label):
            for case in schema.iter_coverage_cases(
                operation, generation_modes=list(GenerationMode), generation_config=schema.config.generation
            ):
                with transaction.atomic():
                    response = case.call(headers=headers)
                    transaction.set_rollback(True)
                case.validate_response(response, checks=CHECKS)
