"""Contract suites: what any backend and any searcher must do, as tests to subclass.

    >>> class TestMyBackend(BackendContract):
    ...     package = "hpo_mine"

`assert_backends_agree` holds frameworks against each other in your own test; the fixture `backend` of
`hpo.integrations.pytest` runs one on several of them.

Needs pytest and hypothesis: `pip install "polyhpo[testing]"`. The same tests run for the backends and the
searchers that ship with the library.
"""

from hpo.testing import _extra as _extra
from hpo.testing._grade import Check, Grade, grade
from hpo.testing.agreement import assert_backends_agree
from hpo.testing.backend import BackendContract
from hpo.testing.book import BookContract
from hpo.testing.book_networks import BookNetworkContract
from hpo.testing.checkpoints import CheckpointContract
from hpo.testing.cohorts import CohortContract
from hpo.testing.data import DataContract
from hpo.testing.executors import ExecutorContract
from hpo.testing.last_batches import LastBatchContract
from hpo.testing.network import NetworkContract
from hpo.testing.optimizers import StockOptimizerContract
from hpo.testing.output import OutputContract
from hpo.testing.reader import ReaderContract
from hpo.testing.regression import RegressionContract
from hpo.testing.resume import ResumeContract
from hpo.testing.schedulers import SchedulerContract
from hpo.testing.searchers import SearcherContract
from hpo.testing.storage import StorageContract

__all__ = [
    "BookContract",
    "BookNetworkContract",
    "Check",
    "CheckpointContract",
    "CohortContract",
    "DataContract",
    "ExecutorContract",
    "Grade",
    "LastBatchContract",
    "NetworkContract",
    "OutputContract",
    "BackendContract",
    "ReaderContract",
    "RegressionContract",
    "ResumeContract",
    "SchedulerContract",
    "SearcherContract",
    "StockOptimizerContract",
    "StorageContract",
    "assert_backends_agree",
    "grade",
]
