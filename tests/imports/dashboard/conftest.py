"""What the tests of the review share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from imports import drafts
from tests.imports.factories import upload

Review = Callable[..., str]


@pytest.fixture
def review(admin_user: User) -> Review:
    """Uploads a file, and gives the address of its review."""

    def address(content: str | bytes, filename: str = "products.csv") -> str:
        return f"/admin/imports/importjob/upload/{drafts.create(upload(content, filename), admin_user).pk}/"

    return address
