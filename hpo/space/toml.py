"""Spaces from TOML files, for `hpo run module:function --space space.toml`.

Each hyperparameter is a table::

    constraints = ["mypackage.limits:fits_into_memory"]
    batch_size = 16

    [learning_rate]
    type = "float"
    low = 1e-4
    high = 1
    log = true
    default = 0.1

    [momentum]
    distribution = "uniform"
    args = [0, 0.99]

    [second_width]
    type = "int"
    low = 32
    high = 1024
    when = {name = "num_layers", ge = 2}
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hpo.errors import SpaceError
from hpo.inputs import read_text
from hpo.space.constraints import constraint_from_json
from hpo.space.domain import Domain
from hpo.space.parse import as_domain, domain_from_json
from hpo.space.space import Space
from hpo.space.toml_syntax import as_written_in_toml
from hpo.space.values import about

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def load_space_toml(path: str | os.PathLike[str]) -> Space:
    """Read a space from a TOML file.

    A table is a domain by its type and arguments, or a `scipy.stats` distribution by `distribution`,
    `args` and `kwds`; a bare value is a constant; the list `constraints` holds trees, or import paths of
    functions, which are not imported: pass them by `Space.with_functions`.

    Raises:
        FileNotFoundError: there is no such file.
        SpaceError: it is no TOML, or an entry is no domain; the message names the file and the key.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from hpo.space import load_space_toml
        >>> text = '''
        ... batch_size = 32
        ...
        ... [rate]
        ... type = "float"
        ... low = 1e-4
        ... high = 1
        ... log = true
        ... '''
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "space.toml")
        ...     written = path.write_text(text)
        ...     print(load_space_toml(path))
        Space({
            'batch_size': Constant(32),
            'rate': Float(0.0001, 1.0, log=True),
        })
    """
    source = Path(path)
    try:
        entries = tomllib.loads(read_text(source))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpaceError(f"{source} is no valid TOML: {error}") from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SpaceError(f"{source} cannot be read: {error.strerror or error}.") from error
    # A hyperparameter may have that name: then the entry is a table or a value, and no list.
    constraints = entries.pop("constraints") if isinstance(entries.get("constraints"), list) else []
    try:
        domains = {name: about(name, _domain, entry) for name, entry in entries.items()}
        return Space(domains, constraints=[constraint_from_json(each) for each in constraints])
    except SpaceError as error:
        raise SpaceError(f"{source}: {as_written_in_toml(str(error))}") from error


def _domain(entry: object) -> Domain:
    return domain_from_json(entry) if isinstance(entry, Mapping) else as_domain(entry)
