"""The command line given again, and amounts of memory."""

import shlex

import pytest

from hpo.cli.commands.run import Kept
from hpo.cli.failures import UsageError
from hpo.cli.options import CommandLine, read_size

OPTIONS = {"objective": None, "seed": "--seed", "resume": "--resume", "keep": "--keep", "name": "--name"}


def test_a_command_is_given_again_as_a_shell_reads_it() -> None:
    given = {"objective": "train:f", "name": "it's mine", "keep": Kept.ALL, "resume": False}
    command = CommandLine(("hpo", "run"), given, dict(OPTIONS))
    again = command.again(resume=True)
    assert shlex.split(again) == [
        *("hpo", "run", "train:f", "--resume", "--keep", "all", "--name", "it's mine"),
    ]


def test_options_are_changed_and_left_out() -> None:
    command = CommandLine(("hpo", "run"), {"seed": 3, "name": "a"}, dict(OPTIONS))
    assert command.again(seed=0, name=None) == "hpo run --seed 0"


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
