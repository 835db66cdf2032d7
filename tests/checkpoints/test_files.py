from __future__ import annotations

import io
import json
import os
import resource
import secrets
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from hpo.checkpoints import Checkpoint, CheckpointFolder
from hpo.errors import CheckpointError
from hpo.testing.checkpoints import same

STATES = {"model": {"weight": np.arange(6.0).reshape(2, 3), "names": ["a", None]}, "count": np.array(7)}
DTYPES = some.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.unsigned_integer_dtypes(),
    arrays.floating_dtypes(endianness="?"),
    arrays.complex_number_dtypes(),
    arrays.unicode_string_dtypes(),
)
SCALARS = some.none() | some.booleans() | some.integers() | some.floats() | some.text()
TREES = some.recursive(
    SCALARS | arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0)),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=12,
)


def refused(text: str) -> AbstractContextManager[Any]:
    """A block that raises a `CheckpointError` with this text."""
    return pytest.raises(CheckpointError, match=text)


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "study")


def saved(folder: CheckpointFolder, epoch: int = 1, states: Any = STATES) -> Checkpoint:
    checkpoint = folder.checkpoint(3, 0, epoch)
    folder.save(checkpoint, states, {"epoch": epoch})
    return checkpoint


def files(folder: CheckpointFolder) -> list[str]:
    return sorted(path.name for path in folder.path.rglob("*") if path.is_file())


@given(states=some.dictionaries(some.text(), TREES, max_size=3))
def test_what_is_saved_comes_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, states: Any
) -> None:
    folder = CheckpointFolder(tmp_path_factory.mktemp("study"))
    back, about = saved(folder, states=states).load()
    assert about == {"epoch": 1}
    assert list(back) == list(states)
    assert same(back, states)


def test_numbers_that_json_knows_not_come_back() -> None:
    states = {"odd": [float("nan"), float("inf"), float("-inf"), -0.0, 2**200, "\ud800"]}
    assert same(roundtrip(states), states)


def test_scalars_of_numpy_and_tuples_come_back_as_python_s() -> None:
    states = {"numbers": (np.float32(0.5), np.int64(3), np.bool_(True), np.float64(0.1), np.str_("a"))}
    assert same(roundtrip(states), {"numbers": [0.5, 3, True, 0.1, "a"]})


def roundtrip(states: Any) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as path:
        return saved(CheckpointFolder(Path(path)), states=states).load()[0]


def test_what_comes_back_can_be_changed(folder: CheckpointFolder) -> None:
    states, _ = saved(folder).load()
    states["model"]["weight"] += 1
    assert states["model"]["weight"][0, 0] == 1


def test_the_name_follows_from_trial_attempt_and_epoch(folder: CheckpointFolder) -> None:
    assert folder.checkpoint(12, 1, 3).path == str(folder.path / "trial-000012" / "000003-1.npz")


def test_nothing_is_created_before_the_first_is_saved(folder: CheckpointFolder) -> None:
    assert folder.written(3) == []
    folder.delete_trial(3)
    assert not folder.path.exists()


def test_those_that_are_there_are_listed_by_epoch(folder: CheckpointFolder) -> None:
    for epoch in (10, 2, 1):
        saved(folder, epoch)
    folder.save(folder.checkpoint(3, 1, 2), STATES, {})
    (folder.path / "trial-000003" / "notes.txt").touch()
    assert [(one.epoch, one.attempt) for one in folder.written(3)] == [(1, 0), (2, 0), (2, 1), (10, 0)]
    assert folder.written(4) == []
    assert folder.trials() == [3]


def test_one_is_deleted(folder: CheckpointFolder) -> None:
    checkpoint = saved(folder)
    assert folder.exists(checkpoint)
    for _ in range(2):
        folder.delete(checkpoint)
        assert not folder.exists(checkpoint)


def test_a_trial_s_are_deleted_with_what_a_killed_writer_left(folder: CheckpointFolder) -> None:
    kept = saved(folder, 2)
    saved(folder, 1)
    (folder.path / "trial-000003" / "000003-0.npz-a1b2c3d4.tmp").write_bytes(b"half")
    folder.delete_trial(3, keep=[kept])
    assert files(folder) == ["000002-0.npz"]
    folder.delete_trial(3)
    assert not (folder.path / "trial-000003").exists()


def test_one_that_is_not_there_is_an_error_that_says_so(folder: CheckpointFolder) -> None:
    with pytest.raises(
        CheckpointError, match=r"There is no checkpoint .*000001-0\.npz.*put it back, or train"
    ):
        folder.checkpoint(3, 0, 1).load()


