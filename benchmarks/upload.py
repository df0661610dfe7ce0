"""How much memory the web server takes while a large file is uploaded: `python -m benchmarks.upload`.

A real gunicorn on an SQLite database of its own, and one upload as a form and one as a raw body, streamed to it.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.contenders import high_water_mb
from benchmarks.databases import BASE_DIR, SQLite

ROW = b"SKU-00000001,A product,A description that takes some room in the file,12.50,true\n"
BLOCK = ROW * 4096
BOUNDARY = b"benchmark-boundary"


def body(megabytes: int) -> Iterator[bytes]:
    """A CSV file of about this size, block by block."""
    yield b"sku,name,description,price,is_active\n"
    for _ in range(megabytes * 1024**2 // len(BLOCK)):
        yield BLOCK


def form(megabytes: int) -> Iterator[bytes]:
    """The same as the field `file` of a form."""
    yield b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="large.csv"\r\n'
    yield b"Content-Type: text/csv\r\n\r\n"
    yield from body(megabytes)
    yield b"\r\n--" + BOUNDARY + b"--\r\n"


def upload(port: int, token: str, content_type: str, blocks: Iterator[bytes], length: int) -> float:
    """Upload `blocks`; returns how many seconds it took until the answer was there."""
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Authorization": f"Token {token}", "Content-Type": content_type, "Content-Length": str(length)}
    connection.request("POST", "/api/uploads/?filename=large.csv", body=blocks, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 202, answer.read()
    return time.perf_counter() - started


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Upload, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024, help="the size of the file (default: 1024)")
    megabytes = parser.parse_args().megabytes

    with tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name:
        database, port = SQLite(Path(name)), free_port()
        database.manage("createsuperuser", "--noinput", "--username=bench", "--email=b@example.com", **PASSWORD)
        token = database.manage("create_token", "bench", "--name=bench", "--scope=import").strip()
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "acme_importer.wsgi", "--bind", f"127.0.0.1:{port}", "--workers=1"],
            cwd=BASE_DIR,
            env=database.environment(UPLOAD_FOLDER=name, UPLOAD_MAX_MB=str(2 * megabytes)),
        )
        try:
            time.sleep(5)
            worker = psutil.Process(server.pid).children()[0].pid
            print(f"| upload of {megabytes} MB | seconds | peak memory of the web process |\n|---|--:|--:|")
            print(f"| none yet | | {high_water_mb(worker):.0f} MB |")
            for kind, content_type, blocks in (
                ("multipart form", f"multipart/form-data; boundary={BOUNDARY.decode()}", form),
                ("raw body", "text/csv", body),
            ):
                length = sum(map(len, blocks(megabytes)))
                seconds = upload(port, token, content_type, blocks(megabytes), length)
                print(f"| {kind} | {seconds:.1f} | {high_water_mb(worker):.0f} MB |", flush=True)
        finally:
            server.terminate()
            server.wait()


PASSWORD = {"DJANGO_SUPERUSER_PASSWORD": "benchmark"}

if __name__ == "__main__":
    main()
