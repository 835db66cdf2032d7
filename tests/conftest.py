from __future__ import annotations

import logging

import pytest
from hypothesis import settings

# Nothing is timed in a test: an example may take as long as a busy machine needs.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Thousands of searches would draw their progress into the output of `pytest -s`.
logging.getLogger("hpo").setLevel(logging.WARNING)


@pytest.fixture
def numpy_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend is NumPy's: other tests of the same run may have imported frameworks, which would count."""
    monkeypatch.setenv("HPO_BACKEND", "numpy")
    monkeypatch.delenv("HPO_DEVICE", raising=False)
