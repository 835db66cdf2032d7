"""How Sphinx builds the site."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import hpo

project = "polyhpo"
author = "the polyhpo developers"
copyright = "the polyhpo developers; Apache-2.0"  # Sphinx reads this name
release = version = hpo.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "sphinx_copybutton",
    "executed.site",
]
exclude_patterns = ["_build", "outputs"]

# Pages are read with the outputs that are stored beside them; nothing is executed while the site is built.
nb_custom_formats = {".md": ["executed.site.read", {}, False]}
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist", "substitution"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

# The reference has names of hpo_jax, and the site is built without JAX.
autodoc_mock_imports = ["jax", "flax", "optax"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": False}
default_role = "code"
napoleon_use_ivar = True
napoleon_use_rtype = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = "polyhpo"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
