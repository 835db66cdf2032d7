from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def on_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_DATA", "sample")
