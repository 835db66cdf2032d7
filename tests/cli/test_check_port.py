"""`hpo check-port`, up to where a framework would start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpo.cli.failures import UsageError
from hpo.cli.ports import by_side
from hpo.ports.causes import Cause
from hpo.ports.differences import Difference
from hpo.ports.report import PortReport, Rung, RungState

SIDES = ("torch:nets:net", "mxnet:nets:net")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nets:net", SIDES[1], "--batch", "sample"), "A side was expected as framework:module:function"),
        (SIDES, "--batch was expected, rows and labels"),
        ((*SIDES, "--batch", "there_is_none.npz"), "there_is_none.npz: No such file"),
        (
            (*SIDES, "--batch", "sample", "--optimizer", "sgd,lr"),
            "An optimizer is named as sgd,lr=0.1,momentum=0.9",
        ),
        ((*SIDES, "--batch", "sample", "--python", "old-env"), "--python takes SIDE=PATH"),
        (
            (*SIDES, "--batch", "sample", "--python", "mxnet=old-env"),
            "The Python for mxnet:nets:net was not found",
        ),
        ((*SIDES, "--batch", "sample", "--accept", "flaten order"), "--accept takes names of causes"),
        (
            (*SIDES, "--batch", "sample", "--loss", "a", "--loss", "b"),
            "--loss takes one value for both sides",
        ),
        ((*SIDES, "--batch", "sample", "--layout", "CHW"), "--layout takes NCHW or NHWC; received 'CHW'"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(
    hpo: Callable[..., Any], arguments: tuple[str, ...], text: str
) -> None:
    answer = hpo("check-port", *arguments)
    assert (answer.code, answer.stdout) == (2, "")
    assert text in answer.stderr


def test_the_table_of_interpreters_is_read(hpo: Callable[..., Any]) -> None:
    Path("hpo.toml").write_text('[python]\nmxnet = "from-table"\nnumpy = "not-a-side"\n')
    answer = hpo("check-port", *SIDES, "--batch", "sample")
    assert "from-table is neither an interpreter nor the folder of an environment" in answer.stderr


def test_values_are_for_both_sides_or_for_each() -> None:
    assert by_side("loss", None) is None
    assert by_side("loss", ["nets:loss"]) == "nets:loss"
    assert by_side("loss", ["mxnet=old:loss", "port=new:loss"]) == {"mxnet": "old:loss", "port": "new:loss"}
    assert by_side("optimizer", ["sgd,lr=0.1"]) == "sgd,lr=0.1"
    assert by_side("layout", ["NHWC", "torch=NHWC"]) == {"batch": "NHWC", "torch": "NHWC"}
    with pytest.raises(UsageError, match="--step takes one value for both sides, or SIDE=VALUE for each"):
        by_side("step", ["nets:step", "torch=nets:step"])


def test_a_document_has_the_words_of_the_command(
    hpo: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = PortReport(
        *SIDES,
        ({}, {}),
        [Rung("loss", RungState.DIFFERS, "weights='own' was said")],
        Difference("loss", "batch=3", "with batch_size=4", 1.0),
        Cause("flatten order", "it is another one", "accept=['flatten order'] goes on."),
        ["Give python={'mxnet': PATH}."],
    )
    monkeypatch.setattr("hpo.cli.ports.run_check", lambda check: report)
    monkeypatch.setattr("hpo.cli.ports.read_check", lambda **given: None)
    document = hpo("check-port", *SIDES, "--json").document
    assert document["rungs"][0]["text"] == "--own-weights was said"
    assert document["first_difference"]["text"] == "with --batch-size 4"
    assert document["cause"]["mend"] == "--accept 'flatten order' goes on."
    assert document["notes"] == ["Give --python mxnet=PATH."]
    # A name is no text of the library.
    assert document["first_difference"]["where"] == "batch=3"
