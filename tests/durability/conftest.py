"""What the tests of durable studies share."""

import pytest


@pytest.fixture(autouse=True)
def _numpy_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests of the same run may have imported frameworks, which would count as a choice.
    monkeypatch.setenv("HPO_BACKEND", "numpy")
    monkeypatch.delenv("HPO_DEVICE", raising=False)
