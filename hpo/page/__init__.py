"""Studies as a page: the report in one file, and the same page live."""

from hpo.page.files import save
from hpo.page.notebook import show

__all__ = [
    "save",
    "show",
]
