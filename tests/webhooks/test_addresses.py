"""Where webhooks are not sent to: every kind of inner address, in every spelling, also behind a name."""

import socket
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from tests.webhooks.factories import dispatch, emit_one, last_attempt, make_endpoint
from webhooks.addresses import validate_url
from webhooks.attempt import Message
from webhooks.delivery import send
from webhooks.signing import new_secret

FORBIDDEN = {
    "loopback": "127.0.0.1",
    "loopback, another": "127.8.9.10",
    "loopback, short": "127.1",
    "loopback, decimal": "2130706433",
    "loopback, octal": "0177.0.0.1",
    "loopback, hexadecimal": "0x7f.0.0.1",
    "loopback, one hexadecimal": "0x7f000001",
    "loopback, IPv6": "[::1]",
    "loopback, IPv6 in full": "[0:0:0:0:0:0:0:1]",
    "loopback, IPv4-mapped": "[::ffff:127.0.0.1]",
    "loopback, IPv4-mapped in hexadecimal": "[::ffff:7f00:1]",
    "loopback, IPv4-compatible": "[::127.0.0.1]",
    "loopback, NAT64": "[64:ff9b::7f00:1]",
    "loopback, 6to4": "[2002:7f00:1::]",
    "this host": "0.0.0.0",
    "this host, short": "0",
    "this host, IPv6": "[::]",
    "private, class A": "10.0.0.1",
    "private, class B": "172.16.0.1",
    "private, class B, the last": "172.31.255.254",
    "private, class C": "192.168.1.1",
    "private, decimal": "3232235777",
    "private, IPv4-mapped": "[::ffff:10.0.0.1]",
    "private, NAT64": "[64:ff9b::a00:1]",
    "private, local NAT64": "[64:ff9b:1::a00:1]",
    "private, IPv6": "[fd12:3456:789a::1]",
    "site-local": "[fec0::1]",
    "link-local": "169.254.1.1",
    "link-local, IPv6": "[fe80::1]",
    "carrier-grade NAT": "100.64.0.1",
    "metadata of AWS, Google, Azure and others": "169.254.169.254",
    "metadata, decimal": "2852039166",
    "metadata, IPv4-mapped": "[::ffff:169.254.169.254]",
    "metadata of AWS, IPv6": "[fd00:ec2::254]",
    "metadata of Alibaba": "100.100.100.200",
    "metadata of Oracle": "192.0.0.192",
    "host agent of Azure": "168.63.129.16",
    "protocol assignments": "192.0.0.8",
    "documentation": "192.0.2.1",
    "documentation, IPv6": "[2001:db8::1]",
    "benchmarking": "198.18.0.1",
    "6to4 relay": "192.88.99.1",
    "Teredo": "[2001:0:4136:e378::1]",
    "discard": "[100::1]",
    "segment routing": "[5f00::1]",
    "multicast": "224.0.0.1",
    "multicast, IPv6": "[ff02::1]",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
}


