"""Products, users and clients for the tests of the API."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from products.models import Product

_numbers = count(1)


def make_product(sku: str | None = None, **fields: Any) -> Product:
    """Save one product; what is not given is made up."""
    number = next(_numbers)
    defaults = {"name": f"Product {number}", "price": Decimal("9.90")}
    return Product.objects.create(sku=sku or f"SKU-{number}", **{**defaults, **fields})


def make_user(*permissions: str, **fields: Any) -> User:
    """Save a user who has `permissions`, given as `app.codename`."""
    user = User.objects.create_user(f"user{next(_numbers)}", password="secret", **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def client_of(user: User) -> APIClient:
    """Return a client of the API that `user` is logged in with."""
    client = APIClient()
    client.force_authenticate(user)
    return client


def client_with(*permissions: str) -> APIClient:
    """Return a client of the API whose user has `permissions`."""
    return client_of(make_user(*permissions))


def manager() -> APIClient:
    """Return a client of the API whose user may do everything with products."""
    return client_with(*(f"products.{verb}_product" for verb in ("view", "add", "change", "delete")))
