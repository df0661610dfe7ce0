"""A `requests` session for URLs that strangers enter: no inner addresses, no redirects, and a deadline in any case.

requests-hardened resolves the name once, refuses what is not on the Internet, and connects to the very address that it
has checked. Added here: our own, stricter list of addresses, networks allowed by the setting, and a total deadline.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from webhooks.addresses import Address, is_allowed, is_in_allowed_network

CONNECT_SECONDS = 5


class Deadline:
    """Cuts a connection after `seconds`, wherever it is: in the handshake, or in a response that comes byte by byte.

    The time-outs of `requests` start again with each byte received, so they alone end nothing.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection when time is up."""
        with self._lock:
            # A duplicate, since TLS replaces the socket object by another; both stand for the same connection.
            self._socket = connected.dup()
            if self.passed:
                _shut(self._socket)

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            if self._socket:
                _shut(self._socket)

    def close(self) -> None:
        """Let go of the connection."""
        self._timer.cancel()
        with self._lock:
            if self._socket:
                self._socket.close()
                self._socket = None


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other end was faster


_deadline: ContextVar[Deadline] = ContextVar("webhook_deadline")


class _Watched(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        _deadline.get().watch(connected)
        return connected


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


_one_makes_it = threading.Lock()


def tls_context() -> ssl.SSLContext:
    """One for all connections: reading the certificates takes longer than a whole delivery.

    It trusts what `requests` brings, and what the system trusts (or SSL_CERT_FILE), for receivers of a company's own.
    """
    # The first deliveries of a worker ask for it all at once: each making its own, they would run out of time.
    with _one_makes_it:
        return _tls_context()


@cache
def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.load_default_certs()
    return context


class Adapter(IPFilterAdapter):
    """Connects only to addresses that `webhooks.addresses` allows."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, ssl_context=tls_context())
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the certificates to the context, which has read them."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        except InvalidIPAddress as refusal:
            address = refusal.args[0]
            if not is_in_allowed_network(address):
                raise
            return self._pinned(address, *HTTPAdapter.build_connection_pool_key_attributes(self, request, verify, cert))
        address = ip_address(host["host"].strip("[]"))
        if not is_allowed(address):
            raise InvalidIPAddress(address)
        return host, options

    def _pinned(self, address: Address, host: Any, options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Do what the library does for an address that it lets pass."""
        if host["scheme"] == "https":
            options |= {"assert_hostname": host["host"], "server_hostname": host["host"]}
        return {**host, "host": str(address)}, options


class Session(HTTPSession):
    """A session for one request. None is shared: no cookie and no connection goes from one endpoint to another."""

    def __init__(self) -> None:
        config = Config(
            ip_filter_enable=False,  # the adapters below do it
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=None,
        )
        super().__init__(config)
        self.mount("http://", Adapter(is_https_proto=False))
        self.mount("https://", Adapter(is_https_proto=True))
        # No proxy and no password from ~/.netrc: a proxy would do the connecting, out of reach of the checks.
        self.trust_env = False

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Treat a redirect like any other response: `requests` would read its body whole, however long it is."""


@dataclass(frozen=True)
class ReceiverResponse:
    """What a receiver responded; only the beginning of the body."""

    status: int
    headers: CaseInsensitiveDict[str]
    beginning: bytes
    # Whether the beginning arrived completely and in time.
    complete: bool


class TimeIsUpError(Exception):
    """The deadline passed before there was a response."""


def post(url: str, body: bytes, headers: dict[str, str], seconds: float, read_at_most: int) -> ReceiverResponse:
    """Send `body` to `url`, and read the response's status and beginning, all within `seconds`."""
    deadline = Deadline(seconds)
    token = _deadline.set(deadline)
    timeout = (min(CONNECT_SECONDS, seconds), seconds)
    try:
        with (
            Session() as session,
            session.post(url, data=body, headers=headers, timeout=timeout, stream=True) as response,
        ):
            beginning, complete = _read(response, read_at_most)
            return ReceiverResponse(response.status_code, response.headers, beginning, complete and not deadline.passed)
    except Exception as error:
        if deadline.passed or isinstance(error, requests.Timeout):
            raise TimeIsUpError from error
        raise
    finally:
        _deadline.reset(token)
        deadline.close()


def _read(response: requests.Response, limit: int) -> tuple[bytes, bool]:
    try:
        return response.raw.read(limit, decode_content=False), True
    except HTTPError:
        return b"", False
