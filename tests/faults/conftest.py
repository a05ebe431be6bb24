"""What the fault tests share."""

from __future__ import annotations

import pytest
from rich.progress import Progress


@pytest.fixture
def progress() -> Progress:
    """Shows nothing: the long runs of soak/ are called here at a small size."""
    return Progress(disable=True)
