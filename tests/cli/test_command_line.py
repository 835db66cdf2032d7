"""The command line given again, and amounts of memory."""

import shlex
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
import typer

from hpo.cli.failures import UsageError
from hpo.cli.options import FINITE, KEPT, TUNED, Entry, Line, Options, Part, command, flag, option, read_size


@dataclass(frozen=True, kw_only=True)
class Some(Options):
    """Options of each kind."""

    subcommand = "run"

    objective: Annotated[str | None, typer.Argument()] = None
    seed: Annotated[int | None, option(TUNED, "N", "The seed."), Line()] = None
    resume: Annotated[bool, flag(KEPT, "--resume", "Go on."), Part("storage")] = False
    keep: Annotated[
        Literal["best", "all"] | None, option(KEPT, "best|all", "What is kept."), Part("storage"), Entry()
    ] = None
    name: Annotated[str | None, option(KEPT, "NAME", "Its name.")] = None
    workers: Annotated[int, option(None, "N", "How many."), Line("{} on {place}", unless=1)] = 1
    rate: Annotated[float | None, option(None, "X", "A number.", FINITE)] = None
    python: Annotated[list[str] | None, option(None, "PATH", "May be repeated.")] = None


def test_a_command_is_given_again_as_a_shell_reads_it() -> None:
    given = Some(objective="train:f", name="it's mine", keep="all", resume=False)
    again = given.again(resume=True)
    assert shlex.split(again) == [
        *("hpo", "run", "train:f", "--resume", "--keep", "all", "--name", "it's mine"),
    ]


def test_options_are_changed_and_left_out() -> None:
    assert Some(seed=3, name="a").again(seed=0, name=None) == "hpo run --seed 0"


def test_all_kinds_of_options_are_given_again() -> None:
    given = Some(python=["a", "b"], rate=0.5, as_json=True)
    assert given.again() == "hpo run --rate 0.5 --python a --python b --json"


def test_an_option_is_one_field(capsys: pytest.CaptureFixture[str]) -> None:
    received = []
    application = typer.Typer(rich_markup_mode=None, add_completion=False)

    @application.command()
    @command(Some)
    def work(options: Some) -> int:
        """What it is for."""
        received.append(options)
        return 3

    with pytest.raises(SystemExit) as end:
        application(["train:f", "--keep", "best", "--rate", "2", "--resume", "--python", "a"])
    assert end.value.code == 3
    assert received == [Some(objective="train:f", keep="best", rate=2.0, resume=True, python=["a"])]
    with pytest.raises(SystemExit):
        application(["--help"])
    shown = capsys.readouterr().out
    assert "What it is for." in shown
    assert [word for word in shown.split() if word.startswith("--")] == [
        *("--seed", "--resume", "--keep", "--name", "--workers", "--rate", "--python"),
        *("--json", "--traceback", "--help"),
    ]


def test_options_say_what_the_header_and_the_document_show() -> None:
    options = Some(seed=0, workers=2, keep="best", resume=True)
    assert options.lines(place="this machine") == [("seed", "0"), ("workers", "2 on this machine")]
    assert options.lines(TUNED) == [("seed", "0")]
    assert Some().lines() == []
    assert options.document() == {"keep": "best"}
    assert options.given("storage") == {"resume": True, "keep": "best"}
    assert [options.written(name) for name in ("resume", "keep")] == ["--resume", "--keep best"]


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("512 mib", 512 * 2**20), ("1.5g", 1_500_000_000), ("100", 100), ("7kB", 7000)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert read_size(text, "--memory-limit") == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "2GiBi", "nan", "0"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--limit takes an amount of memory such as 2GB"):
        read_size(text, "--limit")
