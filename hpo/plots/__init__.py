"""Figures of a study. matplotlib is loaded by the first one that is drawn."""

from hpo.plots._contour import contour
from hpo.plots._cost import cost
from hpo.plots._curves import curves
from hpo.plots._edf import edf
from hpo.plots._epochs import epochs
from hpo.plots._history import history
from hpo.plots._importance import importance
from hpo.plots._parallel import parallel
from hpo.plots._rank import rank
from hpo.plots._regret import regret
from hpo.plots._rungs import rungs
from hpo.plots._scatter import scatter
from hpo.plots._slices import slices
from hpo.plots._timeline import timeline
from hpo.plots._workers import workers
from hpo.plots.files import check_plot_path, save
from hpo.plots.kinds import KINDS, plot

__all__ = [
    "KINDS",
    "check_plot_path",
    "contour",
    "cost",
    "curves",
    "edf",
    "epochs",
    "history",
    "importance",
    "parallel",
    "plot",
    "rank",
    "regret",
    "rungs",
    "save",
    "scatter",
    "slices",
    "timeline",
    "workers",
]
