"""Command `run_local`: the whole product on this machine, ready to use. `make run` calls it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connections, transaction
from django.urls import reverse
from honcho.environ import expand_processes, parse_procfile
from honcho.manager import Manager

from acme_importer.audit.trail import record
from acme_importer.cluster import queues
from acme_importer.commands import ProductCommand

HOST = "127.0.0.1"
ADMIN = "admin"
# What honcho makes of a SIGINT.
STOPPED_BY_CTRL_C = 130
# After this long the addresses are shown all the same: the workers may still have work from before.
LONGEST_START_SECONDS = 60
# The web server listens on this machine only, so here webhooks may be received on it as well. Variables of the
# environment and of .env win.
LOCAL_DEFAULTS = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128", "WEBHOOK_REQUIRE_HTTPS": "false"}


class Command(ProductCommand):
    help = "Prepares the database and an admin user, then runs the web server and the workers until Ctrl-C."

    def handle(self, *_: Any, **__: Any) -> None:
        require_free_port(settings.PORT)
        self.say("Preparing the database …")
        call_command("migrate", verbosity=0)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        welcome = [*self.addresses(), *self.create_admin()]
        for queue in worker_queues():
            # Once it has been taken, the workers of that queue are running.
            queues.enqueue("acme_importer.cluster.supervisor.probe", queue=queue)
        connections.close_all()
        self.say(f"Starting the web server and the workers (port {settings.PORT}) …")
        shown = Event()
        Thread(target=self.welcome_when_ready, args=(welcome, shown), daemon=True).start()
        code = run_processes()
        if not shown.is_set():
            # A new password must not be lost.
            self.show(welcome)
        sys.exit(code)

    def say(self, text: str) -> None:
        """Print `text` at once."""
        self.stdout.write(text)
        self.stdout.flush()

    def show(self, lines: list[str]) -> None:
        """Print the addresses and the login, set apart from the log."""
        self.say("\n" + "\n".join(self.style.SUCCESS(line) for line in lines) + "\n")

    def welcome_when_ready(self, lines: list[str], shown: Event) -> None:
        """Show `lines` as soon as the web server and all workers respond."""
        deadline = time.monotonic() + LONGEST_START_SECONDS
        while not is_ready() and time.monotonic() < deadline:
            time.sleep(0.25)
        connections.close_all()
        shown.set()
        self.show([*lines, "Press Ctrl-C to stop."])

    def create_admin(self) -> list[str]:
        """Create the user `admin`, unless there is one; the lines that say how to log in."""
        users = get_user_model()._default_manager
        if users.filter(username=ADMIN).exists():
            return [f"User:      {ADMIN} (as before; manage.py changepassword {ADMIN} sets a new password)"]
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(12)
        with transaction.atomic():
            record("user.created", users.create_superuser(ADMIN, password=password))
        told = "the one in ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else f"{password} (shown only once)"
        return [f"User:      {ADMIN}", f"Password:  {told}"]

    def addresses(self) -> list[str]:
        """The lines that say where everything is."""
        address = f"http://{HOST}:{settings.PORT}"
        pages = (("Dashboard", "admin:index"), ("API", "api-root"), ("API docs", "api-docs"))
        return [f"{name + ':':<10} {address}{reverse(view)}" for name, view in pages]


def worker_queues() -> list[str]:
    """Every queue that has workers."""
    return [settings.Q_CLUSTER["name"], *settings.Q_CLUSTER.get("ALT_CLUSTERS", {})]


def is_ready() -> bool:
    """Whether the web server responds and the workers have taken their first messages."""
    try:
        # The workers first: each request to the web server is a line in its log.
        if any(queues.has_waiting(queue) for queue in worker_queues()):
            return False
        with urllib.request.urlopen(f"http://{HOST}:{settings.PORT}/healthz", timeout=5):
            return True
    except (urllib.error.URLError, OSError, DatabaseError):
        return False


def require_free_port(port: int) -> None:
    """Raise unless a server can listen at `port`."""
    with socket.socket() as probe:
        # As the web server does: a port that a stopped server has just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} of {HOST} cannot be used ({error.strerror}). Is the product running already? "
                f"Stop what is running there, or choose another port: PORT={port + 1} make run"
            ) from None


def run_processes() -> int:
    """Run what Procfile.local lists until Ctrl-C, or until one of them ends; returns the exit code."""
    # `python` in the Procfile is this one.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    procfile = parse_procfile((settings.BASE_DIR / "Procfile.local").read_text())
    runner = Manager()
    for process in expand_processes(procfile.processes, port=settings.PORT):
        environment = {**LOCAL_DEFAULTS, **os.environ, **process.env, "PATH": path}
        runner.add_process(process.name, process.cmd, env=environment, cwd=settings.BASE_DIR)
    signal.signal(signal.SIGHUP, stop_without_terminal)
    runner.loop()
    return 0 if runner.returncode == STOPPED_BY_CTRL_C else runner.returncode


def stop_without_terminal(_signal: int, _frame: FrameType | None) -> None:
    """Stop when the terminal is closed; honcho would fail when it reports the stop."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    os.kill(os.getpid(), signal.SIGTERM)
