"""The proxies of `deploy/`, with their own programs, in front of the real web server."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
import trustme
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User

from tests.cluster import wait_until
from tests.tokens import make_key
from tests.webserver import WebServer, free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.any_database]

GIGABYTE = 1024**3


class Proxy:
    """A proxy with the configuration of `deploy/`, but for its ports, host name and certificate."""

    def __init__(self, name: str, server: WebServer, folder: Path) -> None:
        self.port, self.http_port = free_port(), free_port()
        self.address = f"https://localhost:{self.port}"
        self.folder = folder
        self.server = server
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        self.authority = str(folder / "ca.pem")
        authority.cert_pem.write_to_path(self.authority)
        certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
        command = self.nginx() if name == "nginx" else self.caddy()
        with (folder / "proxy.log").open("wb") as log:
            environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder)}
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder)
        try:
            wait_until(self.responds)
        except AssertionError:
            print((folder / "proxy.log").read_text())
            self.stop()
            raise

    def configure(self, name: str, changes: dict[str, str]) -> str:
        """The path of the configuration with these texts replaced, each of which must be there."""
        text = (settings.BASE_DIR / "deploy" / name).read_text()
        for old, new in {"127.0.0.1:8000": f"127.0.0.1:{self.server.port}", **changes}.items():
            assert old in text, old
            text = text.replace(old, new)
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def nginx(self) -> list[str]:
        temporary = " ".join(
            f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        changes = {
            "include mime.types;": f"access_log off; {temporary}",
            "listen 80;": f"listen 127.0.0.1:{self.http_port};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            "importer.example.com": "localhost",
            "/etc/ssl/importer.crt": f"{self.folder}/cert.pem",
            "/etc/ssl/importer.key": f"{self.folder}/key.pem",
        }
        options = f"daemon off; pid {self.folder}/nginx.pid; error_log stderr;"
        command = ["nginx", "-p", str(self.folder), "-c", self.configure("nginx.conf", changes), "-g", options]
        subprocess.run([*command, "-t"], check=True)
        return command

    def caddy(self) -> list[str]:
        changes = {
            "{\n\tservers {": f"{{\n\tadmin off\n\thttp_port {self.http_port}\n\tservers {{",
            "importer.example.com {": f"https://localhost:{self.port} {{\n\ttls {self.folder}/cert.pem "
            f"{self.folder}/key.pem",
        }
        path = self.configure("Caddyfile", changes)
        return ["caddy", "run", "--adapter", "caddyfile", "--config", path]

    def session(self) -> requests.Session:
        """A client that trusts the proxy's certificate."""
        session = requests.Session()
        # Else a variable of the environment that names certificates would win.
        session.trust_env = False
        session.verify = self.authority
        return session

    def responds(self) -> bool:
        try:
            return self.session().get(f"{self.address}/healthz", timeout=2).ok
        except requests.ConnectionError:
            return False

    def connect(self, sent: bytes) -> ssl.SSLSocket:
        """A connection of a client that has sent this much so far."""
        context = ssl.create_default_context(cafile=self.authority)
        client = socket.create_connection(("localhost", self.port), timeout=5)
        secure = context.wrap_socket(client, server_hostname="localhost")
        secure.sendall(sent)
        return secure

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    if not shutil.which(request.param, path="/usr/sbin:/usr/bin:/usr/local/bin"):
        pytest.skip(f"{request.param} is not installed.")
    folder = tmp_path_factory.mktemp(request.param)
    server = WebServer(folder, HTTPS_ONLY="true")
    try:
        proxy = Proxy(request.param, server, folder)
        yield proxy
        proxy.stop()
    finally:
        server.stop()


def token_of(user: User) -> str:
    return f"Token {make_key(user)}"


def assert_quick(proxy: Proxy, path: str = "/admin/login/") -> None:
    start = time.monotonic()
    assert proxy.session().get(f"{proxy.address}{path}", timeout=10).status_code == 200
    print(f"{path} took {time.monotonic() - start:.3f} s")
    assert time.monotonic() - start < 2


def test_a_file_goes_through_and_its_import_can_be_polled(proxy: Proxy, admin_user: User) -> None:
    body = b"sku,name\n" + b"A,Lamp\n" * 3_000_000
    headers = {"Authorization": token_of(admin_user), "Content-Type": "text/csv"}
    session = proxy.session()

    sent = session.post(f"{proxy.address}/api/uploads/?filename=a.csv", body, headers=headers, timeout=30)

    assert sent.status_code == 202
    assert sent.json()["file_size"] == len(body)
    assert sent.headers["Location"].startswith("https://localhost")
    job = f"{proxy.address}/api/jobs/{sent.json()['id']}"
    assert {session.get(job, headers=headers, timeout=5).status_code for _ in range(50)} == {200}


@pytest.mark.parametrize("path", ["/api/uploads/", "/admin/imports/importjob/upload/"])
def test_a_stranger_sends_no_file(proxy: Proxy, path: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{proxy.port}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {GIGABYTE}\r\n\r\n"
    )
    with proxy.connect(head.encode()) as client:
        time.sleep(0.5)
        # Caddy has the response by now, but passes it on with the next bytes only that the client sends.
        client.sendall(b"--x\r\n")
        assert client.recv(65536).split()[1] in (b"401", b"403")


def test_large_bodies_go_to_uploads_only(proxy: Proxy) -> None:
    def answer() -> int | None:
        try:
            return proxy.session().post(f"{proxy.address}/admin/login/", b"x" * 4_000_000, timeout=10).status_code
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            # Who is still sending when the connection closes may never get to read why.
            return None

    # 502 is what Caddy says when it is told so while it is still sending.
    assert answer() in (403, 413, 502, None)
    assert_quick(proxy)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\nuser",
    ],
    ids=["head", "body"],
)
def test_slow_clients_hold_up_nobody(proxy: Proxy, sent: bytes) -> None:
    # More than forty requests of one address nginx refuses; those whose head has not arrived are none yet.
    number = 200 if sent.startswith(b"GET") else 30
    with ExitStack() as clients:
        for _ in range(number):
            clients.enter_context(proxy.connect(sent))

        assert_quick(proxy, "/healthz")
        assert_quick(proxy)


def test_slow_uploads_hold_up_no_pages(proxy: Proxy, admin_user: User) -> None:
    head = (
        f"POST /api/uploads/?filename=a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
        f"Authorization: {token_of(admin_user)}\r\nContent-Length: {GIGABYTE}\r\n\r\nsku"
    )
    with ExitStack() as clients:
        for _ in range(20):
            clients.enter_context(proxy.connect(head.encode()))

        assert_quick(proxy)


def test_nobody_chooses_the_own_address(proxy: Proxy, admin_user: User) -> None:
    session = proxy.session()
    session.headers.update({"X-Forwarded-For": "203.0.113.9", "Referer": f"{proxy.address}/admin/login/"})
    session.get(f"{proxy.address}/admin/login/", timeout=5)
    form = {"username": "admin", "password": "wrong", "csrfmiddlewaretoken": session.cookies["csrftoken"]}

    session.post(f"{proxy.address}/admin/login/", form, timeout=5)

    assert AccessAttempt.objects.get().ip_address == "127.0.0.1"


def test_without_tls_there_is_only_the_way_to_it(proxy: Proxy) -> None:
    response = requests.get(f"http://localhost:{proxy.http_port}/admin/", timeout=5, allow_redirects=False)

    assert response.status_code in (301, 308)
    assert response.headers["Location"].startswith("https://localhost")
