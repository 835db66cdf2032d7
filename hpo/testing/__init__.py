"""Contract suites: what any backend must do, as tests to subclass.

    class TestMyBackend(PortContract):
        package = "hpo_mine"

Needs pytest. The same tests run for the backends that ship with the library.
"""

from hpo.testing.book import BookContract
from hpo.testing.data import DataContract
from hpo.testing.port import PortContract
from hpo.testing.reader import ReaderContract

__all__ = ["BookContract", "DataContract", "PortContract", "ReaderContract"]
