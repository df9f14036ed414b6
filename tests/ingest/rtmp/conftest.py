"""An encoder that talks to a session, and one that publishes already."""

from __future__ import annotations

import pytest

from .encoder import AUDIO_CONFIG, VIDEO_CONFIG, Encoder, audio, video


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def publisher(encoder: Encoder) -> Encoder:
    encoder.publish()
    encoder.send(video(0, VIDEO_CONFIG), audio(0, AUDIO_CONFIG))
    return encoder
