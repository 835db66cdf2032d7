"""Frameworks held against each other."""

from hpo.compare.comparison import Comparison
from hpo.compare.figure import picture
from hpo.compare.studies import compare_backends
from hpo.compare.traces.agreement import Agreement, compare_traces
from hpo.compare.traces.record import Trace, record_trace

__all__ = [
    "Agreement",
    "Comparison",
    "Trace",
    "compare_backends",
    "compare_traces",
    "picture",
    "record_trace",
]
