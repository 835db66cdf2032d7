"""Studies as a page: the report in one file, and the same page live."""

from hpo.page.files import save

__all__ = [
    "save",
]
