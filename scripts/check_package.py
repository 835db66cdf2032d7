"""Build what is published, check it, install it in a clean environment and run it.

python scripts/check_package.py FOLDER
"""

import argparse
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
LARGEST = 5_000_000
"""Bytes of the wheel."""


def main() -> None:
    """Check the package; the first command that fails ends it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where to build; what is there goes")
    folder = parser.parse_args().folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    built = folder / "dist"
    # The wheel is built from the source distribution, so that this is complete, too.
    _run(sys.executable, "-m", "build", "--outdir", str(built), str(ROOT))
    [wheel], [source] = built.glob("*.whl"), built.glob("*.tar.gz")
    _run(sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source))
    # Backends are packages beside `hpo`, and licences (W002) lie beside what they are of and in the metadata.
    contents = [sys.executable, "-m", "check_wheel_contents", "--toplevel", _packages(), "--ignore", "W002"]
    _run(*contents, str(wheel))
    size = wheel.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{wheel.name} has {size:,} bytes, more than {LARGEST:,}.")
    _try_out(wheel, folder)
    print(f"{wheel.name}: {size / 1e6:.2f} MB, installed and run")


def _packages() -> str:
    return ",".join(["hpo", *sorted(path.name for path in (ROOT / "backends").glob("hpo_*"))])


def _try_out(wheel: Path, folder: Path) -> None:
    """Install the wheel alone, and run the main job and a search outside the checkout."""
    environment, elsewhere = folder / "environment", folder / "elsewhere"
    venv.create(environment, with_pip=True)
    elsewhere.mkdir()
    python = str(environment / "bin" / "python")
    _run(python, "-m", "pip", "install", "--quiet", str(wheel))
    hpo = str(environment / "bin" / "hpo")
    _run(hpo, "--version", cwd=elsewhere)
    _run(hpo, "run", "--trials", "2", "--epochs", "1", "--storage", "study.db", cwd=elsewhere)
    _run(hpo, "report", "study.db", "-o", "report.html", cwd=elsewhere)
    _run(python, "-c", SEARCH, cwd=elsewhere)
    if not (elsewhere / "report.html").stat().st_size:
        raise SystemExit("report.html is empty.")


SEARCH = """
import hpo

study = hpo.search(lambda config: config["x"] ** 2, {"x": hpo.Float(-1, 1)}, num_trials=20, seed=0)
assert study.best.value < 0.1, study
"""


def _run(*command: str, cwd: Path = ROOT) -> None:
    print("+", *command, flush=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HPO_", "PYTHON"))}
    subprocess.run(command, cwd=cwd, check=True, env={**kept, "HPO_DATA": "sample"})


if __name__ == "__main__":
    main()
