"""Values are strict JSON that can stand in a script, and reach JavaScript without loss."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hpo.page.json_values import plain, to_script

JSON = some.recursive(
    some.none()
    | some.booleans()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text()
    # Halves of characters, which JSON may hold and UTF-8 may not.
    | some.text(some.characters(exclude_categories=()), max_size=5)
    | some.sampled_from(["</script>", "<!--", "<script", "]]>", "\u2028\u2029", "&lt;", '"', "\\"]),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_a_text_for_a_script_reads_back_and_ends_no_script(value: Any) -> None:
    text = to_script(value)
    read = json.loads(text)
    # Two halves that follow each other are one character, in JSON as in JavaScript.
    assert json.dumps(read) == json.dumps(json.loads(json.dumps(value)))
    assert not re.search("[<>&\u2028\u2029\ud800-\udfff]", text)
    text.encode()


def test_no_number_that_is_none_gets_into_a_script() -> None:
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        to_script([math.nan])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (2**53, 2**53),
        (-(2**53) - 1, "-9007199254740993"),
        (True, True),
        ((1, None, [2.5]), [1, None, [2.5]]),
        ({1: {"a": math.inf}}, {"1": {"a": "Infinity"}}),
        (Path("a"), "a"),
    ],
)
def test_values_are_such_that_javascript_takes_them_without_loss(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_a_number_of_any_length_is_a_text() -> None:
    assert plain(10**400) == "1" + 400 * "0"
    assert str(plain(10**5000)).startswith("0x")
