"""Tables fit the width, their numbers are whole and alike, and what they leave out is said."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hpo
from hpo.study.excerpt import states_of
from hpo.study.layout import NARROWEST, cells
from hpo.study.numbers import alike
from hpo.study.study import Study
from hpo.study.tables import html_table, shown, text_table
from hpo.study.trial import TrialState

SPACE = {"x": hpo.Float(0, 1)}
ANY_NUMBERS = st.one_of(st.none(), st.integers(), st.integers(10**14, 10**400), st.floats())
FINITE = st.floats(-1e308, 1e308)


def test_tables_shorten_what_is_long() -> None:
    assert shown("word " * 30) == "word " * 9 + "..."
    assert cells(shown("文字" * 30)) == 47
    assert shown(1 / 3) == "0.3333"
    assert (shown(10**400), shown(123_456)) == ("1.000e+400", "123456")
    assert text_table(["a"], []) == "a"


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([1 / 3, 0.5, 12], [" 0.3333", " 0.5000", "12.00  "]),
        ([0.1, 0.25, 1.0], ["0.10", "0.25", "1.0 "]),
        ([1e-7, 0.123456, None], ["1.000e-07", "1.235e-01", "         "]),
        ([3.0, 29.0], [" 3", "29"]),
        ([16, 128, 123_456_789], ["       16", "      128", "123456789"]),
        ([math.nan, -math.inf, 0.5], [" nan  ", "-inf  ", "   0.5"]),
    ],
)
def test_the_numbers_of_a_column_are_rounded_alike(numbers: list[Any], texts: list[str]) -> None:
    assert alike(numbers) == texts


def test_a_number_that_is_rounded_up_gets_no_more_digits() -> None:
    assert alike([9.99996, 0.1234]) == ["10.00  ", " 0.1234"]


@given(st.lists(ANY_NUMBERS, min_size=1))
def test_the_cells_of_a_column_of_numbers_are_of_one_width_and_few_letters(numbers: list[Any]) -> None:
    texts = alike(numbers)
    assert len({len(text) for text in texts}) == 1
    assert len(texts[0]) <= 20


@given(st.lists(FINITE, min_size=1))
def test_every_number_of_a_column_is_itself_to_four_digits(numbers: list[float]) -> None:
    for number, text in zip(numbers, alike(numbers), strict=True):
        # The smallest numbers have fewer digits than four in binary, too.
        assert float(text) == pytest.approx(number, rel=6e-4, abs=1e-322)


@given(st.lists(FINITE, min_size=1))
def test_the_points_of_a_column_stand_below_each_other(numbers: list[float]) -> None:
    places = {text.index(".") for text in alike(numbers) if "." in text}
    assert len(places) <= 1
    assert len({"e" in text for text in alike(numbers) if text.strip() != "0"}) <= 1


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60)


@settings(max_examples=200)
@given(
    names=st.lists(NAMES, min_size=1, max_size=12, unique=True),
    width=st.integers(NARROWEST, 200),
    values=st.lists(st.one_of(st.integers(-(10**9), 10**9), FINITE, NAMES), min_size=24, max_size=24),
)
def test_no_line_is_wider_than_the_width_and_every_number_is_whole(
    names: list[str], width: int, values: list[Any]
) -> None:
    rows = [values[: len(names)], values[12 : 12 + len(names)]]
    table = text_table(names, rows, width=width)
    assert all(cells(line) <= width for line in table.splitlines())
    for number, name in enumerate(names):
        both = [row[number] for row in rows]
        if not any(isinstance(value, str) for value in both):
            assert all(text.strip() in table for text in alike(both)), name


def test_wide_letters_take_two_cells() -> None:
    header, first, second = text_table(["名", "n"], [["日本", 1], ["a", 2]]).splitlines()
    assert {cells(line) for line in (header, first, second)} == {cells("日本  1")}


def test_what_does_not_fit_stands_under_its_row() -> None:
    names = ["trial", "value", *(f"rate_{number}" for number in range(4))]
    table = text_table(
        names, [[0, 0.5, *[0.25] * 4], [1, 0.125, *[0.75] * 4]], width=32, movable=names[:1:-1]
    )
    assert table.splitlines() == [
        "trial  value  rate_0  rate_1",
        "    0  0.500    0.25    0.25",
        "       rate_2=0.25, rate_3=0.25",
        "    1  0.125    0.75    0.75",
        "       rate_2=0.75, rate_3=0.75",
    ]


def curves(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    if config["x"] > 0.9:
        raise ValueError("too large")
    for epoch in range(1, 10):
        yield {"loss": config["x"] / epoch, "accuracy": 1 - config["x"], "value": 7.0}


def asha_study(num_trials: int = 60) -> Study:
    return hpo.search(
        curves, SPACE, minimize="loss", num_trials=num_trials, seed=0, scheduler=hpo.ASHA(1, 9, eta=3)
    )


@pytest.fixture(scope="module")
def asha() -> Study:
    return asha_study()


def counted(text: str) -> int:
    """The rows of a printed study and the trials that it says are not shown."""
    [left] = re.findall(r"not shown: ([^;)]*)", text)
    rows = [line for line in text.splitlines() if re.match(r"(best)? *\d+  ", line)]
    return len(rows) + sum(map(int, re.findall(r"(\d+) \w", left)))


def test_shown_and_hidden_trials_are_all_trials(asha: Study) -> None:
    text = str(asha)
    completed = asha.num_completed
    assert f"(the best {completed} of 60 trials; not shown: {asha.num_failed} failed, " in text
    assert counted(text) == 60


@pytest.mark.parametrize("most", [1, 3, 7, 40])
def test_whichever_the_most_rows_are_all_trials_are_counted(asha: Study, most: int) -> None:
    assert counted(asha.table(most)) == 60


@given(
    outcomes=st.lists(st.sampled_from(["completed", "failed", "running"]), min_size=2, max_size=12),
    most=st.integers(1, 11),
)
@settings(max_examples=40, deadline=None)
def test_in_any_mixture_of_states_all_trials_are_counted(outcomes: list[str], most: int) -> None:
    tuner = hpo.Tuner(None, SPACE, minimize="loss", num_trials=len(outcomes), seed=0)
    for outcome in outcomes:
        trial = tuner.ask()
        if outcome == "completed":
            tuner.tell(trial, {"loss": trial.config["x"]})
        elif outcome == "failed":
            tuner.tell(trial, failed="no")
    text = tuner.study.table(most)
    if len(outcomes) > most:
        assert counted(text) == len(outcomes)
    else:
        assert "not shown" not in text


def test_a_study_without_a_completed_trial_shows_its_first_ones() -> None:
    tuner = hpo.Tuner(None, SPACE, minimize="loss", num_trials=30, seed=0)
    for _ in range(30):
        tuner.ask()
    assert "(the first 20 of 30 trials; not shown: 10 running; study.records() has all)" in str(tuner.study)


def test_the_best_has_a_word_beside_it_and_is_bold_in_a_notebook(asha: Study) -> None:
    [row] = [line for line in str(asha).splitlines() if line.startswith("best")]
    assert row.split()[1] == str(asha.best.id)
    [strong] = re.findall(r"<tr style=[^>]*>.*?</tr>", asha._repr_html_())
    assert "<strong>best</strong>" in strong
    assert f"<strong>{asha.best.id}</strong>" in strong


def test_all_metrics_can_be_shown(asha: Study) -> None:
    header = asha.table(3, metrics="all", width=200).splitlines()[0].split()
    assert header == ["trial", "state", "x", "value", "accuracy", "metric.value", "epochs", "seconds"]
    assert asha.table(3, metrics=["accuracy"]).splitlines()[0].split().count("accuracy") == 1
    assert "accuracy" not in asha.table(3)
    assert ">accuracy</th>" in asha._repr_html_()


def test_a_metric_that_nothing_reported_is_refused(asha: Study) -> None:
    with pytest.raises(ValueError, match=r"reported a metric 'acuracy'; there are: loss, accuracy, value\."):
        asha.table(metrics=["acuracy"])
    with pytest.raises(
        ValueError, match=r"table\(k=\) is a number of trials, at least 1, or None; received 0"
    ):
        asha.table(0)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("count", [1, 2, 12])
def test_every_hyperparameter_of_every_trial_is_there(count: int, width: int) -> None:
    space = {f"hyperparameter number {number}": hpo.Float(1e-4, 1, log=True) for number in range(count)}
    study = hpo.search(lambda config: sum(config.values()), space, num_trials=5, seed=0)
    table = study.table(width=width)
    assert max(map(cells, table.splitlines())) <= width
    for name in space:
        for text in alike([trial.config[name] for trial in study.trials]):
            assert text.strip() in table


def test_the_epoch_of_a_best_value_stands_beside_the_epochs() -> None:
    def falls_and_rises(config: dict[str, Any]) -> Iterator[float]:
        yield from (config["x"], config["x"] - 1, config["x"] + 1)

    study = hpo.search(falls_and_rises, SPACE, num_trials=2, seed=0, value="best")
    header, first, *_ = study.table().splitlines()
    # Both are right-aligned, so that a column ends where its name does.
    assert [first[: header.index(name) + len(name)].split()[-1] for name in (" epoch ", "epochs")] == [
        "2",
        "3",
    ]
    assert " epoch " not in hpo.search(falls_and_rises, SPACE, num_trials=2, seed=0).table()


def test_a_row_that_only_some_trials_fill_leaves_the_others_out() -> None:
    space = {
        "kind": hpo.Choice(["a", "b"]),
        **{f"a_{n}" * 8: hpo.Float(0, 1).when("kind", eq="a") for n in range(3)},
    }
    study = hpo.search(lambda config: 1.0, space, num_trials=6, seed=0)
    table = study.table(width=60)
    inactive = sum(trial.config["kind"] == "b" for trial in study.trials)
    assert 0 < inactive < 6
    assert table.count("a_0") + inactive >= 6
    assert "=," not in table


def test_a_table_in_html_is_escaped_whatever_is_in_it() -> None:
    page = html_table(["<a>", "n"], [["<b>&", 0.5], ['"', None]], strong_row=0)
    assert not re.findall(r"<[ab]>", page)
    assert "&lt;b&gt;&amp;" in page


def test_no_number_in_html_may_be_broken_behind_its_hyphen() -> None:
    page = html_table(["n", "text"], [[1e-7, "a b"], [2.5e-7, "c"]])
    cells_of_numbers = re.findall(r"<td style=\"([^\"]*)\">\d", page)
    assert len(cells_of_numbers) == 2
    assert all("white-space: nowrap" in style for style in cells_of_numbers)


def test_the_reasons_in_a_table_are_those_of_failures_and_whole_where_there_is_room() -> None:
    said = "the loss is not a number, as the rate was too large for these data"

    def objective(config: dict[str, Any], trial: hpo.objective.CurrentTrial) -> Iterator[float]:
        for epoch in trial.epochs():
            if config["x"] > 0.9:
                raise RuntimeError(said)
            yield config["x"] / epoch

    study = hpo.search(objective, SPACE, scheduler=hpo.ASHA(1, 9), num_trials=14, seed=1)
    reasons = {trial.state: trial.reason for trial in study.trials}
    assert "go on" in (reasons[TrialState.STOPPED] or "")
    for width in (100, 250):
        assert f"RuntimeError: {said}" in study.table(width=width)
        assert "go on" not in study.table(width=width)
    assert max(map(len, study.table(width=60).splitlines())) <= 60


def test_states_are_those_of_the_trials(asha: Study) -> None:
    states = [trial.state for trial in asha.trials]
    counts = states_of(asha.history)
    assert counts == {state.value: states.count(state) for state in TrialState if state.value in counts}
    assert sum(counts.values()) == 60


@pytest.mark.parametrize(("width", "error"), [(0, ValueError), (-5, ValueError), ("80", TypeError)])
def test_a_width_is_a_number_of_cells(width: Any, error: type[Exception], asha: Study) -> None:
    with pytest.raises(error, match=rf"table\(width=\) is an integer of at least 1; received {width!r}"):
        asha.table(width=width)
