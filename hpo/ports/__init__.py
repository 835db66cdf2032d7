"""Ports held against their originals: where the two differ first, and why."""

from hpo.ports.arguments import read_check
from hpo.ports.check import PortCheck
from hpo.ports.process import RecorderProcess
from hpo.ports.report import PortReport
from hpo.ports.run import check_port, run_check

__all__ = ["PortCheck", "PortReport", "RecorderProcess", "check_port", "read_check", "run_check"]
