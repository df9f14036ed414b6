"""What becomes of a source whose codecs cannot be shown, by made-up messages and times."""

from __future__ import annotations

from relay.bus.faults import FaultKind
from relay.ingest.inspection import FILE, HOPELESS, NO_PICTURE_S, STRAY, Inspection
from relay.media.codecs import Kind


def unsupported(found: Inspection, kind: Kind, codec: str, times: int = 1) -> None:
    for _ in range(times):
        found.unusable(kind, f"not supported yet: {codec}", codec, 0.0)


def test_a_picture_that_cannot_be_shown_is_refused_at_its_first_message() -> None:
    found = Inspection()
    assert found.refusal() is None
    unsupported(found, Kind.VIDEO, "HEVC (hvc1)")
    fault = found.refusal()
    assert fault is not None
    assert fault.kind is FaultKind.REFUSED
    assert str(fault) == (
        "its picture is HEVC (hvc1), which cannot be shown; set its encoder to H.264"
    )


def test_both_codecs_are_named_when_both_are_wrong() -> None:
    found = Inspection(FILE)
    unsupported(found, Kind.AUDIO, "MP3")
    assert found.refusal() is None
    unsupported(found, Kind.VIDEO, "Sorenson H.263")
    assert str(found.refusal()) == (
        "its picture is Sorenson H.263 and its sound is MP3, which cannot be shown; "
        "convert it to H.264 and AAC"
    )


def test_sound_that_cannot_be_played_costs_the_sound_alone() -> None:
    found = Inspection()
    unsupported(found, Kind.AUDIO, "MP3", 1000)
    found.usable(Kind.VIDEO, 0.0)
    assert found.refusal() is None
    (fault,) = found.faults(60.0)
    assert fault.kind is FaultKind.SOUND_LOST
    assert str(fault) == "its sound is lost: MP3 cannot be played; set its encoder to AAC"
    found.usable(Kind.AUDIO, 61.0)
    assert found.faults(61.0) == []


def test_a_stray_message_takes_no_camera_off_the_air() -> None:
    found = Inspection()
    for _ in range(10):
        found.usable(Kind.VIDEO, 0.0)
        unsupported(found, Kind.VIDEO, "VP6", STRAY - 1)
        assert found.refusal() is None
    unsupported(found, Kind.VIDEO, "VP6")
    assert found.refusal() is not None


def test_a_source_of_which_nothing_can_be_used_is_given_up() -> None:
    broken, sound = Inspection(), Inspection()
    for _ in range(HOPELESS - 1):
        broken.unusable(Kind.VIDEO, "video before its sequence header", "", 0.0)
        unsupported(sound, Kind.AUDIO, "Speex")
    assert broken.refusal() is sound.refusal() is None
    broken.unusable(Kind.VIDEO, "video before its sequence header", "", 0.0)
    unsupported(sound, Kind.AUDIO, "Speex")
    assert "video before its sequence header" in str(broken.refusal())
    assert "its sound is Speex" in str(sound.refusal())


def test_a_picture_that_never_comes_is_told() -> None:
    found = Inspection()
    assert found.faults(100.0) == []
    found.usable(Kind.AUDIO, 100.0)
    assert found.faults(100.0 + NO_PICTURE_S - 0.1) == []
    (fault,) = found.faults(100.0 + NO_PICTURE_S)
    assert fault.kind is FaultKind.NO_PICTURE
    assert str(fault).startswith("it sends sound and no picture")
    found.usable(Kind.VIDEO, 104.0)
    assert found.faults(200.0) == []


def test_what_could_not_be_used_is_counted_once() -> None:
    found = Inspection()
    unsupported(found, Kind.AUDIO, "MP3", 3)
    found.unusable(Kind.VIDEO, "truncated", "", 0.0)
    found.unusable(None, "odd", "", 0.0)
    assert found.take_counts() == {"unusable_audio": 3, "unusable_video": 1, "unusable_data": 1}
    assert found.take_counts() == {}


def test_keyframes_that_do_not_come_are_told_of():
    found = Inspection()
    for second in range(12):
        found.usable(Kind.VIDEO, float(second), keyframe=second == 0)
        kinds = [fault.kind for fault in found.faults(float(second))]
        assert kinds == ([FaultKind.NO_KEYFRAME] if second >= 10 else [])
    found.usable(Kind.VIDEO, 12.0)
    assert found.faults(12.0) == []


def test_an_uplink_that_is_late_is_told_of():
    found = Inspection()
    found.usable(Kind.VIDEO, 0.0)
    found.note_lag(3.5)
    [fault] = found.faults(0.0)
    assert fault.kind is FaultKind.LATE
    assert "lower its bitrate" in fault.remedy
    found.note_lag(0.2)
    assert found.faults(0.0) == []


def test_changes_midway_are_counted():
    found = Inspection()
    found.note_change("size")
    assert found.take_counts() == {"size_changed": 1}
