"""The product's real web server, gunicorn with the product's configuration, on the test database."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import requests
from django.conf import settings

from tests.cluster import end, product_environment, wait_until


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class WebServer:
    """One gunicorn. Its port is its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log_file = folder / "web.log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "acme_importer.wsgi", "--bind", f"127.0.0.1:{self.port}"],
                cwd=settings.BASE_DIR,
                env=product_environment(**{"DJANGO_SETTINGS_MODULE": "tests.web_settings", **variables}),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(self.responds)
        except BaseException:
            self.stop()
            raise

    def responds(self) -> bool:
        """Whether it takes requests."""
        try:
            return self.get("/healthz").ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def get(self, path: str, **options: object) -> requests.Response:
        """What it responds, within five seconds."""
        return requests.get(f"{self.address}{path}", timeout=5, **options)  # type: ignore[arg-type]

    def seconds(self, path: str) -> float:
        """How long a page takes, which must be one."""
        start = time.monotonic()
        assert self.get(path).status_code == 200, path
        return time.monotonic() - start

    def connect(self, sent: bytes = b"") -> socket.socket:
        """A connection of a client that has sent this much so far."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        client.sendall(sent)
        return client

    def log(self) -> str:
        """All that it has written so far."""
        return self.log_file.read_text(errors="replace")

    def stop(self) -> None:
        """Stop it as an operator would."""
        end(self.process)
        print(self.log())
