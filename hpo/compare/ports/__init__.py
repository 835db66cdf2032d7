"""Ports held against their originals: where the two part, and why."""

from hpo.compare.ports.checking import PortCheck, check_port, run_check
from hpo.compare.ports.process import RecorderProcess
from hpo.compare.ports.report import PortReport

__all__ = ["PortCheck", "PortReport", "RecorderProcess", "check_port", "run_check"]
