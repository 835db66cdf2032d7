from __future__ import annotations

from pathlib import Path

import pytest

from hpo.backend import registry


def test_a_backend_that_is_installed_while_the_program_runs_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    assert "other" not in registry.registered()
    about = tmp_path / "polyhpo_other-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: polyhpo-other\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[hpo.backends]\nother = hpo_other:BACKEND\n")
    assert registry.canonical_name("other") == "other"
