"""How the command starts."""

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

import hpo as library

Command = Callable[..., Any]

# Of what Typer itself loads, which in its older versions has Rich among it, the command is innocent.
LOADED = """
import json, sys
import typer
by_typer = set(sys.modules)
from hpo.cli.entry import main
try:
    main()
except SystemExit as end:
    print("loaded:" + json.dumps([end.code or 0, sorted(set(sys.modules) - by_typer)]))
"""
THREADS = """
import os, sys
sys.argv = ["hpo", "--version"]
from hpo.cli.entry import THREAD_VARIABLES, main
try:
    main()
except SystemExit:
    print([os.environ[name] for name in THREAD_VARIABLES])
"""


def test_the_package_runs_as_a_module(hpo_process: Command) -> None:
    code = "import runpy, sys; runpy.run_module('hpo', run_name='__main__', alter_sys=True)"
    assert hpo_process("--version", code=code).stdout == f"hpo {library.__version__}\n"


def test_a_missing_package_is_named_with_what_installs_it(hpo_process: Command) -> None:
    code = "import sys; sys.modules['typer'] = None\nfrom hpo.cli.entry import main; main()"
    answer = hpo_process("--version", code=code)
    assert answer.code == 1
    assert answer.stderr.startswith(f"hpo needs typer, which is not installed for {sys.executable}. Install")


@pytest.mark.parametrize(
    "command", [(), ("run",), ("list",), ("show",), ("export",), ("plot",), ("backends",), ("data",)]
)
def test_help_imports_nothing_heavy(hpo_process: Command, command: tuple[str, ...]) -> None:
    answer = hpo_process(*command, "--help", code=LOADED)
    text, _, loaded = answer.stdout.partition("loaded:")
    code, modules = json.loads(loaded)
    assert code == 0
    assert "Usage: hpo" in text
    assert not {"numpy", "scipy", "matplotlib", "torch", "sqlalchemy", "rich"} & set(modules)


def test_the_options_of_a_search_are_in_groups(hpo: Command) -> None:
    text = hpo("run", "--help").stdout
    groups = re.findall(r"^(\w[\w ]+):$", text, flags=re.MULTILINE)
    assert groups == [
        "Arguments",
        "What is tuned",
        "How long it takes",
        "Where it runs",
        "What is kept",
        "What is shown",
        "Options",
    ]
    assert text.index("What is kept:") < text.index("  --resume") < text.index("What is shown:")


def test_version_is_the_librarys(hpo: Command) -> None:
    assert hpo("--version").stdout == f"hpo {library.__version__}\n"


def test_one_blas_thread_is_set_before_numpy_is_loaded(
    hpo_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert "['1', '1', '1']" in hpo_process(code=THREADS).stdout


def test_a_chosen_number_of_threads_stays(hpo_process: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert re.search(r"\['\d+', '2', '\d+'\]", hpo_process(code=THREADS).stdout)


def test_an_unknown_command_is_wrong_usage(hpo: Command) -> None:
    answer = hpo("fly")
    assert answer.code == 2
    assert "No such command 'fly'" in answer.stderr
