"""`hpo.testing` without the packages that it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["pytest", "hypothesis"])
def test_what_is_missing_is_named_with_its_mend(package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; import hpo.testing.searchers"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        f"ModuleNotFoundError: hpo.testing needs {package}, which is not installed here. "
        'Install it with: pip install "polyhpo[testing]"' in done.stderr
    )
