"""One version, from one source, wherever it is shown."""

import re

import pytest
from django.conf import settings
from django.core.management import ManagementUtility
from django.test import Client
from rest_framework.test import APIClient

from acme_importer import __version__
from webhooks.delivery import USER_AGENT


def test_the_changelog_begins_with_it() -> None:
    changelog = (settings.BASE_DIR / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == __version__


@pytest.mark.django_db
def test_openapi_shows_it(api: APIClient) -> None:
    assert api.get("/api/schema/?format=json").json()["info"]["version"] == __version__


def test_webhooks_send_it() -> None:
    assert f"Acme-Product-Importer-Webhooks/{__version__}" == USER_AGENT


@pytest.mark.django_db
def test_the_foot_of_the_dashboard_shows_it(admin_client: Client) -> None:
    page = admin_client.get("/admin/").content.decode()
    assert re.findall(r"<footer[^>]*>\s*<p[^>]*>Acme Product Importer (\S+?)\s*<", page) == [__version__]


@pytest.mark.parametrize(
    "command",
    [
        "import_csv",
        "generate_products",
        "run_cluster",
        "run_local",
        "run_workers",
        "webhook_events",
        "webhook_receiver",
    ],
)
def test_every_command_of_the_product_shows_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ManagementUtility(["manage.py", command, "--version"]).execute()
    assert capsys.readouterr().out.strip() == __version__
