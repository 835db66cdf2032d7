"""Executing the cells of a page in one tab: Python in a kernel, commands in a shell, files on the disk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook, new_output

from executed.pages import BACKENDS, DOCS, Cell, Page

HOME = "/home/ada/tuning"
"""The folder in which the cells ran, as the outputs name it."""

_PATIENCE = 600
_NOISE = re.compile(r"^(WARNING: All log messages before absl|I\d{4} \d\d:).*\n", re.MULTILINE)
"""What TensorFlow says to standard error whenever it is imported."""


class CellError(Exception):
    """A cell did not end as its page says."""


def executed(page: Page, tab: str) -> nbformat.NotebookNode:
    """The notebook of a page in one tab, run from top to bottom in an empty folder.

    Raises:
        CellError: a cell raised or a command failed, and its tags do not have `raises-exception`.
            Or neither did, and they have. Or one ended the kernel, or took longer than ten minutes.
    """
    notebook = new_notebook(metadata={"language_info": {"name": "python"}})
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve() / "tuning"
        folder.mkdir()
        environment = _environment(tab)
        os.environ.clear()
        os.environ.update(environment)
        client = NotebookClient(
            notebook,
            timeout=_PATIENCE,
            startup_timeout=_PATIENCE,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        )
        with client.setup_kernel():
            for number, cell in enumerate(page.code_of(tab)):
                ran = new_code_cell(cell.source, id=f"cell-{number}", metadata={"tags": cell.tags})
                notebook.cells.append(ran)
                try:
                    _run(cell, ran, folder, client, number)
                except (CellTimeoutError, DeadKernelError, subprocess.TimeoutExpired) as error:
                    raise CellError(
                        f"{_place(page, tab, cell)} did not end.\n{cell.source}\n\n{error}"
                    ) from error
                _check(page, tab, cell, ran)
                _tidy(ran, folder)
    return notebook


def _environment(tab: str) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONSAFEPATH", "MPLBACKEND")
    }
    return {
        **inherited,
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],
        "HPO_BACKEND": BACKENDS[tab],
        "HPO_DATA": "sample",
        "CHECKOUT": str(DOCS.parent),
        "COLUMNS": "80",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def _run(cell: Cell, ran: nbformat.NotebookNode, folder: Path, client: NotebookClient, number: int) -> None:
    if "file" in cell.options:
        path = folder / cell.options["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(cell.source + "\n", encoding="utf-8")
    elif cell.commands:
        _run_commands(cell, ran, folder)
    else:
        client.allow_errors = True
        client.execute_cell(ran, number)


def _run_commands(cell: Cell, ran: nbformat.NotebookNode, folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(cell.commands)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    printed = _NOISE.sub("", done.stdout)
    if printed:
        ran.outputs.append(new_output("stream", name="stdout", text=printed))
    ran.metadata["exit_code"] = done.returncode


def _check(page: Page, tab: str, cell: Cell, ran: nbformat.NotebookNode) -> None:
    errors = [output for output in ran.outputs if output.output_type == "error"]
    failed = bool(errors) or bool(ran.metadata.get("exit_code"))
    if failed == ("raises-exception" in cell.tags):
        return
    shown = "\n".join(
        "\n".join(output.traceback) if output.output_type == "error" else output.get("text", "")
        for output in ran.outputs
    )
    what = "failed" if failed else "was to fail and did not"
    raise CellError(f"{_place(page, tab, cell)} {what}.\n{cell.source}\n\n{shown}")


def _place(page: Page, tab: str, cell: Cell) -> str:
    return f"{page.name}.md, line {cell.line + 1}, in the tab {tab}: this cell"


def _tidy(ran: nbformat.NotebookNode, folder: Path) -> None:
    """Take out what differs from run to run and says nothing."""
    ran.metadata.pop("execution", None)
    ran.execution_count = None
    for output in ran.outputs:
        if "execution_count" in output:
            output.execution_count = None
        for kind in ("text", "traceback"):
            if kind in output:
                value = output[kind]
                changed = (
                    [_home(line, folder) for line in value]
                    if isinstance(value, list)
                    else _home(value, folder)
                )
                output[kind] = changed
        for kind, value in output.get("data", {}).items():
            if isinstance(value, str) and kind.startswith("text/"):
                output["data"][kind] = _home(value, folder)


def _home(text: str, folder: Path) -> str:
    return text.replace(str(folder), HOME)
