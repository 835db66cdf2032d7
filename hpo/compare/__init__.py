"""Frameworks held against each other."""

from hpo.compare.agreement import Agreement, compare_traces
from hpo.compare.traces import Trace, record_trace

__all__ = ["Agreement", "Trace", "compare_traces", "record_trace"]
