"""Why a port parts from its original: hypotheses, each tested on the numbers that were recorded."""

from hpo.compare.ports.causes.cause import Cause

__all__ = ["Cause"]
