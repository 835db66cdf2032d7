"""The pages of the site as they lie in the checkout, and the code that reads them."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

# The site's own code is no package of the library: Sphinx and `execute.py` find it beside the pages.
sys.path.insert(0, str(DOCS))
