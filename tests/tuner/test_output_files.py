"""What trials print, in files: of bounded size, and only where they are needed."""

from __future__ import annotations

import re
from pathlib import Path

from hpo.checkpoints import CheckpointFolder
from hpo.executors.output import Speaker
from hpo.study import TrialState
from hpo.tuner.output.files import LIMIT, OutputFiles
from tests.tuner.output_files import files_in

FIRST, SECOND = Speaker(3, 0), Speaker(4, 0)


def test_a_file_is_of_bounded_size_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    files = OutputFiles(CheckpointFolder(tmp_path), stays=True)
    for number in range(3000):
        files.write((FIRST,), f"{number:06d}{'x' * 993}\n")
    files.close()
    path = tmp_path / "trial-000003" / "log-0.txt"
    text = path.read_text()
    assert len(text) < LIMIT + 200
    assert text.startswith("000000x")
    assert text.splitlines()[-1].startswith("002999x")
    assert re.search(r"\n\.\.\. \d+ bytes left out \.\.\.\n", text)


def test_what_trials_print_together_is_kept_while_one_needs_it(tmp_path: Path) -> None:
    files = OutputFiles(CheckpointFolder(tmp_path), stays=False)
    files.write((FIRST, SECOND), "of both\n")
    files.write((SECOND,), "of one\n")
    assert files.path(4, 0) == tmp_path / "trial-000004" / "output-0.txt"
    files.settle(3, TrialState.COMPLETED)
    assert files_in(tmp_path) == ["trial-000003/output-0.txt", "trial-000004/output-0.txt"]
    files.settle(4, TrialState.FAILED)
    files.close()
    assert files_in(tmp_path) == ["trial-000003/output-0.txt", "trial-000004/output-0.txt"]
    text = (tmp_path / "trial-000003" / "output-0.txt").read_text()
    assert text == "--- trials 3-4 together ---\nof both\n"


def test_and_goes_when_all_ended_well(tmp_path: Path) -> None:
    files = OutputFiles(CheckpointFolder(tmp_path), stays=False)
    files.write((FIRST, SECOND), "of both\n")
    assert files.path(4, 0) == tmp_path / "trial-000003" / "output-0.txt"
    files.settle(3, TrialState.COMPLETED)
    assert files_in(tmp_path) == ["trial-000003/output-0.txt"]
    files.settle(4, TrialState.STOPPED)
    assert files_in(tmp_path) == []


def test_a_folder_that_cannot_be_written_costs_the_files_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = OutputFiles(CheckpointFolder(tmp_path / "file"), stays=True)
    files.write((FIRST,), "lost\n")
    files.settle(3, TrialState.FAILED)
    files.close()


def test_a_trial_that_is_interrupted_keeps_its_file(tmp_path: Path) -> None:
    files = OutputFiles(CheckpointFolder(tmp_path), stays=False)
    files.write((FIRST,), "so far\n")
    files.close()
    assert files_in(tmp_path) == ["trial-000003/output-0.txt"]
