"""The standard streams while trials write to them: above what is drawn, and each line for itself."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

import hpo
from hpo.executors.output import Speaker, Speakers, speaking
from hpo.tuner.output.streams import heard_streams
from hpo.tuner.progress import choice

FIRST = Speaker(3, 0)


class Bar:
    """Draws nothing, and keeps what was printed above."""

    def __init__(self) -> None:
        self.is_live = True
        self.above: list[str] = []

    def print_above(self, text: str) -> None:
        self.above.append(text)


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_whole_lines_go_above_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, bar = Terminal(), Bar()
    monkeypatch.setattr(sys, "stdout", terminal)
    with heard_streams(lambda speakers, text: True, bar):
        print("from the search")
        with speaking(FIRST):
            print("begun", end=" ")
            print("and ended")
            sys.stdout.writelines(["\r 50%", "\r100%\n", "and more"])
        bar.is_live = False
        print(" when nothing is drawn")
    assert bar.above == ["from the search", "begun and ended", "100%"]
    assert terminal.getvalue() == "and more\n when nothing is drawn\n"


def test_bars_and_line_ends_of_windows_come_as_a_terminal_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    with heard_streams(lambda speakers, text: True, bar := Bar()), speaking(FIRST):
        sys.stdout.write("of Windows\r\n\r 50%\x1b[A\n\x1b[K\n\n\x1b[31mred\x1b[0m\x1b]0;title\x07\n")
    assert bar.above == ["of Windows", " 50%", "", "\x1b[31mred\x1b[0m"]


def test_the_last_line_of_a_trial_is_not_drawn_over(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, bar = Terminal(), Bar()
    monkeypatch.setattr(sys, "stdout", terminal)
    with heard_streams(lambda speakers, text: True, bar), speaking(FIRST):
        print("without an end", end="")
    assert (bar.above, terminal.getvalue()) == (["without an end"], "")


def test_what_is_said_of_a_search_begins_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, file)
    with heard_streams(lambda speakers, text: True, None):
        for text in ("one", "\r 50%"):
            with speaking(FIRST):
                print(text, end="")
            print("of the search", file=sys.stderr)
            with speaking(FIRST):
                print()
    assert file.getvalue() == "one\nof the search\n\r 50%\nof the search\n"


def test_it_adds_nothing_to_what_goes_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", data := io.StringIO())
    monkeypatch.setattr(sys, "stderr", said := io.StringIO())
    with heard_streams(lambda speakers, text: True, None):
        with speaking(FIRST):
            print("1,", end="")
        print("of the search", file=sys.stderr)
        with speaking(FIRST):
            print("2,", end="")
    assert (data.getvalue(), said.getvalue()) == ("1,2,", "of the search\n")


def test_what_draws_finds_the_stream_behind_those_of_all_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    with heard_streams(lambda speakers, text: True, Bar()), heard_streams(lambda who, text: True, Bar()):
        assert getattr(sys.stdout, "rich_proxied_file", None) is terminal


def test_a_file_gets_all_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    file, bar = io.StringIO(), Bar()
    monkeypatch.setattr(sys, "stdout", file)
    with heard_streams(lambda speakers, text: True, bar), speaking(FIRST):
        print("as it is")
    assert (file.getvalue(), bar.above) == ("as it is\n", [])


def test_what_only_trials_say_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    taken: list[tuple[Speakers, str]] = []
    monkeypatch.setattr(sys, "stdout", file)

    def take(who: Speakers, text: str) -> bool:
        taken.append((who, text))
        return False

    with heard_streams(take, None):
        sys.stdout.write("outside\n")
        with speaking(FIRST):
            sys.stdout.write("inside\n")
            with speaking():
                sys.stdout.write("asked from inside\n")
    assert taken == [((FIRST,), "inside\n")]
    assert file.getvalue() == "outside\nasked from inside\n"


def test_it_is_the_stream_in_all_else() -> None:
    stream = sys.stdout
    with heard_streams(lambda speakers, text: True, None):
        assert sys.stdout.encoding == stream.encoding
        assert sys.stdout.fileno() == stream.fileno()
        assert sys.stdout.isatty() == stream.isatty()


class OnlyWrites:
    """What Python asks of a stream that stands in for a standard one."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


@pytest.mark.parametrize("workers", [1, hpo.Workers(1)], ids=["here", "in a worker"])
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_of_a_users_own_needs_no_more_than_write(
    name: str, workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prints(config: dict[str, Any]) -> float:
        print("no line's end", end="", file=getattr(sys, name))
        return 1.0

    monkeypatch.setattr(sys, name, stream := OnlyWrites())
    monkeypatch.setattr(choice, "DELAY", 0.0)
    study = hpo.search(prints, {"x": hpo.Float(0, 1)}, num_trials=2, seed=0, workers=workers, progress=True)
    assert (study.num_completed, study.num_failed) == (2, 0)
    if workers == 1:
        assert "no line's end" in stream.text


def test_nor_does_it_below_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream := OnlyWrites())
    with heard_streams(lambda speakers, text: True, bar := Bar()):
        with speaking(FIRST):
            print("no line's end", end="")
        print("of the search")
    assert (bar.above, stream.text) == ([], "no line's end\nof the search\n")
