"""`progress=`: what `hpo.search` says in a terminal, in a notebook, in a pipe, and where it is silent."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hpo
from hpo.tuner.progress import choice
from hpo.tuner.progress.callback import SearchProgress
from hpo.tuner.progress.lines import Lines, LinesApart
from hpo.tuner.progress.price import price_of
from hpo.tuner.progress.status import EndedTrial, Status
from tests.terminals import run_in_terminal, screen, widest

SPACE = {"x": hpo.Float(0, 1)}

# Ten trials a second, of which one fails and all print.
SCRIPT = """
import sys, time
sys.path.insert(0, {root!r})
import hpo

def objective(config, trial):
    time.sleep(0.05)
    print("printed by", trial.id)
    if trial.id == 10:
        raise ValueError("no [red]luck")
    return config["x"]

{setup}
space = {{"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}}
study = hpo.search(objective, space, num_trials=20, seed=0, {arguments})
print("rich" in sys.modules, study.num_failed)
"""


def script(folder: Path, arguments: str = "", setup: str = "") -> Path:
    file = folder / "script.py"
    root = str(Path(hpo.__file__).parents[1])
    file.write_text(SCRIPT.format(root=root, arguments=arguments, setup=setup))
    return file


def in_a_pipe(folder: Path, arguments: str = "", setup: str = "") -> tuple[list[str], list[str]]:
    """The lines on standard output and on standard error."""
    done = subprocess.run(
        [sys.executable, str(script(folder, arguments, setup))],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"HPO_BACKEND": "numpy"},
    )
    return done.stdout.splitlines(), done.stderr.splitlines()


def test_in_a_pipe_it_says_a_line_a_second_on_standard_error_and_loads_no_rich(tmp_path: Path) -> None:
    printed, said = in_a_pipe(tmp_path)
    assert printed[-1] == "False 1"
    assert len(printed) == 21
    assert said[0] == "Study 'study': searcher RandomSearch, scheduler FIFO, seed 0"
    assert said[-1].startswith("20 trials in ")
    assert said.count("Trial 10 failed: ValueError: no [red]luck (script.py:10)") == 1
    # The search takes one to two seconds, or more on a busy machine.
    assert 4 <= len(said) < 20


def test_what_it_does_not_show_costs_no_line_and_no_rich(tmp_path: Path) -> None:
    assert in_a_pipe(tmp_path, "progress=False")[1] == []
    silenced = "import logging; logging.getLogger('hpo').setLevel(logging.WARNING)"
    printed, said = in_a_pipe(tmp_path, setup=silenced)
    assert (printed[-1], said) == ("False 1", [])


def test_where_logging_is_configured_each_trial_is_a_record_and_nothing_else_is_said(tmp_path: Path) -> None:
    configured = (
        "import logging; logging.basicConfig(level='INFO', format='%(name)s %(levelname)s %(message)s')"
    )
    _, said = in_a_pipe(tmp_path, setup=configured)
    assert {line.split()[0] for line in said} == {"hpo"}
    assert sum("/20] trial " in line and " INFO " in line for line in said) == 19
    # The one that failed has its line, too, after its reason.
    assert sum(" WARNING " in line for line in said) == 2


def test_it_is_silent_where_logging_is_configured_for_warnings(tmp_path: Path) -> None:
    _, said = in_a_pipe(tmp_path, setup="import logging; logging.basicConfig()")
    assert said == []


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
@pytest.mark.parametrize("columns", [80, 200])
def test_in_a_terminal_a_bar_is_drawn_and_a_summary_stays(tmp_path: Path, columns: int) -> None:
    written, code = run_in_terminal(script(tmp_path), columns)
    assert code == 0
    assert "/20 trials, " in written
    assert widest(written) <= columns
    lines = [line for line in screen(written, columns) if line.strip()]
    # What trials printed stands above the bar, which is gone, and below it what came after the search.
    assert [line for line in lines if line.startswith("printed by")] == [f"printed by {n}" for n in range(20)]
    assert "Trial 10 failed: ValueError: no [red]luck (script.py:10)" in lines
    assert lines[-2].startswith("20 trials in ")
    assert lines[-1] == "True 1"
    assert not [line for line in lines if "/20 trials" in line]


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_a_search_that_is_over_at_once_leaves_no_trace_in_a_terminal(tmp_path: Path) -> None:
    file = script(tmp_path)
    file.write_text(file.read_text().replace("time.sleep(0.05)", "").replace("raise", "return 1; raise"))
    written, _ = run_in_terminal(file, 80)
    assert [line for line in screen(written, 80) if line and not line.startswith("printed")] == ["False 0"]


# Each search has a bar to draw, prints, and prints without a line's end.
SEARCHES = """
import sys, threading, time
sys.path.insert(0, {root!r})
import hpo

def objective(config):
    for _ in range(40):
        time.sleep(0.01)
        print("x" if config["x"] else "nothing", flush=True)
    print("open", end="")
    return config["x"]

def search(name, objective=objective):
    hpo.search(objective, {{"x": hpo.Float(0, 1)}}, num_trials=2, seed=0, name=name, progress=True)

def outer(config):
    search("inner")
    return config["x"]

{calls}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
@pytest.mark.parametrize(
    "calls",
    [
        "threads = [threading.Thread(target=search, args=(name,)) for name in 'ab']\n"
        "for one in threads: one.start()\n"
        "for one in threads: one.join()",
        "search('outer', outer)",
    ],
    ids=["in threads", "one in the trials of another"],
)
def test_searches_share_a_terminal(tmp_path: Path, calls: str) -> None:
    file = tmp_path / "script.py"
    file.write_text(SEARCHES.format(root=str(Path(hpo.__file__).parents[1]), calls=calls))
    written, code = run_in_terminal(file, 80)
    lines = [line.strip() for line in screen(written, 80) if line.strip()]
    assert code == 0
    assert "Traceback" not in written
    assert not [line for line in lines if "\u2501" in line]
    said = [line for line in lines if line.strip("x")]
    # In threads the two may print into one line, as any threads do; what is said of a search has its own.
    assert sum(line.startswith("Study '") for line in said) == sum(
        line.startswith("2 trials in ") for line in said
    )
    assert sum(line.startswith("Study '") for line in said) >= 2
    assert sum(line.count("Study '") + line.count(" trials in ") for line in said) == sum(
        line.startswith(("Study '", "2 trials in ")) for line in said
    )


def test_a_wrong_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"progress= is 'auto' .* True or False; received 'yes'"):
        hpo.search(lambda config: 1.0, SPACE, num_trials=1, progress="yes")  # type: ignore[arg-type]  # wrong on purpose


class TestChoice:
    """Which display there is, by the logger and by what encloses the search."""

    @pytest.fixture(autouse=True)
    def _as_in_a_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(choice.LOGGER, "level", logging.NOTSET)
        choice.LOGGER.manager._clear_cache()  # type: ignore[attr-defined]  # levels are remembered there

    def test_a_logger_of_its_own_level_decides(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "hpo"):
            assert type(choice.display_for("auto")) is Lines
        with caplog.at_level(logging.ERROR, "hpo"):
            assert choice.display_for("auto") is None

    def test_true_shows_it_although_the_logger_is_silenced(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR, "hpo"):
            assert type(choice.display_for(True)) is LinesApart

    def test_searches_side_by_side_leave_the_logger_as_it_was(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = list(choice.LOGGER.handlers), choice.LOGGER.level
        first, second = choice._OwnHandler(), choice._OwnHandler()
        first.write("one", False)
        second.write("two", False)
        first.remove()
        second.write("three", True)
        second.remove()
        assert capsys.readouterr().err.splitlines() == ["one", "two", "three"]
        assert (list(choice.LOGGER.handlers), choice.LOGGER.level) == before

    def test_a_search_inside_of_a_trial_is_silent(self, caplog: pytest.LogCaptureFixture) -> None:
        def outer(config: dict[str, Any]) -> float:
            return float(hpo.search(lambda inner: inner["x"], SPACE, num_trials=2, seed=0).best.value or 0)

        with caplog.at_level(logging.INFO, "hpo"):
            hpo.search(outer, SPACE, num_trials=2, seed=0, name="outer")
        said = [record.message for record in caplog.records]
        assert [line for line in said if line.startswith("Study")] == [
            "Study 'outer': searcher RandomSearch, scheduler FIFO, seed 0"
        ]
        assert [line[:5] for line in said if line.startswith("[")] == ["[1/2]", "[2/2]"]

    def test_a_finished_study_says_so_when_it_goes_on(
        self, caplog: pytest.LogCaptureFixture, tmp_path: Path
    ) -> None:
        def again(num_trials: int) -> list[str]:
            caplog.clear()
            hpo.search(
                lambda config: config["x"],
                SPACE,
                num_trials=num_trials,
                seed=0,
                storage=tmp_path / "s.db",
                resume=True,
            )
            return [record.message for record in caplog.records]

        with caplog.at_level(logging.INFO, "hpo"):
            assert not [line for line in again(3) if "finished before" in line]
            [line] = [line for line in again(3) if "finished before" in line]
            assert line.endswith("finished before: 3 trials had run. With a larger num_trials= it goes on.")
            assert again(3) == [line]
            assert not [line for line in again(4) if "finished before" in line]


class TestLinesApart:
    """At most a line a second."""

    @pytest.fixture
    def said(self) -> list[str]:
        return []

    @pytest.fixture
    def now(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def lines(self, said: list[str], now: list[float]) -> LinesApart:
        return LinesApart(lambda text, is_warning: said.append(text), clock=lambda: now[0])

    @staticmethod
    def ended(trial: int, reason: str | None = None, num_failed: int = 0) -> Any:
        return EndedTrial(trial, reason, trial + 1, num_failed, lambda: f"trial {trial}")

    def test_trials_in_between_are_counted_and_the_last_one_is_told(
        self, lines: LinesApart, said: list[str], now: list[float]
    ) -> None:
        for trial in range(5):
            lines.trial_ended(self.ended(trial))
        assert said == ["trial 0"]
        now[0] = 1.0
        lines.tick()
        assert said == ["trial 0", "trial 4 (4 trials since the last line)"]

    def test_every_failure_is_told_by_its_trial(
        self, lines: LinesApart, said: list[str], now: list[float]
    ) -> None:
        lines.trial_ended(self.ended(0))
        for trial in range(1, 13):
            lines.trial_ended(self.ended(trial, f"reason {trial}", num_failed=trial + 1))
        lines.trial_ended(self.ended(13))
        lines.close(None)
        assert said[1] == "Trials 1, 2, 3, 4, 5, 6, 7, 8 and 4 more failed, the last one: reason 12"
        assert said[2].startswith("trial 13 (13 trials since")

    def test_the_last_failure_has_its_reason_too(
        self, lines: LinesApart, said: list[str], now: list[float]
    ) -> None:
        lines.trial_ended(self.ended(0, "first", num_failed=1))
        lines.trial_ended(self.ended(1))
        lines.trial_ended(self.ended(2, "second", num_failed=2))
        now[0] = 1.0
        lines.tick()
        assert said[1:] == ["Trial 2 failed: second", "trial 2 (2 trials since the last line)"]

    def test_at_the_end_the_summary_stands_for_all_that_did_not_fail(
        self, lines: LinesApart, said: list[str]
    ) -> None:
        lines.begin(Status(num_trials=3, epochs=None), ["header"])
        lines.trial_ended(self.ended(0, "first", num_failed=1))
        lines.trial_ended(self.ended(1, "second", num_failed=2))
        lines.trial_ended(self.ended(2))
        lines.close("summary")
        assert said == ["header", "trial 0", "Trial 1 failed: second", "summary"]


class Said(Lines):
    """Keeps what a search says."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        super().__init__(lambda text, is_warning: self.texts.append(text))


def forecasts(said: list[str]) -> list[str]:
    return [text for text in said if text.startswith("First ")]


@pytest.mark.parametrize(("seconds", "num_forecasts"), [(0.001, 0), (10.0, 2)])
def test_a_forecast_is_said_where_it_is_worth_reading(seconds: float, num_forecasts: int) -> None:
    now, display, scheduler = [0.0], Said(), hpo.SuccessiveHalving(1, 9)
    price = price_of(scheduler, 9, 9)
    status = Status(num_trials=9, epochs=9, price=price, clock=lambda: now[0])

    def objective(config: dict[str, Any]) -> Iterator[float]:
        for _ in range(9):
            now[0] += seconds
            yield config["x"]

    hpo.search(
        objective,
        SPACE,
        num_trials=9,
        seed=0,
        scheduler=scheduler,
        progress=SearchProgress(display, status, price=price),
    )
    assert len(forecasts(display.texts)) == num_forecasts
    assert not [
        text for text in display.texts if "about under" in text or "-" in text.partition("; about")[2]
    ]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """IPython as the kernel of a notebook; what is displayed there, in order."""
    shells = pytest.importorskip("IPython.core.interactiveshell")
    from traitlets.config import Config

    shell = shells.InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr(
        shell.display_pub,
        "publish",
        lambda data, metadata=None, **more: published.append({"data": data, **more}),
    )
    monkeypatch.setattr(choice, "DELAY", 0.0)
    yield published
    type(shell).clear_instance()


def test_a_notebook_has_one_output_that_is_updated_and_ends_as_a_summary(
    notebook: list[dict[str, Any]],
) -> None:
    hpo.search(
        lambda config: float(len(config["<b>"])),
        {"<b>": hpo.Choice(["<i>"])},
        num_trials=1,
        seed=0,
        progress=True,
    )
    first, *later = notebook
    assert "<progress" in first["data"]["text/html"]
    assert not first.get("update")
    assert {shown["transient"]["display_id"] for shown in notebook} == {first["transient"]["display_id"]}
    assert all(shown["update"] for shown in later)
    last = notebook[-1]["data"]["text/html"]
    assert "1 trial in under 1 s; best value 3 (trial 0): &lt;b&gt;=&lt;i&gt;" in last
    assert "<progress" not in last
    assert not any(tag in shown["data"]["text/html"] for shown in notebook for tag in ("<b>", "<i>"))


def test_who_proposes_and_why_stands_with_the_study() -> None:
    study = hpo.search(
        lambda config: iter([config["x"]]),
        SPACE,
        searcher="auto",
        num_trials=2,
        seed=0,
        scheduler=hpo.ASHA(1, 9),
    )
    why = "Auto (it takes gp: 1 hyperparameter and fewer than 500 trials), scheduler ASHA(1, 9, eta=3)"
    assert study.notes[0] == ("search", why)
    assert f"search: {why}" in str(study).splitlines()
    assert (study.searcher, study.scheduler) == ("Auto", "ASHA(1, 9, eta=3)")


def test_a_searcher_of_ones_own_may_say_why_and_need_not() -> None:
    class Plain:
        needs_results = False

        def ask(self, study: hpo.Study, n: int) -> list[hpo.searchers.Proposal]:
            return [hpo.searchers.Proposal({"x": 0.5})]

    class Choosy(Plain):
        def reason(self, space: hpo.Space) -> str:
            return f"{len(space)} is a small number"

    for searcher, said in ((Plain(), "Plain"), (Choosy(), "Choosy (1 is a small number)")):
        study = hpo.search(lambda config: 1.0, SPACE, searcher=searcher, num_trials=1, seed=0)
        assert study.notes[0].text == f"{said}, scheduler FIFO"


def test_an_older_log_prints_without_it() -> None:
    study = hpo.search(lambda config: config["x"], SPACE, num_trials=1, seed=0)
    first, *others = study.events
    older = hpo.study.Event(
        first.kind, text=first.text.replace('"searcher_reason":null,', ""), time=first.time
    )
    assert older.text != first.text
    assert not hpo.Study.from_events([older, *others]).notes
