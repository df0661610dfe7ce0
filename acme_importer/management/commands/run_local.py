"""Command `run_local`: the whole product on this machine, ready to use. What `make run` calls."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.urls import reverse
from honcho.environ import expand_processes, parse_procfile
from honcho.manager import Manager

HOST = "127.0.0.1"
ADMIN = "admin"
# What honcho makes of a SIGINT.
STOPPED_BY_CTRL_C = 130


class Command(BaseCommand):
    help = "Prepares the database and an admin user, then runs web server and workers until Ctrl-C."

    def handle(self, *_: Any, **__: Any) -> None:
        require_free_port(settings.PORT)
        call_command("migrate", verbosity=0)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        self.create_admin()
        self.show_addresses()
        self.stdout.flush()
        connections.close_all()
        sys.exit(run_processes())

    def create_admin(self) -> None:
        """Create the user `admin` and tell the password, unless that user exists."""
        users = get_user_model()._default_manager
        if users.filter(username=ADMIN).exists():
            self.stdout.write(f"User:      {ADMIN} (as before; manage.py changepassword {ADMIN} sets a new password)")
            return
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(12)
        users.create_superuser(ADMIN, password=password)
        told = "the one in ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else f"{password} (shown this once)"
        self.stdout.write(self.style.SUCCESS(f"User:      {ADMIN}\nPassword:  {told}"))

    def show_addresses(self) -> None:
        """Say where everything is."""
        address = f"http://{HOST}:{settings.PORT}"
        for name, view in (("Dashboard", "admin:index"), ("API", "api-root"), ("API docs", "api-docs")):
            self.stdout.write(f"{name + ':':<10} {address}{reverse(view)}")
        self.stdout.write("Ctrl-C stops everything.\n\n")


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
                f"Stop what runs there, or choose another port: PORT={port + 1} make run"
            ) from None


def run_processes() -> int:
    """Run what Procfile.local lists until Ctrl-C, or until one of them ends; the result is the exit code."""
    # `python` in the Procfile is this one.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    procfile = parse_procfile((settings.BASE_DIR / "Procfile.local").read_text())
    runner = Manager()
    for process in expand_processes(procfile.processes, port=settings.PORT):
        environment = {**os.environ, **process.env, "PATH": path}
        runner.add_process(process.name, process.cmd, env=environment, cwd=settings.BASE_DIR)
    signal.signal(signal.SIGHUP, stop_without_terminal)
    runner.loop()
    return 0 if runner.returncode == STOPPED_BY_CTRL_C else runner.returncode


def stop_without_terminal(_signal: int, _frame: FrameType | None) -> None:
    """Stop when the terminal is closed; honcho would fail when it says so."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    os.kill(os.getpid(), signal.SIGTERM)
