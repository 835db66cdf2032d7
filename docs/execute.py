"""Execute pages of the site with the framework of this environment, and keep what they print and draw.

python docs/execute.py pytorch                    those whose outputs are not those of their code
python docs/execute.py pytorch start how-to/resume
python docs/execute.py pytorch --all
python docs/execute.py pytorch --check            Start and what changed, without keeping anything
python docs/execute.py pytorch --check --all
"""

import argparse
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from executed.kernel import CellError, executed
from executed.pages import TABS, Page, all_pages
from executed.store import keep, stale, stored


def main() -> int:
    """Execute what the command line asks for; 1, if a cell failed or a command printed something else."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tab", choices=TABS)
    parser.add_argument("pages", nargs="*", help="their paths below docs/, without .md")
    parser.add_argument("--all", action="store_true", help="also those whose outputs are theirs")
    parser.add_argument(
        "--check",
        action="store_true",
        help="keep nothing; hold the outputs of commands against the kept ones",
    )
    arguments = parser.parse_intermixed_args()
    faults = []
    for page in _chosen(arguments):
        begun = time.perf_counter()
        try:
            notebook = executed(page, arguments.tab)
        except CellError as error:
            faults.append(str(error))
        else:
            if arguments.check:
                faults += _differences(page, arguments.tab, notebook)
            else:
                keep(page, arguments.tab, notebook)
        seconds = time.perf_counter() - begun
        print(
            f"{page.name} [{arguments.tab}] {len(page.code_of(arguments.tab))} cells, {seconds:.1f} s",
            flush=True,
        )
    print("\n\n".join(faults), file=sys.stderr)
    return 1 if faults else 0


def _chosen(arguments: argparse.Namespace) -> list[Page]:
    pages = [page for page in all_pages() if arguments.tab in page.tabs]
    if arguments.pages:
        missing = set(arguments.pages) - {page.name for page in pages}
        if missing:
            raise SystemExit(f"There are no pages {sorted(missing)} with code for the tab {arguments.tab}.")
        return [page for page in pages if page.name in arguments.pages]
    if arguments.all:
        return pages
    always = {"start"} if arguments.check else set()
    return [page for page in pages if page.name in always or arguments.tab in stale(page)]


def _differences(page: Page, tab: str, notebook: object) -> list[str]:
    """Where a command printed other words than those that are kept. Its numbers may differ."""
    kept = stored(page, tab)
    if kept is None:
        return [f"The outputs of {page.name}.md in the tab {tab} are not kept, or made by other code."]
    faults = []
    for cell, now, then in zip(page.code_of(tab), notebook.cells, kept.cells, strict=True):
        if cell.commands and _words(now) != _words(then):
            where = f"{page.name}.md, line {cell.line + 1}: {cell.source}"
            faults.append(f"{where}\nprinted\n{_text(now)}\nand the page shows\n{_text(then)}")
    return faults


def _text(cell: object) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


_TIMES = re.compile(r"(First epochs done; )?\b(about|under)( [\d.,]+ [a-z]+)+( to go\.?)?")
"""How long something takes, as the library says it. Where it is quick, it is not said."""


def _words(cell: object) -> set[str]:
    """The words of an output. What is counted, measured and drawn may change from run to run."""
    return set(re.findall(r"[A-Za-z_]{3,}", _TIMES.sub("", _text(cell))))


if __name__ == "__main__":
    sys.exit(main())
