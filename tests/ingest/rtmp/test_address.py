import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.ingest.rtmp.address import PublishAddress, resolve

KEY = "evk_abcDEF-123_456"
URL = "rtmp://relay.example:1935/live"


@pytest.mark.parametrize(
    ("app", "tc_url", "name"),
    [
        ("live", "rtmp://relay.example/live", KEY),
        ("live", "rtmp://relay.example/live", KEY + "?backup=1"),
        ("live/", "rtmp://relay.example/live/", KEY),
        ("/live", "rtmp://relay.example/live", "/" + KEY),
        ("live/" + KEY, f"rtmp://relay.example/live/{KEY}", ""),
        (f"live/{KEY}/", f"rtmp://relay.example/live/{KEY}/", ""),
        ("", "rtmp://relay.example", "live/" + KEY),
        ("live/" + KEY, f"rtmp://relay.example/live/{KEY}", KEY),
        ("live", "rtmp://relay.example/live", "?key=" + KEY),
        ("live", "rtmp://relay.example/live", "helmet-1?a=b&key=" + KEY),
        ("live?key=" + KEY, f"rtmp://relay.example/live?key={KEY}", "helmet-1"),
        ("live", f"rtmp://relay.example/live?key={KEY}", "helmet-1"),
        ("live", f"rtmp://user:{KEY}@relay.example/live", KEY),
        ("live", "rtmp://relay.example/live", f"{KEY}\n"),
        ("live", "rtmp://relay.example/live", f" {KEY} "),
        ("live", "rtmp://relay.example/live", f"flv:{KEY}"),
        ("live", "rtmp://relay.example/live", f"{KEY}?token=abc"),
        ("live", f"rtmp://user:p/w?@x@relay.example/live?token={KEY}", KEY),
    ],
)
def test_the_key_is_found_where_encoders_put_it(app: str, tc_url: str, name: str):
    assert resolve(app, tc_url, name) == PublishAddress("live", KEY, "rtmp://relay.example/live")


@pytest.mark.parametrize("query", ["token=", "streamkey=", "user=x&pass="])
def test_a_key_of_ours_is_found_under_other_names_as_well(query: str):
    assert resolve("live", URL, f"helmet-1?{query}{KEY}").key == KEY


def test_the_port_is_kept():
    assert resolve("live", URL, KEY).tc_url == URL


def test_the_application_may_have_several_parts_or_none():
    assert resolve("eva/9/live", "", KEY) == PublishAddress("eva/9/live", KEY, "")
    assert resolve("", "rtmps://h", KEY) == PublishAddress("", KEY, "rtmps://h/")


def test_nothing_given_is_an_empty_key():
    assert resolve("", "", "").key == ""


@pytest.mark.parametrize("url", ["", "relay.example/live", "http://relay.example/live", "://"])
def test_urls_of_other_kinds_are_dropped(url: str):
    assert resolve("live", url, KEY).tc_url == ""


def test_the_key_is_not_in_its_repr():
    assert KEY not in repr(resolve("live/" + KEY, f"{URL}/{KEY}?key={KEY}", KEY))


@pytest.mark.parametrize("which", range(3))
def test_endless_addresses_are_refused(which: int):
    parts = ["live", URL, KEY]
    parts[which] = KEY * 100
    with pytest.raises(ProtocolError, match="more than 1024 characters") as caught:
        resolve(*parts)
    assert KEY not in str(caught.value)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_an_address_that_does_not_show_its_key(app: str, tc_url: str, name: str):
    found = resolve(app, tc_url, name)
    assert found.key not in found.app.split("/") or not found.key