@pytest.mark.parametrize("length", [0, 1, 100, -30, -1])
def test_a_file_that_was_cut_is_refused(folder: CheckpointFolder, length: int) -> None:
    checkpoint = saved(folder)
    whole = Path(checkpoint.path).read_bytes()
    Path(checkpoint.path).write_bytes(whole[:length])
    with refused("was cut or altered since it was written, or is none"):
        checkpoint.load()


@given(data=some.data())
def test_a_flipped_bit_is_refused_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: some.DataObject
) -> None:
    checkpoint = saved(CheckpointFolder(tmp_path_factory.mktemp("study")))
    content = bytearray(Path(checkpoint.path).read_bytes())
    place = data.draw(some.integers(0, 8 * len(content) - 1))
    content[place // 8] ^= 1 << place % 8
    Path(checkpoint.path).write_bytes(content)
    with suppress(CheckpointError):
        states, about = checkpoint.load()
        assert about == {"epoch": 1}
        assert same(states, STATES)


def test_a_flipped_bit_in_an_array_is_refused(folder: CheckpointFolder) -> None:
    checkpoint = saved(folder)
    content = bytearray(Path(checkpoint.path).read_bytes())
    content[content.index(np.float64(5).tobytes())] ^= 1
    Path(checkpoint.path).write_bytes(content)
    with refused(r"cut or altered .*Bad CRC-32.*Delete it"):
        checkpoint.load()


def test_another_program_s_npz_is_refused(folder: CheckpointFolder, tmp_path: Path) -> None:
    checkpoint = saved(folder)
    np.savez(checkpoint.path, weight=np.zeros(3))
    with refused(r"is no checkpoint of a study: it lacks checkpoint\.json"):
        checkpoint.load()


def test_a_pickle_is_not_opened(folder: CheckpointFolder) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return os._exit, (3,)

    pickled = io.BytesIO()
    np.lib.format.write_array(pickled, np.array([Bomb()], object), allow_pickle=True)
    checkpoint = saved(folder)
    replace(checkpoint, "0.npy", pickled.getvalue())
    with refused("Object arrays cannot be loaded when allow_pickle=False"):
        checkpoint.load()


def test_one_of_a_later_format_is_refused(folder: CheckpointFolder) -> None:
    checkpoint = saved(folder)
    replace(checkpoint, "checkpoint.json", json.dumps({"format": 2}).encode())
    with refused("has the format 2; this version of polyhpo reads 1"):
        checkpoint.load()


def test_a_file_that_lacks_an_array_is_refused(folder: CheckpointFolder) -> None:
    checkpoint = saved(folder)
    replace(checkpoint, "0.npy", None)
    with refused(r"cut or altered .*no item named '0\.npy'"):
        checkpoint.load()


def replace(checkpoint: Checkpoint, name: str, content: bytes | None) -> None:
    with zipfile.ZipFile(checkpoint.path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    members[name] = content or b""
    with zipfile.ZipFile(checkpoint.path, "w") as archive:
        for member, data in members.items():
            if member != name or content is not None:
                archive.writestr(member, data)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"a": [np.array([None])]}, r"an array of the dtype object \(at model\.a\.0\)"),
        ({"a": object()}, r"received a object \(at model\.a\)"),
        ({3: 4}, r"a dict with the key 3 \(at model\)"),
        (np.zeros(2, "f4,i4"), r"an array of the dtype \[\('f0'"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_with_its_place(
    folder: CheckpointFolder, state: Any, text: str
) -> None:
    with refused(text):
        saved(folder, states={"model": state})
    assert not folder.path.exists()


def test_notes_that_are_not_of_json_are_refused(folder: CheckpointFolder) -> None:
    with pytest.raises(
        CheckpointError,
        match=r"notes in a checkpoint are values of JSON; Object of type set is not JSON serializable",
    ):
        folder.save(folder.checkpoint(3, 0, 1), STATES, {"epochs": {1, 2}})
    assert files(folder) == []


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "study").touch()
    with pytest.raises(
        CheckpointError, match=r"could not be written: .*\. Nothing that was there was changed"
    ):
        saved(CheckpointFolder(tmp_path / "study"))


def a_file(place: Path) -> None:
    place.write_text("mine")


def a_dangling_link(place: Path) -> None:
    place.symlink_to(place.with_name("gone"))


