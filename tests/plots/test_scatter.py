"""Scatter plots, by what is drawn and not by pixels."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from scipy import stats

import hpo
from hpo.errors import ObjectiveError
from hpo.plots import check_plot_path, save, scatter
from tests.plots.extents import headline


def searched(space: dict[str, Any], objective: Callable[[Any], float], **goal: Any) -> hpo.Study:
    return hpo.search(
        objective, space, num_trials=12, seed=0, backend="numpy", **(goal or {"minimize": "loss"})
    )


def drawn(ax: Axes, label: str) -> PathCollection:
    [found] = [each for each in ax.collections if str(each.get_label()).startswith(label)]
    assert isinstance(found, PathCollection)
    return found


def offsets(ax: Axes, label: str) -> np.ndarray[Any, Any]:
    return np.asarray(drawn(ax, label).get_offsets())


def fails_above_half(config: Any) -> float:
    if config["x"] > 0.5:
        raise ValueError("too large")
    return float(config["x"])


def test_each_completed_trial_is_a_point_and_the_best_has_a_star() -> None:
    study = searched({"x": hpo.Float(0, 1)}, lambda config: (config["x"] - 0.4) ** 2)
    [ax] = scatter(study).axes
    expected = [[trial.config["x"], trial.value] for trial in study.trials]
    assert offsets(ax, "trial") == pytest.approx(np.array(expected))
    assert offsets(ax, "best") == pytest.approx(np.array([[study.best.config["x"], study.best.value]]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "loss")
    figure: Any = ax.figure  # of the axes of a whole figure
    assert headline(figure).startswith("study: 12 trials, best loss")


@pytest.mark.parametrize(
    ("domain", "scale"),
    [
        (hpo.Float(1e-4, 1, log=True), "log"),
        (hpo.Int(16, 512, log=True), "log"),
        (stats.loguniform(1e-4, 1), "log"),
        (stats.reciprocal(1e-4, 1), "log"),
        (hpo.Float(0, 1), "linear"),
        (hpo.Int(1, 5), "linear"),
        (stats.norm(0, 1), "linear"),
    ],
)
def test_the_axis_has_the_scale_of_the_prior(domain: Any, scale: str) -> None:
    [ax] = scatter(searched({"x": domain}, lambda config: config["x"])).axes
    assert ax.get_xscale() == scale


def test_the_whole_range_is_in_sight() -> None:
    [ax] = scatter(searched({"x": hpo.Float(1e-4, 1, log=True)}, lambda config: config["x"])).axes
    low, high = ax.get_xlim()
    assert 0.5e-4 < low < 1e-4
    assert 1 < high < 2


@pytest.mark.parametrize(("goal", "border"), [("minimize", 1.0), ("maximize", 0.0)])
def test_failed_trials_stand_at_the_border_of_the_bad_values_and_are_counted(
    goal: str, border: float
) -> None:
    study = searched({"x": hpo.Float(0, 1)}, fails_above_half, **{goal: "loss"})
    [ax] = scatter(study).axes
    failed = drawn(ax, "failed")
    places = offsets(ax, "failed")
    assert failed.get_label() == f"failed ({study.num_failed})"
    assert len(places) == study.num_failed > 0
    assert (places[:, 1] == border).all()
    # In the axes' height, not in values: the upper border is 1.
    x_in_data, _ = ax.transData.inverted().transform(failed.get_offset_transform().transform(places[0]))
    assert x_in_data == pytest.approx(places[0, 0])


def test_several_hyperparameters_have_a_panel_each_and_constants_none() -> None:
    space = {"x": hpo.Float(0, 1), "n": hpo.Int(1, 4), "act": hpo.Choice(["relu", "tanh"]), "b": 16}
    figure = scatter(searched(space, lambda config: config["x"]))
    assert [ax.get_xlabel() for ax in figure.axes] == ["x", "n", "act"]
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "", ""]


def test_a_choice_has_a_place_for_each_option_with_its_trials_near_it() -> None:
    study = searched({"act": hpo.Choice(["relu", "tanh", True, 3])}, lambda config: 1.0)
    [ax] = scatter(study).axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["relu", "tanh", "True", "3"]
    domain = study.space["act"]
    assert isinstance(domain, hpo.Choice)
    expected = [domain.index(trial.config["act"]) for trial in study.trials]
    assert np.abs(offsets(ax, "trial")[:, 0] - expected).max() < 0.2


def test_a_conditional_hyperparameters_panel_has_only_the_trials_that_have_it() -> None:
    space = {"n": hpo.Int(1, 2), "width": hpo.Int(8, 64).when("n", ge=2)}
    study = searched(space, lambda config: config["n"] + config.get("width", 0))
    figure = scatter(study)
    having = sum("width" in trial.config for trial in study.trials)
    assert len(offsets(figure.axes[1], "trial")) == having < 12
    assert len(offsets(scatter(study, "width").axes[0], "trial")) == having


def test_values_over_many_magnitudes_have_a_log_axis() -> None:
    [ax] = scatter(searched({"x": hpo.Float(1, 10)}, lambda config: 10 ** config["x"])).axes
    assert ax.get_yscale() == "log"


def test_it_draws_into_axes_of_the_callers() -> None:
    ax = Figure().subplots()
    study = searched({"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}, lambda config: config["x"])
    assert scatter(study, "y", ax=ax) is ax.figure
    assert ax.get_xlabel() == "y"
    with pytest.raises(ValueError, match=r"One ax shows one hyperparameter: name it with parameter="):
        scatter(study, ax=ax)


def test_an_unknown_hyperparameter_is_named_with_those_that_are_there() -> None:
    study = searched({"rate": hpo.Float(0, 1), "b": 16}, lambda config: config["rate"])
    for name in ("rat", "b"):
        with pytest.raises(ValueError, match=rf"the space has rate; received '{name}'"):
            scatter(study, name)


def test_a_study_without_a_result_cannot_be_drawn() -> None:
    with pytest.raises(ObjectiveError, match="there is no best one"):
        scatter(hpo.Tuner(None, {"x": hpo.Float(0, 1)}, num_trials=1).study)


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.pdf", b"%PDF"), ("A.SVG", b"<?xml")])
def test_a_figure_is_saved_in_the_format_of_its_suffix(tmp_path: Path, name: str, start: bytes) -> None:
    figure = scatter(searched({"x": hpo.Float(0, 1)}, lambda config: config["x"]))
    assert save(figure, tmp_path / name).read_bytes().startswith(start)


def test_a_path_that_cannot_be_written_is_refused_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"svg.*received plot\.bmpx with the suffix '\.bmpx'"):
        check_plot_path("plot.bmpx")
    with pytest.raises(ValueError, match=r"png.*; received plot\.$"):
        check_plot_path("plot")
    with pytest.raises(FileNotFoundError, match=r"missing does not exist\. Create it"):
        check_plot_path(tmp_path / "missing" / "plot.png")
    with pytest.raises(IsADirectoryError, match="needs the name of a file"):
        check_plot_path(tmp_path)
    monkeypatch.setattr("hpo.plots.files.os.access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=r"is not writable\. Choose another path"):
        check_plot_path(tmp_path / "plot.png")


def test_matplotlib_is_loaded_by_the_first_figure_and_pyplot_never() -> None:
    code = (
        "import sys, hpo, hpo.plots; early = 'matplotlib' in sys.modules; "
        "study = hpo.search(lambda c: c['x'], {'x': hpo.Float(0, 1)}, num_trials=3); "
        "hpo.plots.scatter(study); print(early, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
