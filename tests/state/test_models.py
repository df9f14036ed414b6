"""What is accepted of cameras and broadcasts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relay.ids import is_slug
from relay.state.models import Broadcast, Camera, Person, Pull, explain


@given(st.text(max_size=70))
def test_slugs(text: str):
    try:
        camera = Camera(id=text, name="x")
    except ValidationError:
        assert not is_slug(text)
    else:
        assert is_slug(text)
        assert camera.id == text


@pytest.mark.parametrize("wrong", ["", "A", "a\n", "a b", "a" * 65, "ä", "a/b", "..", "٣"])
def test_what_is_no_slug(wrong: str):
    assert not is_slug(wrong)
    with pytest.raises(ValidationError):
        Camera(id=wrong, name="x")


@pytest.mark.parametrize("right", ["a", "0", "-", "helmet-1", "a" * 64])
def test_what_is_a_slug(right: str):
    assert is_slug(right)
    assert Broadcast(slug=right, title="x").slug == right


def test_stored_and_read_again():
    broadcast = Broadcast(
        slug="eva-99",
        title=" EVA 99 ",
        cameras=("helmet", "drone"),
        crew=(Person(name="Ada", role="EV1"),),
        starts_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )
    assert broadcast.title == "EVA 99"
    assert Broadcast.model_validate_json(broadcast.model_dump_json()) == broadcast
    camera = Camera(id="x", name="X", pull=Pull(url="/a file", loop=True))
    assert Camera.model_validate_json(camera.model_dump_json()) == camera


def test_wrong_fields_are_explained_without_their_values():
    with pytest.raises(ValidationError) as caught:
        Camera.model_validate({"id": "SECRET", "pull": {"url": "", "x": "SECRET"}, "y": 1})
    text = explain(caught.value)
    for place in ("id: ", "name: ", "pull.url: ", "pull.x: ", "y: "):
        assert place in text
    assert "SECRET" not in text


def test_models_do_not_change():
    camera = Camera(id="x", name="X")
    with pytest.raises(ValidationError):
        camera.name = "Y"  # type: ignore[misc]
