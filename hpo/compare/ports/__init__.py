"""Ports held against their originals: where the two part, and why."""

from hpo.compare.ports.arguments import read_check
from hpo.compare.ports.check import PortCheck
from hpo.compare.ports.checking import check_port, run_check
from hpo.compare.ports.process import RecorderProcess
from hpo.compare.ports.report import PortReport

__all__ = ["PortCheck", "PortReport", "RecorderProcess", "check_port", "read_check", "run_check"]
