"""Stores that answer, and refuse what they will go on to refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.bus.client import check_rights, connect, store_errors
from relay.config import Settings
from relay.errors import OperatorError, StoreError, StoreRefused
from relay.supervisor.serve import relay
from tests.support.stack import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.server import Server


on_redis = pytest.mark.parametrize("store_kind", ["redis"], indirect=True)
"""A stock server, which has a database for each number, and takes passwords."""

SECRET = "correct-horse"


def with_login(url: str, login: str, database: int = 0) -> str:
    return url.replace("redis://", f"redis://{login}@" if login else "redis://")[:-1] + str(
        database
    )


@pytest.fixture
async def url(own_server: Server) -> str:
    """A server with the password SECRET, and a user `reader` that may only read."""
    client = connect(own_server.url)
    await client.config_set("requirepass", SECRET)
    await client.execute_command("ACL", "SETUSER", "reader", "on", f">{SECRET}", "~*", "+@read")
    await client.aclose()
    return own_server.url


CASES = [
    ("", 0, "password"),
    (":wrong-secret", 0, "password"),
    ("nobody:wrong-secret", 0, "password"),
    (f":{SECRET}", 99, "database"),
    (f"reader:{SECRET}", 0, "right"),
]


@on_redis
@pytest.mark.parametrize(("login", "database", "word"), CASES)
async def test_what_will_not_change_is_told_in_plain_words(
    url: str, login: str, database: int, word: str
):
    with pytest.raises(OperatorError, match=f"^RELAY_STATE_URL: .*{word}") as caught:
        await check_rights(with_login(url, login, database), "RELAY_STATE_URL")
    assert "secret" not in str(caught.value)
    assert SECRET not in str(caught.value)
    client = connect(with_login(url, login, database))
    with pytest.raises(StoreRefused, match=word):
        async with store_errors("writing"):
            await client.set("key", "value")
    await client.aclose()


@on_redis
async def test_the_relay_does_not_start(url: str, tmp_path: Path):
    wrong = with_login(url, ":wrong-secret")
    settings = Settings(state_url=wrong, bus_url=wrong, data_dir=tmp_path)
    with pytest.raises(OperatorError, match=r"^RELAY_STATE_URL: .*password"):
        async with relay(settings):
            pass


@on_redis
async def test_who_is_let_in_may_start_and_who_is_away_may_come(url: str):
    good = with_login(url, f":{SECRET}")
    await check_rights(good, "RELAY_BUS_URL")
    client = connect(good)
    assert not await client.exists("relay:rights")
    await client.aclose()
    await check_rights(f"redis://127.0.0.1:{free_port()}/0", "RELAY_BUS_URL")


async def test_an_outage_is_no_refusal():
    client = connect(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(StoreError) as caught:
        async with store_errors("asking"):
            await client.ping()
    assert not isinstance(caught.value, StoreRefused)
    await client.aclose()
