"""Every file that deploys the product starts what Procfile lists."""

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from honcho.environ import parse_procfile
from pytest_django import Settings

from acme_importer.settings import upload_storage
from tests.webserver import WebServer


def read(name: str) -> str:
    return (settings.BASE_DIR / name).read_text()


def processes(name: str = "Procfile") -> set[str]:
    return set(parse_procfile(read(name)).processes) - {"release"}


def docker_command() -> list[str]:
    (command,) = re.findall(r"^CMD (\[.*\])$", read("Dockerfile"), re.MULTILINE)
    return json.loads(command)


def test_the_product_is_three_processes() -> None:
    assert processes() == {"web", "worker", "webhooks"}


def test_make_run_starts_all_of_them() -> None:
    assert processes("Procfile.local") == processes()


def test_the_container_starts_all_of_them() -> None:
    assert docker_command()[:2] == ["honcho", "start"]
    assert set(docker_command()[2:]) == processes()


def test_heroku_starts_all_of_them() -> None:
    started: set[str] = set()
    for command in yaml.safe_load(read("heroku.yml"))["run"].values():
        assert command.startswith("honcho start ")
        started |= set(command.split()[2:])
    assert started == processes()


def test_render_and_fly_start_the_container_as_it_is() -> None:
    [service] = yaml.safe_load(read("render.yaml"))["services"]
    assert (service["runtime"], service.get("dockerCommand")) == ("docker", None)
    assert "processes" not in tomllib.loads(read("fly.toml"))


@pytest.mark.parametrize("process", ["web", "worker", "webhooks"])
def test_the_documentation_names_each_process_and_its_command(process: str) -> None:
    command = parse_procfile(read("Procfile")).processes[process]
    assert f"| {process} | `{command}` |" in read("docs/running-it.md")


def test_each_deployment_migrates_the_database_first() -> None:
    command = parse_procfile(read("Procfile")).processes["release"]
    for name in ("heroku.yml", "render.yaml", "fly.toml"):
        assert command in read(name), name


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that other users get into; pytest's own are root's alone."""
    with TemporaryDirectory(prefix="acme-tests-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.getuid() != 0, reason="Only root can give up root.")
def test_the_container_gives_up_root_and_hands_over_the_uploads(open_folder: Path) -> None:
    uploads = open_folder / "uploads"
    uploads.mkdir()
    (uploads / "old.csv").write_text("sku,name")
    script = Path(settings.BASE_DIR, "docker-entrypoint.sh")

    result = subprocess.run(
        [script, "sh", "-c", "id -un; id -G; cat $UPLOAD_FOLDER/old.csv; touch $UPLOAD_FOLDER/new.csv; touch /root/no"],
        env={**os.environ, "RUN_AS": "nobody", "UPLOAD_FOLDER": str(uploads)},
        capture_output=True,
        text=True,
        check=False,
    )

    user, groups, content = result.stdout.splitlines()
    assert (user, content) == ("nobody", "sku,name")
    assert "0" not in groups.split()
    assert {path.owner() for path in uploads.iterdir()} == {"nobody"}
    assert "Permission denied" in result.stderr


@pytest.mark.django_db
def test_the_image_asks_its_web_server_whether_it_is_well(tmp_path: Path) -> None:
    hosts = "importer.example.com,localhost"
    server = WebServer(tmp_path, ALLOWED_HOSTS="localhost,127.0.0.1,importer.example.com", HTTPS_ONLY="true")

    def check(port: int) -> int:
        environment = {**os.environ, "PORT": str(port), "ALLOWED_HOSTS": hosts}
        command = [sys.executable, "docker-healthcheck.py"]
        return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False).returncode

    try:
        assert check(server.port) == 0
        assert 'CMD ["python", "docker-healthcheck.py"]' in read("Dockerfile")
    finally:
        server.stop()
    assert check(server.port) != 0


def test_the_image_installs_what_is_locked_and_runs_as_a_user_of_its_own() -> None:
    dockerfile = Path(settings.BASE_DIR, "Dockerfile").read_text()

    assert "--require-hashes" in dockerfile
    assert 'ENTRYPOINT ["/app/docker-entrypoint.sh"]' in dockerfile
    assert "useradd --system --no-create-home --uid 10001 acme" in dockerfile


def test_who_runs_the_image_can_read_the_static_files_that_root_collected(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    # WhiteNoise's is this one, and compresses, for a minute.
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}

    call_command("collectstatic", interactive=False, verbosity=0)

    collected = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert tmp_path / "staticfiles.json" in collected
    assert [path for path in collected if not path.stat().st_mode & stat.S_IROTH] == []


def test_an_uploaded_file_is_for_the_product_and_its_group_to_read(tmp_path: Path) -> None:
    FileSystemStorage(**upload_storage("", tmp_path)["OPTIONS"]).save("products.csv", ContentFile(b"sku"))

    assert stat.S_IMODE((tmp_path / "products.csv").stat().st_mode) == 0o640