@pytest.fixture
def no_networks_allowed(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = []


@pytest.fixture
def no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connects"))


@pytest.mark.usefixtures("no_networks_allowed")
@pytest.mark.parametrize("host", FORBIDDEN.values(), ids=FORBIDDEN)
def test_an_endpoint_cannot_have_such_an_address(host: str) -> None:
    with pytest.raises(ValidationError, match=r"not sent to private, local or reserved addresses"):
        validate_url(f"https://{host}/hook")


@pytest.mark.usefixtures("no_networks_allowed", "no_connections")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", FORBIDDEN.values(), ids=FORBIDDEN)
def test_nothing_is_sent_to_such_an_address(host: str, scheme: str) -> None:
    outcome = send(Message(f"{scheme}://{host}/hook", [new_secret()], "msg_1", "{}"))
    assert outcome.status is None
    assert outcome.error == "The URL leads to an address that webhooks are not sent to (private, local or reserved)."
    assert outcome.excerpt == ""


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Make names resolve to the given addresses, one after the other; what is asked is noted."""
    real = socket.getaddrinfo

    def install(*addresses: str) -> list[str]:
        asked: list[str] = []

        def fake(host: str, *args: Any, **kwargs: Any) -> Any:
            if not host.endswith(".example"):
                return real(host, *args, **kwargs)
            address = addresses[min(len(asked), len(addresses) - 1)]
            asked.append(host)
            return real(address, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", fake)
        return asked

    return install


@pytest.mark.usefixtures("no_networks_allowed", "no_connections")
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:10.0.0.1"])
def test_nothing_is_sent_to_a_name_that_leads_to_such_an_address(
    resolving: Callable[..., list[str]], address: str
) -> None:
    resolving(address)
    outcome = send(Message("https://innocent.example/hook", [new_secret()], "msg_1", "{}"))
    assert "not sent to" in outcome.error
    assert address not in outcome.error


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_used(
    settings: Settings, httpserver: HTTPServer, resolving: Callable[..., list[str]]
) -> None:
    """DNS rebinding: the second answer would be an address that is not allowed."""
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.1/32")]
    httpserver.expect_request("/hook").respond_with_data("ok")
    asked = resolving("127.0.0.1", "127.0.0.2")
    outcome = send(Message(f"http://rebinding.example:{httpserver.port}/hook", [new_secret()], "msg_1", "{}"))
    assert outcome.succeeded
    assert asked == ["rebinding.example"]
    assert httpserver.log[0][0].headers["Host"] == f"rebinding.example:{httpserver.port}"


def test_only_the_networks_that_the_setting_names_are_allowed(settings: Settings, httpserver: HTTPServer) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/30")]
    httpserver.expect_request("/hook").respond_with_data("ok")
    allowed, forbidden = httpserver.url_for("/hook"), f"http://127.0.0.4:{httpserver.port}/hook"
    validate_url(allowed)
    assert send(Message(allowed, [new_secret()], "msg_1", "{}")).succeeded
    with pytest.raises(ValidationError):
        validate_url(forbidden)
    assert not send(Message(forbidden, [new_secret()], "msg_1", "{}")).succeeded


def test_an_allowed_network_is_reached_in_the_spelling_of_ipv6_as_well(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.1.0.0/16")]
    validate_url("https://[::ffff:10.1.2.3]/hook")
    with pytest.raises(ValidationError):
        validate_url("https://[::ffff:10.2.2.3]/hook")


@pytest.mark.parametrize("url", ["https://8.8.8.8/hook", "https://[2606:4700::1111]/hook", "https://shop.example/hook"])
@pytest.mark.usefixtures("no_networks_allowed")
def test_addresses_of_the_internet_and_names_are_accepted(url: str) -> None:
    validate_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "ftp://shop.example/hook",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "https://",
        "https:///hook",
        "https://shop.example:99999/",
        "https://shop.example:port/",
        "https://shop.example/a b",
        "https://shop.example/a\nHost: other",
        "https://[::1/",
        "https://user@shop.example/",
        "https://user:password@shop.example/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        validate_url(url)


def test_plain_http_is_refused_where_the_setting_asks_for_https(settings: Settings) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    with pytest.raises(ValidationError, match="must begin with https://"):
        validate_url("http://shop.example/hook")


@pytest.mark.django_db
def test_nothing_is_sent_to_an_older_endpoint_with_plain_http(settings: Settings, httpserver: HTTPServer) -> None:
    make_endpoint(httpserver.url_for("/hook"))
    settings.WEBHOOK_REQUIRE_HTTPS = True
    emit_one()
    dispatch()
    assert "not https" in last_attempt().error
    assert not httpserver.log


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    httpserver.expect_request("/hook").respond_with_data("ok")
    assert send(Message(httpserver.url_for("/hook"), [new_secret()], "msg_1", "{}")).succeeded
