"""Take a backend out of a copy of the tree, and run the rest.

    python scripts/without_backend.py tensorflow FOLDER

What goes is what CONTRIBUTING.md says a backend costs: its folders, and every line of `pyproject.toml` and
`tox.ini` that names it. Nothing in `hpo/` is touched. The copy is installed into this environment, and the
layers and the tests of the core and of NumPy run there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN_LINES = {
    "pyproject.toml": r'hpo_{0}\b|^{0} = \["',
    "tox.ini": r"^ +((py\d+|examples)-)?{0}\b|tests/{0}\b|tests/contracts/test_{0}\.py|(own_model|vision)_{0}"
    r"|--backend {0}$|--python {0}=",
}
"""The lines of a file that are there for a backend."""

OWN_PARTS = {
    "pyproject.toml": r"^{0} = \[\n.*?^\]\n",
    "tox.ini": r"^\[testenv:(examples|oldest)-{0}\]\n.*?\n\n|,? (pages|py\d+|oldest)-{0}\b|,{0}\b",
}
"""What spans several lines of a file, or a part of one."""

PARTS = [
    *("hpo", "backends", "tests", "scripts", "pyproject.toml", "tox.ini"),
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"),
]


def copy_without(backend: str, target: Path) -> None:
    """A copy of the tree in which nothing but prose names the backend."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / part)
    shutil.rmtree(target / "backends" / f"hpo_{backend}")
    shutil.rmtree(target / "tests" / backend)
    (target / "tests" / "contracts" / f"test_{backend}.py").unlink()
    for name in OWN_LINES:
        (target / name).write_text(without(name, (target / name).read_text(), backend))


def without(name: str, text: str, backend: str) -> str:
    """A file of that name without the lines and the words that a backend has in it."""
    lines = text.splitlines(keepends=True)
    kept = "".join(line for line in lines if not re.search(OWN_LINES[name].format(backend), line))
    return re.sub(OWN_PARTS[name].format(backend), "", kept, flags=re.MULTILINE | re.DOTALL)


def main() -> None:
    """Copy, remove, install, check."""
    backend, target = sys.argv[1], Path(sys.argv[2])
    copy_without(backend, target)
    run = [sys.executable, "-m"]
    scripts = Path(sys.executable).parent
    for command in (
        [*run, "pip", "install", "--quiet", f"{target}[pandas,sklearn]"],
        [scripts / "hpo", "backends"],
        [scripts / "lint-imports", "--no-cache"],
        [
            scripts / "pytest",
            *("tests/architecture", "tests/objective", "tests/cli", "tests/tasks"),
            *("tests/contracts/test_numpy.py", "tests/test_imports.py", "tests/backend/test_registry.py"),
        ],
    ):
        print("+", *command, flush=True)
        subprocess.run(command, cwd=target, check=True)
    listed = subprocess.run([scripts / "hpo", "backends"], capture_output=True, text=True, check=True).stdout
    if backend in listed:
        raise SystemExit(f"{backend} was taken out, and is still listed:\n{listed}")


if __name__ == "__main__":
    main()
