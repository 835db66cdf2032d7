"""Why a port parts from its original: hypotheses, each tested on the numbers that were recorded."""

from hpo.ports.causes.cause import NAMES, Cause

__all__ = ["NAMES", "Cause"]
