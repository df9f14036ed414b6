"""In which browsers a test of the pages runs: in `either`, unless it says why not."""

from __future__ import annotations

import pytest


def only_chromium(_because: str) -> pytest.MarkDecorator:
    """Keep a test of `either` browser to Chromium."""
    return pytest.mark.parametrize("either", ["chromium"], indirect=True)
