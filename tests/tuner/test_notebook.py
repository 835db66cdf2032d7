"""A search in a notebook: one output, which is updated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import hpo
from hpo.tuner.progress import choice


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """IPython as the kernel of a notebook; what is displayed there, in order."""
    shells = pytest.importorskip("IPython.core.interactiveshell")
    from traitlets.config import Config

    shell = shells.InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr(
        shell.display_pub,
        "publish",
        lambda data, metadata=None, **more: published.append({"data": data, **more}),
    )
    monkeypatch.setattr(choice, "DELAY", 0.0)
    yield published
    type(shell).clear_instance()


def test_a_notebook_has_one_output_that_is_updated_and_ends_as_a_summary(
    notebook: list[dict[str, Any]],
) -> None:
    hpo.search(
        lambda config: float(len(config["<b>"])),
        {"<b>": hpo.Choice(["<i>"])},
        num_trials=1,
        seed=0,
        progress=True,
    )
    first, *later = notebook
    assert "<progress" in first["data"]["text/html"]
    assert not first.get("update")
    assert {shown["transient"]["display_id"] for shown in notebook} == {first["transient"]["display_id"]}
    assert all(shown["update"] for shown in later)
    last = notebook[-1]["data"]["text/html"]
    assert "1 trial in under 1 s; best value 3 (trial 0): &lt;b&gt;=&lt;i&gt;" in last
    assert "<progress" not in last
    assert not any(tag in shown["data"]["text/html"] for shown in notebook for tag in ("<b>", "<i>"))
