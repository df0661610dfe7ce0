"""An import under guard and real workers, one of which is killed in the middle of the check."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from imports import approval, proposed
from imports.guards import DEFAULTS
from imports.models import ImportJob
from products.models import Product
from tests.cluster import wait_until
from tests.imports.factories import make_job, with_progress
from tests.imports.test_applying_exactly_once import (
    NEW,
    PRODUCTS,
    WorkerCluster,
    cluster,  # noqa: F401 - a fixture
    kill_in_the_middle,
    receipt,
)
from tests.products.factories import make_user

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_it_is_held_and_then_imported_once(
    cluster: WorkerCluster,  # noqa: F811 - the fixture
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.IMPORT_GUARDS = DEFAULTS
    monkeypatch.setenv("IMPORT_GUARDS", "defaults")
    Product.objects.bulk_create(
        Product(sku=f"S-{number}", sku_normalized=f"s-{number}", name=f"Product {number}", price=1)
        for number in range(PRODUCTS)
    )
    rows = "".join(f"S-{number},Product {number},0\n" for number in range(PRODUCTS + NEW))
    job = make_job(f"sku,name,price\n{rows}", queue=True)
    assert job.applies is not None
    cluster.start()

    kill_in_the_middle(cluster, job.applies)

    assert proposed.findings(job.applies).to_zero == PRODUCTS
    job = with_progress(job)
    assert (job.status, [trip["guard"] for trip in job.trips]) == ("held", ["prices_moved", "prices_zero"])
    assert not Product.objects.filter(price=0).exists()
    approval.approve(job, make_user(), "They are given away.")
    wait_until(lambda: ImportJob.objects.get(pk=job.pk).is_over, 120)
    assert receipt(job)[:2] == (NEW, PRODUCTS)
    assert Product.objects.filter(price=0).count() == PRODUCTS + NEW
