"""An address with conditions that no filter of the admin offers: no oracle for secrets, and no frozen process."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import models
from django.test import Client
from django.urls import reverse

from acme_importer.dashboard.model_admin import DashboardAdmin
from tests.products.factories import make_product
from tests.webhooks.factories import make_endpoint

pytestmark = pytest.mark.django_db

LISTS = [model for model in admin.site._registry if model._meta.app_label != "admin"]
LOOKUPS = (
    "",
    "exact",
    "regex",
    "iregex",
    "in",
    "isnull",
    "contains",
    "startswith",
    "range",
    "gte",
    "lt",
    "year",
    "date",
)
VALUES = (
    "",
    "a",
    "^(a+)+$",
    "(",
    "0",
    "-1",
    "9" * 30,
    "\0",
    "2020-13-45",
    "1,2,x",
    "%",
    "\ud800".encode("utf-8", "ignore").decode(),
    "é" * 200,
)


def address(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def paths(model: type[models.Model], depth: int = 2) -> Iterator[str]:
    """Every field of `model` and of what it leads to, as an address may name it."""
    for field in model._meta.get_fields():
        yield field.name
        if depth > 1 and field.related_model and isinstance(field.related_model, type):
            yield from (f"{field.name}__{rest}" for rest in paths(field.related_model, depth - 1))


@pytest.fixture
def viewer(client: Client) -> Client:
    """Somebody who may look at everything, and change nothing."""
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client


def test_a_secret_cannot_be_told_letter_by_letter(viewer: Client) -> None:
    make_endpoint("https://shop.example.com/in")

    for name, value in {
        "secret__regex": "^whsec_[a-m]",
        "secret__startswith": "whsec_a",
        "secret": "whsec_abc",
        "previous_secret__gte": "a",
        "deliveries__attempts__request_headers__regex": "x",
    }.items():
        assert viewer.get("/admin/webhooks/endpoint/", {name: value}).status_code == 400


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/admin/auth/user/", "password__startswith"),
        ("/admin/auth/user/", "auth_token_set__digest__startswith"),
        ("/admin/auth/group/", "user__password__startswith"),
        ("/admin/tokens/token/", "digest__startswith"),
        ("/admin/tokens/token/", "token_key__startswith"),
        ("/admin/imports/importjob/", "created_by__password__startswith"),
        ("/admin/webhooks/delivery/", "endpoint__secret__startswith"),
    ],
)
def test_nor_a_password_nor_a_token(viewer: Client, path: str, name: str) -> None:
    assert viewer.get(path, {name: "a"}).status_code == 400


def test_an_expression_does_not_freeze_the_process(viewer: Client) -> None:
    make_product(name="a" * 40 + "!")
    started = time.monotonic()

    assert viewer.get("/admin/products/product/", {"name__regex": "^(a+)+$"}).status_code == 400

    assert time.monotonic() - started < 2


def test_every_list_of_the_admin_stands_on_the_base_that_sees_to_it() -> None:
    assert all(isinstance(each, DashboardAdmin) for each in admin.site._registry.values())


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model._meta.label)
def test_what_the_filters_offer_still_works(admin_client: Client, model: type[models.Model]) -> None:
    response = admin_client.get(address(model))
    links = [
        choice["query_string"]
        for spec in response.context["cl"].filter_specs
        for choice in spec.choices(response.context["cl"])
    ]

    for link in links:
        followed = admin_client.get(address(model) + link)
        assert followed.status_code == 200, link


@pytest.mark.slow
def test_thousands_of_odd_addresses_are_refused_or_answered_and_never_a_fault(viewer: Client) -> None:
    make_endpoint("https://shop.example.com/in")
    make_product()
    odd = random.Random(13)
    viewer.raise_request_exception = False
    besides = [
        "o",
        "p",
        "q",
        "e",
        "_facets",
        "_popup",
        "_to_field",
        "_changelist_filters",
        "state",
        "all",
        "pk",
        "__",
        "id__",
    ]
    tried = 0
    for model in LISTS:
        names = [
            *besides,
            *("__".join(filter(None, parts)) for parts in itertools.product(paths(model), LOOKUPS)),
            *(
                "status__exact",
                "created_at__gte",
                "created_at__lt",
                "endpoint__id__exact",
                "event_type",
                "dry_run__exact",
            ),
            *("groups__id__exact", "is_staff__exact", "enabled__exact", "endpoint__isnull", "created_at__isnull"),
        ]
        for name in {*besides, *names[-11:], *odd.sample(names, min(60, len(names)))}:
            for value in odd.sample(VALUES, 2):
                response = viewer.get(f"{address(model)}?{urlencode({name: value})}")
                assert response.status_code in (200, 302, 400), (model, name, value)
                tried += 1
    assert tried > 1000
