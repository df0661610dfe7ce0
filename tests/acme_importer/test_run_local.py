"""`manage.py run_local`, as `make run` starts it: what a new user sees, and that nothing is left behind."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests
from django.conf import settings

from tests.cluster import is_running, wait_until

pytestmark = pytest.mark.slow


class LocalRun:
    """The product of a fresh checkout, with a database of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.log_file = folder / "log"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "acme_importer.settings",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "DEBUG": "true",
            "PORT": str(self.port),
        }
        # What a new user has not set.
        for name in ("WEBHOOK_ALLOWED_NETWORKS", "WEBHOOK_REQUIRE_HTTPS"):
            del self.environment[name]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **variables: str) -> None:
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run_local"],
                cwd=settings.BASE_DIR,
                env={**self.environment, **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self) -> str:
        return self.log_file.read_text()

    def is_up(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.address}/healthz", timeout=5).status_code == 200
        return False

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process, "It has not been started."
        return self.process

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.running.pid).children(recursive=True)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalRun]:
    run = LocalRun(tmp_path)
    yield run
    if run.process and run.process.poll() is None:
        family = run.family()
        run.process.kill()
        run.process.wait()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    print(run.log())


def test_the_product_runs_and_ctrl_c_ends_all_of_it(local: LocalRun) -> None:
    local.start()
    wait_until(local.is_up)
    wait_until(lambda: sum("run_cluster" in " ".join(process.cmdline()) for process in local.family()) == 12)
    wait_until(lambda: "Press Ctrl-C to stop." in local.log())
    addresses = re.findall(rf"{local.address}(/\S+)", local.log())
    assert addresses
    for path in addresses:
        assert requests.get(local.address + path, timeout=5).status_code in (200, 401)
    assert re.search(r"^Password: +\S{16} ", local.log(), re.MULTILINE)
    # When it is shown, everything responds already.
    before, _, after = local.log().partition("Password: ")
    assert "Starting the workers of queue webhooks." in before
    assert "Starting the workers" not in after

    family, until_then = local.family(), len(local.log())
    os.killpg(local.running.pid, signal.SIGINT)
    assert local.running.wait(15) == 0
    wait_until(lambda: not any(is_running(process.pid) for process in family), 5)
    # Before, a request without a login is a warning.
    assert "WARNING" not in local.log()[until_then:]


def test_the_lines_of_the_documentation_about_webhooks_work(local: LocalRun) -> None:
    local.start()
    wait_until(lambda: "Press Ctrl-C to stop." in local.log())
    page = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()
    [console] = re.findall(r"## An endpoint in five lines\n\n```console\n(.*?)```", page, re.DOTALL)
    commands = [line.removeprefix("$ ") for line in console.splitlines() if line.startswith("$ ")]
    assert len(commands) == 4
    make_token, create_endpoint, receive, test = commands
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        receiver_port = str(probe.getsockname()[1])

    def run(command: str) -> str:
        command = command.replace("localhost:8000", f"127.0.0.1:{local.port}").replace("8800", receiver_port)
        command = command.replace("python ", f"{sys.executable} ", 1) if command.startswith("python ") else command
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=settings.BASE_DIR,
            env=local.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    token = run(make_token).strip()
    endpoint = json.loads(run(create_endpoint.replace("acme_f3aa4e5e…", token)))
    receive = receive.removesuffix(" &").replace("python ", f"{sys.executable} ", 1)
    receive = receive.replace("whsec_RhLXznyO…", endpoint["secret"]) + f" --port {receiver_port}"
    with subprocess.Popen(
        shlex.split(receive), cwd=settings.BASE_DIR, env=local.environment, stdout=subprocess.PIPE, text=True
    ) as receiver:
        assert receiver.stdout
        assert receiver.stdout.readline() == f"Receiving webhooks at http://127.0.0.1:{receiver_port}/\n"
        result = json.loads(run(test.replace("acme_f3aa4e5e…", token)))
        assert (result["succeeded"], result["status"]) == (True, 204)
        assert receiver.stdout.readline().startswith("VERIFIED webhook.test msg_")
        receiver.terminate()


def test_a_second_start_keeps_the_user_and_a_third_is_told_that_the_port_is_taken(local: LocalRun) -> None:
    local.start(ADMIN_PASSWORD="chosen-by-me")
    wait_until(local.is_up)
    assert "chosen-by-me" not in local.log()
    login = requests.Session()
    page = login.get(f"{local.address}/admin/login/", timeout=5)
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[:1]
    form = {"username": "admin", "password": "chosen-by-me", "csrfmiddlewaretoken": token}
    assert login.post(page.url, data=form, allow_redirects=False, timeout=5).status_code == 302

    third = subprocess.run(
        [sys.executable, "manage.py", "run_local"],
        cwd=settings.BASE_DIR,
        env=local.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert third.returncode == 1
    assert f"Port {local.port} " in third.stderr
    assert "Traceback" not in third.stderr

    local.running.send_signal(signal.SIGTERM)
    local.running.wait(15)
    local.start(ADMIN_PASSWORD="another")
    wait_until(local.is_up)
    wait_until(lambda: "as before" in local.log())


def test_closing_the_terminal_ends_all_of_it(local: LocalRun) -> None:
    local.start()
    wait_until(local.is_up)
    family = local.family()
    os.killpg(local.running.pid, signal.SIGHUP)
    local.running.wait(15)
    wait_until(lambda: not any(is_running(process.pid) for process in family), 5)
