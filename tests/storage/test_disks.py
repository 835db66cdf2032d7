"""Disks that are full or read-only: real ones, as root may write where permissions forbid it."""

from __future__ import annotations

from pathlib import Path

from tests.storage.programs import run_on_small_disk


def test_what_does_not_fit_a_full_disk_is_not_half_written_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    program = """
disk = sys.argv[1]
ballast = os.path.join(disk, "ballast")
with open(ballast, "wb") as file:
    file.write(bytes(300_000))
log = open_storage(os.path.join(disk, "study.db")).create("mlp", CREATED)
seen = 1
def pair():
    text = '{"text":"' + "x" * 5_000 + '"}'
    return [report(seen, 1, text), report(seen, 2, text)]
try:
    while True:
        log.append(pair(), seen)
        seen += 2
except StorageError as error:
    print(error)
print(seen > 21, len(log.events()) == seen)
os.unlink(ballast)
log.append(pair(), seen)
print(len(log.events()) == seen + 2)
print(len(open_storage(os.path.join(disk, "study.db")).open("mlp").events()) == seen + 2)
"""
    text, *kept = run_on_small_disk(program, tmp_path / "disk").splitlines()
    assert (
        "study.db could not grow, as the disk is full. Make room and resume: all that came before is" in text
    )
    assert kept == ["True True", "True", "True"]


def test_a_read_only_disk_can_be_read_and_not_written(tmp_path: Path) -> None:
    program = """
import subprocess
disk = sys.argv[1]
path = os.path.join(disk, "study.db")
storage = open_storage(path)
storage.create("mlp", CREATED).append([report(0, 1)], 1)
storage.close()
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
storage = open_storage(path, create=False)
log = storage.open("mlp")
print(len(log.events()))
for attempt in (
    lambda: log.append([report(0, 2)], 2),
    lambda: storage.create("other", CREATED),
    lambda: open_storage(os.path.join(disk, "new.db")),
):
    try:
        attempt()
    except StorageError as error:
        print(error)
print(len(log.events()))
"""
    before, append, create, new, after = run_on_small_disk(program, tmp_path / "disk").splitlines()
    assert (before, after) == ("2", "2")
    assert "study.db cannot be written. Make the file and its folder writable, or choose another" in append
    assert "study.db cannot be written" in create
    assert "new.db cannot be opened. The file and its folder must be readable and writable" in new


def test_what_was_not_merged_into_a_file_before_its_disk_became_read_only_is_not_passed_over(
    tmp_path: Path,
) -> None:
    program = """
import shutil, subprocess
disk = sys.argv[1]
path, copy = os.path.join(disk, "study.db"), os.path.join(disk, "copy.db")
storage = open_storage(path)
storage.create("mlp", CREATED).append([report(0, 1)], 1)
for end in ("", "-wal"):
    shutil.copy(path + end, copy + end)
storage.close()
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
try:
    print(open_storage(copy, create=False).studies())
except StorageError as error:
    print(error)
"""
    text = run_on_small_disk(program, tmp_path / "disk")
    assert "copy.db cannot be opened. The file and its folder must be readable and writable" in text
