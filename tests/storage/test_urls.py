"""URLs of databases are shown without what is secret in them."""

from __future__ import annotations

import pytest

from hpo.storage.urls import without_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("study.db", "study.db"),
        ("C:\\studies@home\\a.db", "C:\\studies@home\\a.db"),
        ("sqlite:///study.db", "sqlite:///study.db"),
        ("postgresql://host:5432/base", "postgresql://host:5432/base"),
        ("postgresql://user@host:5432/base", "postgresql://user@host:5432/base"),
        ("postgresql://user:pa/ss:w'ord@host/base", "postgresql://user:***@host/base"),
        ("postgresql+psycopg://:secret@host/base", "postgresql+psycopg://:***@host/base"),
        (
            "postgresql://host/base?user=me&PASSWORD=a'b&x=1",
            "postgresql://host/base?user=me&PASSWORD=***&x=1",
        ),
        ("postgresql://h/b?sslpassword=secret#end", "postgresql://h/b?sslpassword=***#end"),
    ],
)
def test_a_url_has_no_password_and_all_else(text: str, shown: str) -> None:
    assert without_password(text) == shown
