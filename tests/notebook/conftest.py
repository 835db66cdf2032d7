from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from hpo.backend import registry


@pytest.fixture(autouse=True)
def five_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five registered backends of which the program has imported none, whatever is installed."""
    names = ("jax", "mxnet", "numpy", "tensorflow", "torch")
    points = {name: EntryPoint(name, f"hpo_{name}:BACKEND", registry.GROUP) for name in names}
    monkeypatch.setattr(registry, "registered", lambda: points)
    monkeypatch.setattr(registry, "is_imported", lambda module: False)
    monkeypatch.delenv(registry.VARIABLE, raising=False)


@pytest.fixture
def shell() -> Any:
    """IPython with the extension loaded."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}), colors="nocolor")
    shell.run_line_magic("load_ext", "hpo.integrations.notebook")
    return shell
