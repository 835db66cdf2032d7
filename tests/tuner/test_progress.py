"""The live bar in a terminal."""

import io

import pytest
from rich.console import Console

import hpo
from hpo.storage.events import Event, EventKind
from hpo.testing.small_tasks import SmallTask
from hpo.tuner.progress.callback import SearchProgress
from hpo.tuner.progress.status import Status
from hpo.tuner.progress.terminal import TerminalDisplay


def drawn_on(
    console: Console, *, num_trials: int, epochs: int | None
) -> tuple[SearchProgress, TerminalDisplay]:
    display = TerminalDisplay(console)
    return SearchProgress(display, Status(num_trials=num_trials, epochs=epochs)), display


def text_of(console: Console, display: TerminalDisplay) -> str:
    with console.capture() as capture:
        console.print(display.drawing())
    return capture.get()


@pytest.mark.parametrize(("height", "shown"), [(40, 12), (14, 10), (5, 8)])
def test_a_terminal_shows_all_that_train_together_if_it_has_room(height: int, shown: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=height, color_system=None)
    progress, display = drawn_on(console, num_trials=12, epochs=4)
    seen: list[str] = []

    def look(event: Event, study: hpo.Study) -> None:
        if event.kind is EventKind.REPORTED and event.trial == 11 and event.epoch == 2:
            seen.append(text_of(console, display))

    hpo.search(
        SmallTask(),
        {"learning_rate": hpo.Float(1e-3, 0.1)},
        minimize="val_loss",
        num_trials=12,
        seed=0,
        backend="numpy",
        callbacks=[look],
        progress=progress,
    )
    [text] = seen
    assert text.count(", epoch 2, val_loss ") == shown
    assert (f"... and {12 - shown} more trials run" in text) == (shown < 12)


@pytest.mark.parametrize("width", [30, 100])
def test_a_terminal_shows_the_incumbent_and_no_line_is_wider_than_it(width: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    progress, display = drawn_on(console, num_trials=4, epochs=None)
    hpo.search(lambda c: abs(c["x"]), {"x": hpo.Int(-5, 5)}, num_trials=3, seed=0, progress=progress)
    lines = text_of(console, display).splitlines()
    assert any("3/4 trials" in line for line in lines)
    assert any(line.startswith("best value ") for line in lines)
    assert all(len(line) <= width for line in lines)


def test_what_trials_print_keeps_its_colours_and_commands_a_terminal_to_nothing_else() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80, color_system="standard")
    display = TerminalDisplay(console)
    display.print_above("\x1b[31mred\x1b[0m \x1b[2J\x07")
    display.print_above("\x1b[31mof a study", is_warning=True)
    first, second = file.getvalue().splitlines()
    assert first == "\x1b[31mred\x1b[0m \\x1b[2J\\x07"
    assert "\x1b[31m" not in second
