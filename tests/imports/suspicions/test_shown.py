"""Where a warning is shown before an import, and afterwards: page, API, command."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from imports import drafts
from imports.models import ImportJob
from products.models import Product
from tests.imports.factories import upload
from tests.imports.suspicions.told import imported, of_skus, told_once

pytestmark = pytest.mark.django_db

CONTENT = of_skus(["4006381333931", "1.23E+12", "4.56E+12", "7.89E+12", "8.9E+12"])
SENTENCE = escape("scientific notation: '1.23E+12', '4.56E+12' and '7.89E+12' (lines 3, 4, 5 and 1 more).")


def test_the_review_shows_it(admin_client: Client, admin_user: User) -> None:
    draft = drafts.create(upload(CONTENT), admin_user)

    page = admin_client.get(reverse("admin:imports_importjob_review", args=[draft.pk])).content.decode()

    assert SENTENCE in page
    assert not Product.objects.exists()


def test_the_page_and_the_api_show_it(admin_client: Client) -> None:
    job = imported(CONTENT)

    assert SENTENCE in admin_client.get(reverse("admin:imports_importjob_change", args=[job.pk])).content.decode()
    assert admin_client.get(reverse("job-detail", args=[job.pk])).json()["warnings"] == job.warnings != []


def test_a_dry_run_of_the_command_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_text(CONTENT)
    text, found = io.StringIO(), io.StringIO()

    call_command("import_csv", str(path), "--dry-run", stdout=text)
    call_command("import_csv", str(path), "--dry-run", "--json", stdout=found)

    assert f"Warning: {told_once(CONTENT)}" in text.getvalue()
    assert json.loads(found.getvalue())["warnings"] == ImportJob.objects.latest("pk").warnings
    assert not Product.objects.exists()
