"""`tab.interact_select` and `%%tab`, in an IPython of their own."""

from __future__ import annotations

import doctest
import subprocess
import sys
from typing import Any

import pytest

import hpo.integrations.notebook
from hpo.errors import AmbiguousBackendError, UnknownBackendError
from hpo.integrations.notebook import Tabs


def run(shell: Any, *lines: str) -> Any:
    """What a cell gives. An error is raised here, too."""
    return shell.run_cell("\n".join(lines), store_history=False)


def test_a_cell_for_the_picked_framework_runs_as_any_other(shell: Any) -> None:
    run(shell, "tab.select('pytorch')")
    assert run(shell, "%%tab pytorch", "x = 40", "x + 2").result == 42
    assert shell.user_ns["x"] == 40


@pytest.mark.parametrize("names", ["torch", "pytorch mxnet", "mxnet, pytorch", "PyTorch", "all", "mxnet all"])
def test_a_cell_may_be_for_several_frameworks(shell: Any, names: str) -> None:
    run(shell, "tab.select('torch')")
    assert run(shell, f"%%tab {names}", "7").result == 7


def test_a_cell_for_another_framework_is_skipped_and_says_so_in_a_line(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "tab.select('pytorch')")
    capsys.readouterr()
    run(shell, "%%tab mxnet tensorflow", "x = 1", "x")
    assert capsys.readouterr().out == ("(a cell for mxnet, tensorflow; torch runs, because it was picked)\n")
    assert "x" not in shell.user_ns


def test_nothing_picked_means_the_chosen_backend(
    shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shell, "%%tab numpy", "1").result == 1
    monkeypatch.setenv("HPO_BACKEND", "tf")
    assert run(shell, "%%tab tensorflow", "2").result == 2
    run(shell, "%%tab numpy", "1")
    assert "tensorflow runs, because of HPO_BACKEND=tf" in capsys.readouterr().out


def test_a_pick_counts_more_than_the_environment(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_BACKEND", "tensorflow")
    run(shell, "tab.select('mxnet')")
    assert run(shell, "%%tab mxnet", "1").result == 1


def test_an_unknown_name_is_an_error_that_lists_the_known_ones(shell: Any) -> None:
    error = run(shell, "%%tab caffe", "1").error_in_exec
    assert isinstance(error, UnknownBackendError)
    assert "'caffe', which is not registered. Registered are: jax, mxnet, numpy, tensorflow, torch" in str(
        error
    )


def test_an_unknown_name_beside_the_picked_one_is_an_error_too(shell: Any) -> None:
    run(shell, "tab.select('pytorch')")
    assert isinstance(run(shell, "%%tab pytorch caffe", "1").error_in_exec, UnknownBackendError)
    with pytest.raises(UnknownBackendError, match="tab names the backend 'caffe'"):
        Tabs().select("caffe")
    with pytest.raises(UnknownBackendError, match="tab names the backend 'caffe'"):
        Tabs().interact_select(["pytorch", "caffe"])


def test_no_name_is_an_error_that_says_what_is_expected(shell: Any) -> None:
    error = run(shell, "%%tab", "1").error_in_exec
    assert isinstance(error, ValueError)
    assert "for example %%tab pytorch, or %%tab all" in str(error)


def test_an_unclear_choice_is_an_error_in_the_cell(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpo.backend.registry.is_imported", lambda module: True)
    error = run(shell, "%%tab mxnet", "1").error_in_exec
    assert isinstance(error, AmbiguousBackendError)
    assert "none was chosen" in str(error)


def test_an_error_in_a_cell_is_its_own_and_keeps_its_line(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(shell, "%%tab numpy", "x = 0", "1 / x")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    printed = capsys.readouterr().out
    assert "> 3 1 / x" in printed
    assert printed.count("Traceback") == 1


def test_a_cell_may_await_and_use_other_magics(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shell, "%%tab numpy", "import asyncio", "await asyncio.sleep(0, 'done')").result == "done"
    run(shell, "%%tab numpy", "%%capture said", "print('hello')")
    assert shell.user_ns["said"].stdout == "hello\n"


def test_the_magic_can_be_called_by_a_program(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell_magic("tab", "numpy", "y = 5")
    assert shell.user_ns["y"] == 5
    shell.run_cell_magic("tab", "mxnet", "y = 6")
    assert shell.user_ns["y"] == 5
    assert "(a cell for mxnet; numpy runs" in capsys.readouterr().out


def test_a_marked_cell_that_is_being_typed_is_not_complete_before_an_empty_line(shell: Any) -> None:
    assert shell.check_complete("%%tab numpy\nx = 1")[0] == "incomplete"
    assert shell.check_complete("%%tab numpy\nx = 1\n\n")[0] == "complete"


def test_other_cells_are_left_alone(shell: Any) -> None:
    assert run(shell, "", "tab.selected('numpy')").result is True
    assert run(shell, "x = '%%tab mxnet'", "x").result == "%%tab mxnet"


def test_an_if_inside_of_a_cell_can_ask_for_the_framework() -> None:
    tabs = Tabs()
    tabs.select("pytorch")
    assert tabs.selected("torch")
    assert tabs.selected("mxnet", "pytorch")
    assert tabs.selected(["mxnet", "pytorch"])
    assert not tabs.selected("mxnet")


def test_without_ipywidgets_a_line_says_how_to_pick(
    shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    run(shell, "tab.interact_select(['mxnet', 'pytorch'])")
    assert capsys.readouterr().out == (
        "Until a framework is picked: cells for numpy run, because nothing else was asked for or imported\n"
        "Pick one of mxnet, pytorch with tab.select(...), in quotes.\n"
    )


def shown_menu(monkeypatch: pytest.MonkeyPatch, tabs: Tabs, *names: str) -> Any:
    """The drop-down that is shown."""
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    tabs.interact_select(list(names))
    [menu] = shown
    return menu


def test_choosing_in_the_drop_down_picks_a_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    tabs = Tabs()
    menu = shown_menu(monkeypatch, tabs, "mxnet", "pytorch", "tensorflow")
    assert menu.options == ("mxnet", "pytorch", "tensorflow")
    menu.value = "tensorflow"
    assert tabs.selected("tf")


def test_the_drop_down_shows_the_chosen_backend_if_it_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_menu(monkeypatch, Tabs(), "mxnet", "pytorch").value is None
    monkeypatch.setenv("HPO_BACKEND", "torch")
    assert shown_menu(monkeypatch, Tabs(), "mxnet", "pytorch").value == "pytorch"


def test_the_choice_may_be_open_until_one_is_picked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hpo.backend.registry.is_imported", lambda module: True)
    assert shown_menu(monkeypatch, Tabs(), "mxnet", "pytorch").value is None
    assert "none was chosen" in capsys.readouterr().out


def test_unloading_takes_everything_away(shell: Any) -> None:
    run(shell, "%unload_ext hpo.integrations.notebook")
    assert "tab" not in shell.user_ns
    assert shell.find_cell_magic("tab") is None
    run(shell, "%load_ext hpo.integrations.notebook")
    assert run(shell, "%%tab numpy", "1").result == 1


def test_importing_it_needs_no_ipython() -> None:
    program = "import sys, hpo.integrations.notebook; print({'IPython', 'ipywidgets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_examples_run() -> None:
    assert doctest.testmod(hpo.integrations.notebook).failed == 0
