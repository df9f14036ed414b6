"""JSON documents in the state."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from relay.bus.client import connect
from relay.errors import Conflict, Invalid, NotFound, StoreError
from relay.state.documents import Documents
from relay.state.models import Model
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Note(Model):
    text: str
    count: int = 0


@pytest.fixture
def notes(store: Redis) -> Documents[Note]:
    return Documents(store, "notes", Note, "note")


def more(note: Note) -> Note:
    return note.model_copy(update={"count": note.count + 1})


async def test_create_read_change_delete(notes: Documents[Note]):
    assert await notes.all() == []
    assert await notes.find("a") is None
    await notes.create("b", Note(text="é"))
    await notes.create("a", Note(text="x"))
    assert [note.text for note in await notes.all()] == ["x", "é"]
    assert await notes.change("a", more) == Note(text="x", count=1)
    assert await notes.get("a") == await notes.find("a") == Note(text="x", count=1)
    await notes.delete("a")
    assert await notes.find("a") is None


async def test_a_name_is_given_once(notes: Documents[Note]):
    outcomes = await asyncio.gather(
        *(notes.create("a", Note(text=str(n))) for n in range(30)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(each, Conflict) for each in outcomes if each is not None)
    assert (await notes.get("a")).text == str(outcomes.index(None))


async def test_what_is_not_there(notes: Documents[Note]):
    for work in (notes.get("a"), notes.change("a", more), notes.delete("a")):
        with pytest.raises(NotFound, match="there is no note 'a'"):
            await work


async def test_concurrent_changes_are_all_made(notes: Documents[Note]):
    await notes.create("a", Note(text="x"))
    await notes.create("b", Note(text="x"))
    await asyncio.gather(*(notes.change(name, more) for name in "ab" for _ in range(25)))
    assert [note.count for note in await notes.all()] == [25, 25]


async def test_a_change_that_fails_changes_nothing(notes: Documents[Note], store: Redis):
    await notes.create("a", Note(text="x"))

    def refuse(_note: Note) -> Note:
        raise Invalid("no")

    with pytest.raises(Invalid):
        await notes.change("a", refuse)
    assert await notes.get("a") == Note(text="x")
    assert await notes.change("a", more) == Note(text="x", count=1)
    assert not store.connection_pool._in_use_connections


async def test_a_document_that_is_deleted_while_it_is_changed(
    notes: Documents[Note], store: Redis, store_url: str
):
    await notes.create("a", Note(text="x"))
    async with Proxy(store_url).running() as proxy:
        slow = connect(proxy.url)
        others: list[asyncio.Task[None]] = []

        def interrupted(note: Note) -> Note:
            if not others:
                others.append(asyncio.create_task(notes.delete("a")))
                proxy.delay = lambda: 0.05  # so that the deletion comes first
            return more(note)

        with pytest.raises(NotFound):
            await Documents(slow, "notes", Note, "note").change("a", interrupted)
        await others[0]
        await slow.aclose()
    assert await notes.all() == []


async def test_a_document_of_another_version_hides_no_other(notes: Documents[Note], store: Redis):
    await notes.create("a", Note(text="x"))
    await store.hset("notes", "b", json.dumps({"text": "y", "a field of tomorrow": 1}))
    await store.hset("notes", "c", "not JSON")
    assert await notes.all() == [Note(text="x")]
    for name in "bc":
        with pytest.raises(StoreError, match=f"note '{name}' cannot be read"):
            await notes.get(name)
        with pytest.raises(StoreError, match=f"note '{name}' cannot be read"):
            await notes.change(name, more)
        await notes.delete(name)


async def test_a_state_that_is_away(tmp_path):
    client = connect(f"unix://{tmp_path}/nobody.sock")
    notes = Documents(client, "notes", Note, "note")
    for work in (
        notes.create("a", Note(text="x")),
        notes.find("a"),
        notes.get("a"),
        notes.all(),
        notes.change("a", more),
        notes.delete("a"),
    ):
        with pytest.raises(StoreError, match="note"):
            await work
    await client.aclose()
