"""The compose file fits the product: its commands, settings, ports and dependencies. It is not started here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import yaml
from django.conf import settings
from honcho.environ import parse_procfile
from pytest_django import Settings

from tests.cluster import product_environment
from tests.imports.s3server import put_uploads_on_s3, stored_keys

TEXT = (settings.BASE_DIR / "deploy" / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "acme-importer"}
# What the specification of compose files allows in those that this one has.
KEYS = {"build", "image", "restart", "stop_grace_period", "init", "volumes", "environment", "command", "ports"}
KEYS |= {"healthcheck", "depends_on"}
OF_HEALTHCHECKS = {"test", "interval", "timeout", "retries", "start_period", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def test_it_has_what_the_specification_allows_and_nothing_else() -> None:
    assert COMPOSE.keys() - {"x-product", "x-environment"} == {"name", "services", "volumes"}
    for name, service in SERVICES.items():
        assert service.keys() <= KEYS, name
        assert service.get("healthcheck", {}).keys() <= OF_HEALTHCHECKS, name
        assert service["restart"] in ("no", "always", "on-failure", "unless-stopped"), name
        assert all(isinstance(value, str) for value in service["environment"].values()), name
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in COMPOSE["volumes"], name


def test_every_service_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS, name
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[needed]["healthcheck"], needed
            if how["condition"] == "service_completed_successfully":
                assert SERVICES[needed]["restart"] == "on-failure", "Else it would run again and again."
    for name in ("web", "worker", "webhooks"):
        assert set(SERVICES[name]["depends_on"]) == {"migrate", "bucket"}


def test_it_runs_the_processes_of_the_product() -> None:
    processes = parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes
    for name in ("web", "worker", "webhooks"):
        assert " ".join(SERVICES[name]["command"]) == processes[name].replace("$PORT", "8000"), name
    assert " ".join(SERVICES["migrate"]["command"]) == processes["release"]


@pytest.mark.parametrize("name", ["migrate", "worker", "webhooks"])
def test_its_commands_exist_with_their_options(name: str) -> None:
    interpreter, script, *rest = OURS[name]["command"]
    assert interpreter == "python"
    result = subprocess.run(
        [sys.executable, script, *rest, "--help"], cwd=settings.BASE_DIR, env=product_environment(), check=False
    )
    assert result.returncode == 0


def test_each_of_its_settings_exists() -> None:
    documentation = (settings.BASE_DIR / "docs" / "settings.md").read_text()
    for name, service in OURS.items():
        assert [key for key in service["environment"] if f"`{key}`" not in documentation] == [], name
    page = (settings.BASE_DIR / "docs" / "running-it.md").read_text()
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert required == {"SECRET_KEY", "ALLOWED_HOSTS", "POSTGRES_PASSWORD", "STORAGE_PASSWORD"}
    assert [name for name in required if f"{name}=" not in page] == []


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_product_starts_with_its_settings(name: str, tmp_path: Path) -> None:
    given = {"SECRET_KEY": "k" * 30 + "0123456789" * 3, "ALLOWED_HOSTS": "importer.example.com,localhost"}
    given |= {"POSTGRES_PASSWORD": "secret", "STORAGE_PASSWORD": "secret"}

    def filled_in(value: str) -> str:
        """The value as compose reads it, where .env has what is required and nothing else."""
        return re.sub(r"\$\{(\w+):[?-]([^}]*)\}", lambda found: given.get(found[1], found[2]), value)

    environment = {key: filled_in(value) for key, value in OURS[name]["environment"].items()}
    folders = {"ENV_FILE": os.devnull, "UPLOAD_FOLDER": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment, **folders},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_no_container_of_workers_is_asked_for_a_page() -> None:
    assert [name for name, service in OURS.items() if "test" in service["healthcheck"]] == ["web"]
    assert (settings.BASE_DIR / SERVICES["web"]["healthcheck"]["test"][-1]).is_file()


def test_only_the_web_server_is_reached_from_outside_and_by_this_machine_only() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_it_has_no_password_of_its_own() -> None:
    for service in SERVICES.values():
        for key, value in service["environment"].items():
            if re.search(r"PASSWORD|SECRET|TOKEN", key):
                assert value.startswith("${"), key


def test_its_bucket_is_made_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    server = put_uploads_on_s3(settings, monkeypatch)
    try:
        boto3.client("s3").delete_bucket(Bucket="uploads")
        for _ in range(2):
            subprocess.run([sys.executable, *SERVICES["bucket"]["command"][1:]], check=True)
        assert stored_keys() == []
    finally:
        server.stop()
