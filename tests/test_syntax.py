"""Python syntax in texts is found, and nothing else is taken for it."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpo.syntax import reworded


def marked(text: str) -> str:
    """The text with each argument in angle brackets, each call in braces and each dict in bars."""
    return reworded(
        text,
        argument=lambda name, value: f"<{name} {'' if value is None else ast.unparse(value)}>",
        call=lambda name, call: f"{{{name} {len(call.args)}}}" if name.startswith("known") else None,
        table=lambda value: f"|{len(value.keys)}|",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Give keep='none', or seed=0.", "Give <keep 'none'>, or <seed 0>."),
        ("Say num_trials=, or x=1.5.", "Say <num_trials >, or <x 1.5>."),
        ("python={'a b': PATH}. Then", "<python {'a b': PATH}>. Then"),
        ("stop=hpo.Patience(20).", "<stop hpo.Patience(20)>."),
        ("the book's job and trials' keep=3 isn't", "the book's job and trials' <keep 3> isn't"),
        ("received 'keep=3' and \"seed=1\" and `hpo x=2`", "received 'keep=3' and \"seed=1\" and `hpo x=2`"),
        ("a == b, a <= b and a != b", "a == b, a <= b and a != b"),
        ("known(1, 'a)') and unknown(keep=3) and word (s)", "{known 2} and unknown(keep=3) and word (s)"),
        ("such as {'op': 1}; {not one}", "such as |1|; {not one}"),
        ("broken x=( and y='a", "broken x=( and y='a"),
        ("a/b=3 and --opt=3 and 3x=4", "a/b=3 and --opt=3 and 3x=4"),
    ],
)
def test_what_is_python_is_found_and_what_is_quoted_stays(text: str, expected: str) -> None:
    assert marked(text) == expected


@given(st.text(alphabet="ab=('\"{}[]), .\\`_1", max_size=60))
def test_any_text_is_taken_and_without_a_sign_of_python_it_stays(text: str) -> None:
    assert isinstance(marked(text), str)
    plain = text.replace("=", " ").replace("(", " ").replace("{", " ")
    assert marked(plain) == plain


def test_what_a_reader_leaves_stays() -> None:
    text = "Give keep='none', hpo.Float(0, 1) or {'a': 1}."
    assert reworded(text, argument=lambda name, value: None, call=lambda name, call: None) == text
