"""Two hosts with one PostgreSQL and one bucket between them, in network namespaces; and their cables.

Needs root, and a PostgreSQL that may be restarted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer
from unittest import mock

import psycopg
from django.conf import settings
from django.db import connection
from django.test import override_settings

from acme_importer.settings import upload_storage
from tests.faults.kind import CannotBeDoneError
from tests.faults.stores import Server
from tests.faults.world import Host, World
from tests.imports import s3server
from tests.settings import FOLDER

# Addresses for measurements, which no real network has (RFC 2544).
NETWORK = f"198.18.{os.getpid() % 256}"
SWITCH = f"acme{os.getpid() % 100_000}"
HERE = f"{NETWORK}.1"


def cable_pulled(world: World) -> float:
    """The cable of one of two hosts is pulled in mid-chunk. Later it is plugged in again, if the import is not over."""
    host = world.hosts[0]
    _ip("link", "set", host.cable, "down")
    pulled = time.monotonic()
    plug_in = Timer(world.random.uniform(17, 45), _ip, ("link", "set", host.cable, "up"))
    plug_in.start()
    world.ending.callback(plug_in.join)
    world.ending.callback(plug_in.cancel)
    return pulled


@contextmanager
def two_hosts(world: World) -> Iterator[None]:
    """Two hosts on a switch, to which this machine is connected, too; it has the database and the bucket."""
    if os.geteuid() or not shutil.which("ip"):
        raise CannotBeDoneError("Network namespaces are made by root, and with the program ip.")
    with ExitStack() as stack:
        _ip("link", "add", SWITCH, "type", "bridge")
        stack.callback(_ip, "link", "delete", SWITCH)
        _ip("address", "add", f"{HERE}/24", "dev", SWITCH)
        _ip("link", "set", SWITCH, "up")
        database = stack.enter_context(_postgres_at(HERE))
        bucket = stack.enter_context(_bucket_at(HERE))
        for number in (1, 2):
            name, cable = f"{SWITCH}-{number}", f"{SWITCH}c{number}"
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "delete", name)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", cable, "master", SWITCH, "up")
            _ip("-n", name, "address", "add", f"{NETWORK}.{number + 1}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
            # A name of its own too, so that the process numbers of the other one mean nothing to it.
            inside = ["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", f'hostname {name}; exec "$@"', "sh"]
            variables = {"DATABASE_URL": database, "UPLOAD_FOLDER": str(FOLDER / name), **bucket}
            world.hosts.append(Host(inside, cable, variables))
        yield


@contextmanager
def _postgres_at(address: str) -> Iterator[str]:
    """The server of the tests, listening at `address` as well: the URL of the test database there."""
    server = Server()
    with psycopg.connect(settings.DATABASE_URL) as session:
        # Its socket is called after the port as well.
        port = session.info.port
        [allowed] = session.execute("SHOW hba_file").fetchone() or [""]
    before = Path(allowed).read_text()
    with Path(allowed).open("a") as file:
        file.write(f"\nhost all all {NETWORK}.0/24 trust\n")
    server.stop()
    server.start("-h", address)
    user = connection.settings_dict["USER"] or "postgres"
    try:
        yield f"postgresql://{user}@{address}:{port}/{connection.settings_dict['NAME']}"
    finally:
        Path(allowed).write_text(before)
        server.stop()
        server.start()


@contextmanager
def _bucket_at(address: str) -> Iterator[dict[str, str]]:
    """A server that speaks S3 at `address`, where uploads are kept: the variables that say so."""
    server, variables = s3server.start(address)
    try:
        with mock.patch.dict(os.environ, variables):
            s3server.create_bucket(variables)
            storages = {**settings.STORAGES, "default": upload_storage(s3server.URL, FOLDER)}
            with override_settings(STORAGES=storages):
                yield variables
    finally:
        server.stop()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
