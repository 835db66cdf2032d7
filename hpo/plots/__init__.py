"""Figures of a study. matplotlib is loaded by the first one that is drawn."""

from hpo.plots.files import check_plot_path, save
from hpo.plots.scattering import scatter

__all__ = ["check_plot_path", "save", "scatter"]
