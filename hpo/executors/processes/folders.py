"""The temporary folders of executors, of which a killed process may have left some behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hpo.inputs import open_regular
from hpo.storage.identity import has_ended, this_process

PREFIX = "hpo-workers-"
OWNER = "owner"
"""The file in such a folder that names the process it belongs to."""

# A name of a process is shorter by far.
_MOST_BYTES = 4096


def make_folder() -> Path:
    """A new temporary folder of this process. Those of processes that have ended are removed before."""
    sweep_folders()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / OWNER).write_text(this_process(), encoding="utf-8")
    return folder


def sweep_folders() -> None:
    """Remove this user's folders of processes that have ended, as far as can be seen from here."""
    # What cannot be listed or removed stays: it is in no one's way.
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and _is_left_behind(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left_behind(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder of this user whose process has ended."""
    try:
        if not entry.is_dir(follow_symlinks=False) or not _is_mine(entry):
            return False
        with open_regular(os.path.join(entry.path, OWNER), _MOST_BYTES) as file:
            owner = file.read().decode("utf-8")
    except (OSError, UnicodeDecodeError):  # it is being made, of an older version, or no such folder
        return False
    return has_ended(owner) is True


def _is_mine(entry: os.DirEntry[str]) -> bool:
    # Root may remove what belongs to others, and is not to.
    return not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid()
