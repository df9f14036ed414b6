"""What may be fetched from where."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from relay.errors import MediaError
from relay.ingest import fetch
from tests.support.web import web

PRIVATE = [
    *("127.0.0.1", "127.255.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::"),
    *("64:ff9b::7f00:1", "64:ff9b:1::a00:1", "::7f00:1"),
]
PUBLIC = [
    *("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"),
    *("::ffff:93.184.215.14", "64:ff9b::5db8:d70e"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str):
    assert fetch.is_private(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str):
    assert not fetch.is_private(address)


def check(url: str, *found: str, allow_private: bool = False) -> tuple[str, int]:
    return fetch.checked_address(
        urlsplit(url), allow_private=allow_private, resolver=lambda _host, _port: list(found)
    )


def test_a_host_with_one_private_address_among_others_is_refused():
    with pytest.raises(MediaError, match="RELAY_PULL_PRIVATE=true allows it"):
        check("http://mixed.example/", PUBLIC[0], "10.0.0.1")
    assert check("http://mixed.example/", PUBLIC[0], allow_private=True) == (PUBLIC[0], 80)
    assert check("http://mixed.example/", "10.0.0.1", allow_private=True) == ("10.0.0.1", 80)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://h/", 80),
        ("https://h/", 443),
        ("rtmp://h/live", 1935),
        ("http://h:81/", 81),
    ],
)
def test_ports(url: str, port: int):
    assert check(url, PUBLIC[0]) == (PUBLIC[0], port)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://h/", "concat:a|b://", "://", "udp://h:1", "rtsp://h/1"]
)
def test_other_protocols_are_refused(url: str):
    with pytest.raises(MediaError, match="cannot be pulled"):
        check(url, PUBLIC[0])


@pytest.mark.parametrize("url", ["http:///x", "http://h:99999/", "http://h:port/"])
def test_wrong_urls_are_refused(url: str):
    with pytest.raises(MediaError):
        check(url, PUBLIC[0])


def test_an_unknown_host_is_told():
    with pytest.raises(MediaError, match="is not known"):
        fetch.resolve("does-not-exist.invalid", 80)


def test_a_login_goes_to_its_own_host_only():
    with web() as one, web() as other:
        other.serve("/film", b"abc")
        one.redirect("/film", f"{other.url}/film")
        url = one.url.replace("http://", "http://eva:p%40ss@")
        body = fetch.open_http(f"{url}/film", allow_private=True)
        assert body.read(10) == b"abc"
        body.close()
        assert one.logins == ["Basic ZXZhOnBAc3M="]
        assert other.logins == [None]


def test_a_checked_address_is_what_ffmpeg_connects_to(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetch, "resolve", lambda _host, _port: [PUBLIC[1]])
    monkeypatch.setattr(
        fetch.checked_address, "__kwdefaults__", {"resolver": lambda _host, _port: [PUBLIC[1]]}
    )
    url = fetch.pinned("rtmp://user:word@cam.example/stream?x=1", allow_private=False)
    assert url == f"rtmp://user:word@[{PUBLIC[1]}]:1935/stream?x=1"
