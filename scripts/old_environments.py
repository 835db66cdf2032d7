"""Tests `hpo/ports/standalone/recorder.py` under old Pythons: `python scripts/old_environments.py FOLDER`.

Makes an environment in FOLDER for each old framework whose Python is installed (on the PATH, or by pyenv),
and lets the tests drive the recorder there. At least one has to be there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = {
    # The pins beside a framework are those that its metadata lacks.
    ("mxnet", "3.6"): [
        "mxnet==1.6.0",
        "numpy==1.19.5",
        "requests<2.28",
        "idna<3",
        "urllib3<1.27",
        "certifi<2022",
    ],
    ("tensorflow", "3.7"): ["tensorflow==1.15.5", "protobuf<3.21"],
    ("torch", "3.8"): ["torch==1.4.0", "numpy==1.19.5"],
    ("tensorflow", "3.8"): ["tensorflow-cpu==2.4.4"],
    ("mxnet", "3.8"): ["mxnet==1.9.1", "numpy==1.23.5"],
}


def find_python(version: str) -> str | None:
    """The interpreter of a version that runs, on the PATH or among pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        shutil.which(f"python{version}"),
        *sorted(root.glob(f"{version}.*/bin/python"), reverse=True),
    ]
    for candidate in candidates:
        # What pyenv has on the PATH is there for versions that are not to be used, too, and then fails.
        if candidate and subprocess.run([candidate, "--version"], capture_output=True).returncode == 0:
            return str(candidate)
    return None


def main(folder: Path) -> int:
    """Make the environments and run the tests in each; 1 if one fails or there is none."""
    failed, done = [], []
    for (framework, version), pins in ENVIRONMENTS.items():
        python = find_python(version)
        name = f"{framework}-py{version}"
        if python is None:
            print(f"{name}: Python {version} is not here")
            continue
        subprocess.run([python, "-m", "venv", "--clear", str(folder / name)], check=True)
        own = str(folder / name / "bin" / "python")
        subprocess.run([own, "-m", "pip", "install", "--quiet", *pins], check=True)
        environment = {**os.environ, "HPO_RECORDER_PYTHON": f"{framework}={own}"}
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "--noconftest", "tests/ports/test_recorder_alone.py"],
            env=environment,
        )
        (failed if ran.returncode else done).append(name)
    print(f"passed: {', '.join(done) or 'none'}; failed: {', '.join(failed) or 'none'}")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
