"""A client that openapi-python-client generates from the schema works against a running server."""

from __future__ import annotations

import gzip
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer
from pytest_httpserver import HTTPServer

from imports.workbook import XLSX_TYPE
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.products.factories import make_product, make_user
from tests.tokens import make_key

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PACKAGE = "generated_acme_client"
CSV = "sku,name,price\nA-1,Lamp,9.90\nA-2,Chair,cheap\nA-3,Table,120\n"


class GeneratedClient:
    """The generated package and its client for one server; calls are named as in the schema, by tag and operation."""

    def __init__(self, url: str, token: str) -> None:
        self.models = importlib.import_module(f"{PACKAGE}.models")
        self.types = importlib.import_module(f"{PACKAGE}.types")
        # A response that the schema does not describe is an exception.
        self.client = importlib.import_module(f"{PACKAGE}.client").AuthenticatedClient(
            base_url=url, token=token, prefix="Token", raise_on_unexpected_status=True
        )

    def call(self, tag: str, operation: str, *arguments: Any, **options: Any) -> Any:
        """What the generated function of `operation` makes of the response."""
        module = importlib.import_module(f"{PACKAGE}.api.{tag}.{operation}")
        return module.sync_detailed(*arguments, client=self.client, **options).parsed

    def follow(self, job: Any) -> Any:
        """The job once its import is over."""
        assert isinstance(job, self.models.Job), job
        over = (self.models.JobStatus.COMPLETED, self.models.JobStatus.FAILED)
        wait_until(lambda: self.call("jobs", "jobs_retrieve", job.id).status in over)
        return self.call("jobs", "jobs_retrieve", job.id)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The client, generated with the default options, where it can be imported; yields what the generator printed.

    But it has to be told that a workbook is bytes.
    """
    folder = tmp_path_factory.mktemp("client")
    schema, config = folder / "schema.json", folder / "config.json"
    call_command("spectacular", format="openapi-json", file=str(schema))
    overrides = {XLSX_TYPE: "application/octet-stream"}
    config.write_text(json.dumps({"post_hooks": [], "content_type_overrides": overrides}))  # Hooks format the code.
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    paths = ["--path", str(schema), "--config", str(config), "--output-path", str(folder / PACKAGE)]
    result = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    sys.path.insert(0, str(folder))
    yield result.stdout + result.stderr
    sys.path.remove(str(folder))


@pytest.fixture
def acme(generated: str, live_server: LiveServer, admin_user: User) -> GeneratedClient:
    """The generated client of a running server, with the token of a user who may do everything."""
    return GeneratedClient(live_server.url, make_key(admin_user))


def test_all_of_the_schema_is_generated_but_bodies_that_the_generator_does_not_know(generated: str) -> None:
    unsupported = re.findall(r"Unsupported content type (\S+)", generated)

    assert unsupported == ["text/csv", "application/gzip", "application/zip"]
    assert generated.count("WARNING") == len(unsupported), generated
    assert "Unable to" not in generated


def test_a_form_is_uploaded_and_its_import_followed_and_its_products_and_rejected_rows_listed(
    acme: GeneratedClient, worker_cluster: WorkerCluster
) -> None:
    form = acme.models.UploadRequest(file=acme.types.File(BytesIO(CSV.encode()), "spring.csv", "text/csv"))

    job = acme.follow(acme.call("uploads", "uploads_create", body=form))

    assert job.status == acme.models.JobStatus.COMPLETED
    assert (job.filename, job.created_rows, job.rejected_rows) == ("spring.csv", 2, 1)
    assert (job.columns.additional_properties["price"], job.follows, job.created_by) == ("price", None, "admin")
    assert job.created_at < job.started_at < job.finished_at
    page = acme.call("products", "products_list", ordering="-sku", page_size=1)
    assert (page.count, page.previous, page.results[0].sku, page.results[0].price) == (2, None, "A-3", "120.00")
    assert page.results[0].last_import == job.id
    [rejected] = acme.call("jobs", "jobs_rejected_list", job.id).results
    assert (rejected.line, rejected.column, rejected.faults[0].value) == (3, "price", "cheap")
    assert "A-2,Chair,cheap" in acme.call("jobs", "jobs_rejected_csv_retrieve", job.id)
    assert acme.call("jobs", "jobs_rejected_xlsx_retrieve", job.id).payload.read(2) == b"PK"
    completed = acme.call("jobs", "jobs_list", status=[acme.models.JobsListStatusItem.COMPLETED])
    assert [one.id for one in completed.results] == [job.id]


def test_a_file_is_uploaded_as_the_body_with_options_in_the_query(
    acme: GeneratedClient, worker_cluster: WorkerCluster
) -> None:
    file = acme.types.File(BytesIO(gzip.compress(CSV.encode())))

    job = acme.follow(acme.call("uploads", "uploads_create", body=file, filename="spring.csv.gz", dry_run=True))

    assert job.status == acme.models.JobStatus.COMPLETED
    assert (job.filename, job.dry_run, job.created_rows) == ("spring.csv.gz", True, 2)
    assert not Product.objects.exists()


def test_products_are_created_changed_exported_and_deleted(acme: GeneratedClient) -> None:
    created = acme.call("products", "products_create", body=acme.models.ProductRequest(sku="A-1", name="Lamp"))
    assert (created.sku, created.description, created.price, created.is_active) == ("A-1", "", None, True)

    patch = acme.models.PatchedProductRequest(price="9.90", is_active=False)
    assert acme.call("products", "products_partial_update", created.id, body=patch).price == "9.90"
    whole = acme.models.ProductRequest(sku="A-2", name="Chair")
    assert acme.call("products", "products_update", created.id, body=whole).name == "Chair"
    assert acme.call("products", "products_export_csv_retrieve", search="chair").startswith("sku,name")

    acme.call("products", "products_destroy", created.id)
    assert not Product.objects.exists()


def test_many_products_are_deleted_at_once(acme: GeneratedClient) -> None:
    ids = [make_product().pk, make_product().pk]
    make_product("KEPT")

    deleted = acme.call("products", "products_bulk_delete_create", body=acme.models.BulkDeleteRequest(ids=ids))

    assert deleted.deleted == 2
    assert Product.objects.get().sku == "KEPT"


def test_a_webhook_is_created_tested_and_disabled(acme: GeneratedClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("thank you")
    event = acme.models.SubscribableEvent.IMPORT_COMPLETED
    request = acme.models.EndpointRequest(url=httpserver.url_for("/hook"), events=[event])

    endpoint = acme.call("webhooks", "webhooks_create", body=request)
    assert endpoint.secret.startswith("whsec_")
    assert endpoint.events == [event]
    assert endpoint.last_day.success_rate is None

    assert acme.call("webhooks", "webhooks_test_create", endpoint.id).excerpt == "thank you"
    [delivery] = acme.call("webhooks", "webhooks_deliveries_list", endpoint.id).results
    assert delivery.status == acme.models.DeliveryStatus.DELIVERED
    assert "webhook-signature" in delivery.attempts[0].request_headers.additional_properties
    disabled = acme.models.PatchedEndpointRequest(enabled=False)
    assert acme.call("webhooks", "webhooks_partial_update", endpoint.id, body=disabled).enabled is False
    assert [one.id for one in acme.call("webhooks", "webhooks_list", enabled=False).results] == [endpoint.id]


def test_errors_are_read_as_the_schema_describes_them(acme: GeneratedClient, live_server: LiveServer) -> None:
    make_product("A-1")
    empty = acme.models.UploadRequest(file=acme.types.File(BytesIO(), "empty.csv"))
    duplicate = acme.models.ProductRequest(sku="a-1", name="Lamp")

    assert "file" in acme.call("uploads", "uploads_create", body=empty).additional_properties
    assert "sku" in acme.call("products", "products_create", body=duplicate).additional_properties
    assert "price_min" in acme.call("products", "products_list", price_min="cheap").additional_properties
    assert isinstance(acme.call("jobs", "jobs_retrieve", 1), acme.models.Error)
    assert acme.call("products", "products_list", page=2).detail == "Invalid page."
    stranger = GeneratedClient(live_server.url, "wrong")
    assert stranger.call("webhooks", "webhooks_list").detail == "Invalid token."
    nobody = GeneratedClient(live_server.url, make_key(make_user()))
    assert "permission" in nobody.call("products", "products_list").detail
