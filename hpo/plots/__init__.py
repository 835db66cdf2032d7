"""Figures of a study. matplotlib is loaded by the first one that is drawn."""

from hpo.plots.files import check_plot_path, save
from hpo.plots.kinds import KINDS, plot
from hpo.plots.scattering import scatter

__all__ = ["KINDS", "check_plot_path", "plot", "save", "scatter"]
