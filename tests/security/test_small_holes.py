"""Small holes that an attack on the product has found, each closed."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client

from acme_importer.log_lines import Lines
from imports.models import ImportJob
from tests.imports.factories import run_import
from tests.webhooks.factories import emit_one, make_endpoint

pytestmark = pytest.mark.django_db


def someone(*permissions: str) -> User:
    user = User.objects.create_user("someone", password="pass-word-13", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def test_who_may_only_apply_checks_cannot_import_the_check_of_another(client: Client, admin_user: User) -> None:
    user = someone("apply_importjob")
    client.force_login(user)
    other = run_import("sku,name\nA-1,Lamp\n", dry_run=True, user=admin_user)
    own = run_import("sku,name\nA-1,Lamp\n", dry_run=True, user=user)

    assert client.post(f"/admin/imports/importjob/{other.pk}/apply/").status_code == 403
    assert ImportJob.objects.count() == 2
    assert client.post(f"/admin/imports/importjob/{own.pk}/apply/").status_code == 302
    assert ImportJob.objects.count() == 3


def test_the_body_of_a_delivery_is_for_those_who_may_see_products(client: Client) -> None:
    endpoint = make_endpoint("https://shop.example.com/in")
    delivery = emit_one()
    user = someone("view_delivery", "view_endpoint")
    client.force_login(user)
    page, api = f"/admin/webhooks/delivery/{delivery.pk}/change/", f"/api/webhooks/{endpoint.pk}/deliveries/"

    assert "LAMP-001" not in client.get(page).content.decode()
    assert client.get(api).json()["results"][0]["body"] is None

    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    assert "LAMP-001" in client.get(page).content.decode()
    assert client.get(api).json()["results"][0]["body"]["data"]["product"]["sku"] == "LAMP-001"


def test_a_page_that_somebody_may_not_see_is_one_line_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(someone())

    assert client.get("/admin/products/product/").status_code == 403
    assert client.get("/admin/products/product/?p=x&x__regex=(").status_code in (400, 403)

    lines = [Lines("%(message)s").format(record) for record in caplog.records]
    assert any("Forbidden" in line for line in lines)
    assert not any("Traceback" in line for line in lines)
    assert any(record.exc_info for record in caplog.records), "There was something to leave out."


def test_a_fault_keeps_its_traceback() -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "Server Error", None, sys.exc_info())
    record.status_code = 500

    assert "Traceback" in Lines("%(message)s").format(record)
    formatters: Any = settings.LOGGING["formatters"]
    assert formatters["line"]["()"] == "acme_importer.log_lines.Lines"


def test_the_command_does_not_send_a_file_name_to_the_terminal_as_it_is() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("import_csv", "/nowhere/\x1b]0;owned\x07\x1b[31m.csv")

    assert "\x1b" not in str(caught.value)
    assert "No such file" in str(caught.value)


def test_a_login_that_came_from_nowhere_leads_to_the_overview(client: Client) -> None:
    someone()

    answer = client.post("/api-auth/login/", {"username": "someone", "password": "pass-word-13"})

    assert answer.status_code == 302
    assert client.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/products/", "/api/jobs/", "/api/webhooks/", "/api/schema/", "/api/jobs/{job}/rejected.csv"]
)
def test_no_cache_keeps_private_data(admin_client: Client, path: str) -> None:
    job = run_import("sku,name\n,Lamp\n")

    answer = admin_client.get(path.format(job=job.pk), headers={"Accept": "application/json"})

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATABASE_URL": "sqlite://:memory:",
        "SECRET_KEY": "a-long-and-random-string",
        **variables,
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "true", "ALLOWED_HOSTS": "localhost,shop.example.com"}, "DEBUG is on, and ALLOWED_HOSTS names"),
        ({"DEBUG": "true", "ALLOWED_HOSTS": "*"}, "DEBUG is on, and ALLOWED_HOSTS names '*'"),
        ({"DEBUG": "true", "ALLOWED_HOSTS": ".example.com"}, "DEBUG is on"),
        ({"SECRET_KEY": "abc"}, "SECRET_KEY is too short."),
        ({"SECRET_KEY": "abc", "DEBUG": "true"}, "SECRET_KEY is too short."),
    ],
)
def test_settings_that_open_the_door_are_refused(variables: dict[str, str], sentence: str) -> None:
    result = start(**variables)

    assert result.returncode == 2
    assert sentence in result.stderr


def test_debug_on_this_machine_starts() -> None:
    assert "Configuration" not in start(DEBUG="true", ALLOWED_HOSTS="localhost,127.0.0.1,[::1]").stderr


def test_hsts_speaks_for_this_host_only_unless_told_otherwise() -> None:
    script = "from acme_importer import settings as s; print(s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"
    said = []
    for variables in ({}, {"HSTS_SUBDOMAINS": "true"}):
        environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "SECRET_KEY": "a-long-and-random-string"}
        environment |= {"DATABASE_URL": "sqlite://:memory:", **variables}
        result = subprocess.run(
            [sys.executable, "-c", script],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(result.stdout.strip())

    assert said == ["False False", "True True"]


def test_the_database_file_is_its_owners_only(tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite3"

    start(DATABASE_URL=f"sqlite:///{file}")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_so_is_the_file_of_settings(tmp_path: Path) -> None:
    for name in ("Makefile", ".env.example"):
        (tmp_path / name).write_bytes((settings.BASE_DIR / name).read_bytes())
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)

    subprocess.run(["make", ".env"], cwd=tmp_path, check=True, capture_output=True)

    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
