"""URLs of databases, without what is secret in them."""

from __future__ import annotations

import re

# As SQLAlchemy reads a URL: the password goes from the colon after the user to the first @.
_PASSWORD = re.compile(r"(\w://[^:/@]*):[^@]*@")
_PARAMETER = re.compile(r"([?&](?:\w*password|passwd|pwd|\w*secret|\w*token)=)[^&#]*", re.IGNORECASE)


def without_password(text: str) -> str:
    """A text with the password hidden, if it is the URL of a database, or holds one.

    Example:
        >>> without_password("postgresql://user:secret@host/base?sslpassword=more&sslmode=require")
        'postgresql://user:***@host/base?sslpassword=***&sslmode=require'
        >>> without_password("study.db")
        'study.db'
    """
    return _PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text)) if "://" in text else text
