"""Run the notebook beside this file from top to bottom with one framework; its outputs are not kept."""

import argparse
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--backend", default="numpy", help="numpy, torch, tensorflow, mxnet or jax")
parser.add_argument("--notebook", type=Path, default=HERE / "random_search.ipynb")
parser.add_argument("--output", type=Path, help="keep the notebook with its outputs here")
arguments = parser.parse_args()

# The kernel inherits these. Without a choice of its own, matplotlib draws into the notebook.
os.environ["HPO_BACKEND"] = arguments.backend
os.environ.setdefault("HPO_DATA", "sample")
os.environ.pop("MPLBACKEND", None)

notebook = nbformat.read(arguments.notebook, as_version=4)
NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
if arguments.output:
    nbformat.write(notebook, arguments.output)

outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
texts = [output.text for output in outputs if output.output_type == "stream" and output.name == "stdout"]
skipped = sum(text.startswith("(a cell for ") for text in texts)
figures = sum("image/png" in output.get("data", {}) for output in outputs)
print("".join(text for text in texts if not text.startswith("(a cell for ")))
print(f"{arguments.backend}: {len(notebook.cells)} cells, {skipped} skipped, {figures} figures")
