"""Spaces from TOML files."""

from pathlib import Path

import pytest
import scipy.stats

from hpo.errors import SpaceError
from hpo.space import Choice, Distribution, Float, Int, Space, load_space_toml, param


def write(folder: Path, text: str) -> Path:
    path = folder / "space.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_the_space_that_python_would(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        constraints = ["operator:truth", {op = "<=", left = {param = "width"}, right = 900}]
        batch_size = 16

        [learning_rate]
        type = "float"
        low = 1e-4
        high = 1
        log = true
        default = 0.1

        [decay]
        distribution = "loguniform"
        args = [1e-6, 1e-2]
        default = 1e-4

        [noise]
        distribution = "truncnorm"
        args = [-inf, 2]
        kwds = {scale = 3}

        [optimizer]
        type = "choice"
        options = ["sgd", "adam"]
        default = "adam"

        [width]
        type = "int"
        low = 32
        high = 1024
        when = {name = "optimizer", eq = "sgd"}
        """,
    )
    assert load_space_toml(path) == Space(
        {
            "batch_size": 16,
            "learning_rate": Float(1e-4, 1, log=True, default=0.1),
            "decay": Distribution(scipy.stats.loguniform(1e-6, 1e-2), default=1e-4),
            "noise": scipy.stats.truncnorm(-float("inf"), 2, scale=3),
            "optimizer": Choice(["sgd", "adam"], default="adam"),
            "width": Int(32, 1024).when("optimizer", eq="sgd"),
        },
        constraints=["operator:truth", param("width") <= 900],
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[lr\n", "space.toml is no valid TOML: "),
        ("", "space.toml: The space is empty"),
        ("[lr]\nlow = 1", "space.toml: Hyperparameter 'lr': A domain needs a type"),
        (
            "[lr]\ntype = 'float'\nlow = 1\nhigh = 0",
            "Hyperparameter 'lr': The lower bound of {type = \"float\"",
        ),
        ("[lr]\ntype = 'float'\nlow = nan\nhigh = 0", "'lr': The lower bound of a Float is a finite number"),
        (
            "[lr]\ntype = 'float'\nlo = 1\nhigh = 2",
            "'lr': A domain of type 'float' has no 'lo'; .* mean 'low'",
        ),
        (
            "[lr]\ntype = 'int'\nlow = 1\nhigh = 2\ndefault = 3",
            r"'lr': The default of {type = .int., low = 1, high = 2} is not in",
        ),
        ("[lr]\ndistribution = 'logunifrom'\nargs = [1, 2]", "'lr': scipy.stats has no distribution named"),
        ("lr = [1, 2]", r"'lr': Expected a domain; received \[1, 2\]. Write {type = \"choice\""),
        ("day = 2026-11-23", "'day': Expected a domain .*; received datetime.date"),
        ("constraints = [3]\nlr = 1", "space.toml: Expected a constraint such as"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        load_space_toml(write(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpaceError, match=r"space.toml is no valid TOML"):
        load_space_toml(tmp_path / "space.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere.toml"):
        load_space_toml(tmp_path / "nowhere.toml")
