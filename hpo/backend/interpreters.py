"""Which Python runs each backend."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hpo.backend import registry
from hpo.errors import CompareError, UnknownBackendError
from hpo.inputs import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_FILE = "hpo.toml"
_IN_ENVIRONMENT = ("bin/python", "Scripts/python.exe")


def split_names(text: str) -> list[str]:
    """The names in a text such as `numpy, torch`."""
    return [name.strip() for name in text.split(",") if name.strip()]


def interpreters(names: Sequence[str], python: Mapping[str, str | os.PathLike[str]]) -> dict[str, str]:
    """The interpreter of each backend: this one, where no other is named.

    Args:
        names: the backends.
        python: for some of the backends, the path of a Python or the folder of an environment.

    Raises:
        UnknownBackendError: a backend that is to run here is not registered here.
        CompareError: fewer than two backends, one twice, or an interpreter that is not there.
    """
    others = {_name(name, known=False): path for name, path in python.items()}
    # A backend with another interpreter may be installed only there.
    wanted = [_name(name, known=_name(name, known=False) not in others) for name in names]
    if len(wanted) < 2 or len(set(wanted)) < len(wanted):
        raise CompareError(
            f"A comparison takes at least two backends, each once, for example numpy,torch; received "
            f"{', '.join(names) or 'none'}."
        )
    unused = [name for name in others if name not in wanted]
    if unused:
        raise CompareError(
            f"A Python is named for {', '.join(unused)}, which is not compared; the backends are "
            f"{', '.join(wanted)}."
        )
    return {name: executable(others[name], name) if name in others else sys.executable for name in wanted}


def executable(path: str | os.PathLike[str], backend: str) -> str:
    """The Python at a path, or of the environment whose folder it is.

    Raises:
        CompareError: there is none.
    """
    place = Path(path).expanduser()
    candidates = [place / inside for inside in _IN_ENVIRONMENT] if place.is_dir() else [place]
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            # Not resolved: the link is what makes an interpreter that of its environment.
            return os.path.abspath(candidate)
    raise CompareError(
        f"The Python for {backend} was not found: {place} is neither an interpreter nor the folder of an "
        f"environment. Give its path, for example python={{{backend!r}: 'old-env/bin/python'}}."
    )


def read_config(path: str | os.PathLike[str]) -> dict[str, Path]:
    """The table `python` of a TOML file: a path for each backend, relative to the file's folder.

        [python]
        mxnet = "old-env/bin/python"

    Raises:
        CompareError: there is no such file, or it is no TOML with paths.
    """
    source = Path(path)
    try:
        table = tomllib.loads(read_text(source)).get("python", {})
    except FileNotFoundError as error:
        raise CompareError(f"There is no file {source}, which should name the interpreters.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CompareError(f"{source} is no valid TOML: {error}") from error
    except OSError as error:
        raise CompareError(f"{source} cannot be read: {error.strerror or error}.") from error
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise CompareError(
            f'{source}: [python] holds a path for each backend, such as mxnet = "old-env/bin/python"; '
            f"received {table!r}."
        )
    return {name: source.parent / Path(value).expanduser() for name, value in table.items()}


def _name(name: str, *, known: bool) -> str:
    """The backend's name; one of another environment need not be known here."""
    try:
        return registry.canonical_name(name, origin="backends=")
    except UnknownBackendError:
        if known:
            raise
        return name.strip().lower()
