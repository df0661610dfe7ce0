"""Two people who may import, in the dashboard and over the API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.products.factories import make_user

MAY_IMPORT = ("imports.add_importjob", "imports.view_importjob")


@pytest.fixture
def anna(db: None) -> User:
    return make_user(*MAY_IMPORT, is_staff=True)


@pytest.fixture
def bert(db: None) -> User:
    return make_user(*MAY_IMPORT, is_staff=True)
