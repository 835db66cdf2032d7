"""The version of this library; `pyproject.toml` reads it, too."""

__version__ = "0.1.0"