@pytest.mark.parametrize("level", ["study", "study/trial-000003"])
@pytest.mark.parametrize(
    ("put", "said"),
    [(a_file, "is a file, and no folder"), (a_dangling_link, "is a link that leads nowhere, and no folder")],
)
def test_what_stands_in_the_place_of_a_folder_is_named(
    folder: CheckpointFolder, put: Callable[[Path], None], said: str, level: str
) -> None:
    kept = CheckpointFolder(folder.path.with_name("whole"))
    other = saved(kept)
    place = folder.path.with_name("study") if level == "study" else folder.path / "trial-000003"
    place.parent.mkdir(exist_ok=True)
    put(place)
    writers: list[Callable[[], object]] = [lambda: saved(folder), lambda: folder.copy(other, 3)]
    for use in writers:
        with refused(f"could not be written: .*{level} {said}. Nothing that was there"):
            use()
    with refused(f"cannot be read: .*{level} {said}. Put back what was there"):
        folder.checkpoint(3, 0, 1).load()
    assert not folder.exists(folder.checkpoint(3, 0, 1))
    assert folder.written(3) == []
    assert folder.trials() == ([] if level == "study" else [3])
    folder.delete_trial(3)
    assert place.is_symlink() or place.read_text() == "mine"


def test_a_folder_that_must_not_be_read_holds_nothing_to_work_with(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = saved(folder)

    def refusing(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(path: Any, *arguments: Any, **options: Any) -> Any:
            if "trial-000003/" in f"{path}/" and str(path) != str(Path(checkpoint.path).parent):
                raise PermissionError(13, "Permission denied", str(path))
            return function(path, *arguments, **options)

        return called

    # Root, who runs many a container, may read everywhere: so not by the folder's mode.
    for name in ("stat", "open"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    monkeypatch.setattr(os, "listdir", Mock(side_effect=PermissionError(13, "Permission denied")))
    assert (folder.trials(), folder.written(3)) == ([], [])
    assert not folder.exists(checkpoint)
    folder.delete_trial(3)
    with refused("cannot be read: Permission denied. Put back what was there or let it be read"):
        checkpoint.load()


def test_a_folder_that_vanishes_while_a_file_is_written_is_made_anew(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    vanish = [True]

    def token(length: int) -> str:
        if vanish.pop():
            (folder.path / "trial-000003").rmdir()
            vanish.append(False)
        return "0" * 2 * length

    monkeypatch.setattr(secrets, "token_hex", token)
    assert saved(folder).load()[1] == {"epoch": 1}


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(folder, 1)

    def refuse(*arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    # Root, who runs many a container, may write everywhere: so not by the folder's mode.
    monkeypatch.setattr("builtins.open", refuse)
    with refused(r"could not be written: Permission denied.*keep='none'"):
        saved(folder, 2)
    monkeypatch.undo()
    assert files(folder) == ["000001-0.npz"]


def test_a_file_that_cannot_be_read_is_an_error_that_says_so(folder: CheckpointFolder) -> None:
    Path(folder.checkpoint(3, 0, 1).path).mkdir(parents=True)
    with refused(r"000001-0\.npz cannot be read: It is a folder"):
        folder.checkpoint(3, 0, 1).load()


def test_a_trial_s_file_that_cannot_be_removed_stays_and_costs_nothing_else(
    folder: CheckpointFolder,
) -> None:
    saved(folder, 2)
    Path(folder.checkpoint(3, 0, 1).path).mkdir()
    for name in ("notes.tmp", "1-0.npz"):
        (folder.path / "trial-000003" / name).touch()
    folder.delete_trial(3)
    assert files(folder) == ["1-0.npz", "notes.tmp"]


def test_a_file_that_cannot_be_removed_is_an_error_that_says_so(folder: CheckpointFolder) -> None:
    Path(folder.checkpoint(3, 0, 1).path).mkdir(parents=True)
    with pytest.raises(
        CheckpointError, match=r"000001-0\.npz cannot be removed: .*Let its folder be written"
    ):
        folder.delete(folder.checkpoint(3, 0, 1))


def test_a_full_disk_leaves_what_was_there(folder: CheckpointFolder) -> None:
    old = saved(folder)
    before = Path(old.path).read_bytes()
    code = f"""
        import resource, numpy as np
        from pathlib import Path
        from hpo.checkpoints import CheckpointFolder
        from hpo.errors import CheckpointError
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, {resource.RLIM_INFINITY}))
        folder = CheckpointFolder(Path({str(folder.path)!r}))
        for size in (2_000, 5_000):
            try:
                folder.save(folder.checkpoint(3, 0, 1 + (size == 2_000)), {{"model": np.zeros(size)}}, {{}})
                print("written")
            except CheckpointError as error:
                print(error)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    written, refused = done.stdout.splitlines()
    assert written == "written"
    assert "could not be written: File too large. Nothing that was there was changed. Make room" in refused
    assert Path(old.path).read_bytes() == before
    assert files(folder) == ["000001-0.npz", "000002-0.npz"]


def test_a_writer_that_is_interrupted_leaves_what_was_there(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = saved(folder)
    before = Path(old.path).read_bytes()

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        saved(folder, states={"model": np.ones(3)})
    assert Path(old.path).read_bytes() == before
    assert files(folder) == ["000001-0.npz"]
