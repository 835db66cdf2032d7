"""Figures of a study. matplotlib is loaded by the first one that is drawn."""

from hpo.plots.contours import contour
from hpo.plots.coordinates import parallel
from hpo.plots.files import check_plot_path, save
from hpo.plots.histories import history
from hpo.plots.important import importance
from hpo.plots.kinds import KINDS, plot
from hpo.plots.scattering import scatter
from hpo.plots.shares import edf
from hpo.plots.slicing import slices

__all__ = [
    "KINDS",
    "check_plot_path",
    "contour",
    "edf",
    "history",
    "importance",
    "parallel",
    "plot",
    "save",
    "scatter",
    "slices",
]
