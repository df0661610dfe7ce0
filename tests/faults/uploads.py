"""Faults of uploads: the web worker is killed that receives a file."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil
from django.conf import settings
from django.contrib.auth.models import User

from tests.faults.world import World, wait_for
from tests.settings import FOLDER
from tests.tokens import make_key
from tests.webserver import WebServer

BLOCK = b"A,a product\n" * 10_000
LONGEST_SECONDS = 60.0


def web_worker_killed(world: World) -> float:
    """What has arrived of the file is left behind, which the hourly task deletes (`tests.faults.outcome`)."""
    User.objects.filter(username="uploader").delete()
    key = make_key(User.objects.create_superuser("uploader"))
    web = WebServer(FOLDER, **world.variables, WEB_CONCURRENCY="1")
    incoming = settings.UPLOAD_FOLDER / "incoming"
    try:
        world.meanwhile(lambda: _upload(web, key))
        wait_for(lambda: any(path.stat().st_size for path in incoming.glob("*")), LONGEST_SECONDS, "a file arriving")
        time.sleep(world.random.uniform(0, 1))
        for worker in psutil.Process(web.process.pid).children():
            worker.kill()
        world.join()
        assert list(incoming.glob("*")), "Nothing was left, so nothing shows that it is deleted."
        wait_for(web.responds, LONGEST_SECONDS, "another web worker")
    finally:
        web.stop()
    return time.monotonic()


def _upload(web: WebServer, key: str) -> None:
    """Send a large file slowly, until the connection breaks."""
    head = (
        "POST /api/uploads/?filename=a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
        f"Authorization: Token {key}\r\nContent-Length: {1024**3}\r\n\r\nsku,name\n"
    )
    end = time.monotonic() + LONGEST_SECONDS
    with web.connect(head.encode()) as client, suppress(ConnectionError):
        while time.monotonic() < end:
            client.sendall(BLOCK)
            time.sleep(0.05)
