"""Names of studies, and of the folders that belong to them."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9_-]{1,60}")
# Windows has devices of these names in every folder.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def check_name(name: str) -> str:
    """The name itself, if a study can be called so: any text but the empty one.

    Raises:
        TypeError: it is no str.
        ValueError: it is empty, or holds what no database takes.
    """
    if not isinstance(name, str):
        raise TypeError(f"A study's name is a str; received {name!r}.")
    if not name or "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(
            "A study's name is any text that is not empty and holds no NUL and no lone surrogates; "
            f"received {name!r}."
        )
    return name


def folder_name(name: str) -> str:
    """A name for the folder of a study: safe on any file system, and another one for each study.

    A name of small letters, digits, `-` and `_` stays as it is. Any other name keeps these characters and
    ends in `~` and a hash; no name of the first kind has a `~`. So `MLP` and `mlp` have different folders
    where the file system ignores case.
    """
    if _PLAIN.fullmatch(name) and name not in _DEVICES:
        return name
    readable = re.sub(r"[^a-z0-9_]+", "-", name.lower())[:40].strip("-")
    return f"{readable}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
