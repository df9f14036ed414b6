"""What the demo shows is an example of all that a broadcast can have."""

from __future__ import annotations

from relay.demo import show
from relay.state.models import Broadcast, Marker, Soundtrack


def test_the_demo_sets_an_example_of_everything():
    made = Broadcast.model_validate(show.broadcast(["helmet", "drone"], 1_000_000.0))
    for name in ("description", "cameras", "crew", "credits", "links", "tags", "starts_at"):
        assert getattr(made, name), name
    assert {link.kind for link in made.links} == {"follow", "link"}
    assert made.soundtrack is not None
    told = made.soundtrack.model_dump(exclude={"url"})
    assert told.keys() == Soundtrack.model_fields.keys() - {"url"}
    assert all(told.values())


def test_the_demos_markers_are_moments_of_it():
    found = [Marker.model_validate(each) for each in show.markers(["helmet"], 1_000_000.0)]
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert min(each.at for each in found) >= show.starts_at(1_000_000.0)
    assert {each.camera for each in found} == {"helmet", None}
