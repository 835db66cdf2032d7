"""The report in one file: how large it is, and how soon Chromium shows it.

    python benchmarks/report.py
    python benchmarks/report.py --trials 10 1000 10000 --rounds 5

A study of so many trials of one report each is made from events, written as a report, and opened in Chromium,
each round in a new context. `seen` is when all of the first screen is drawn, `drawn` when every section is,
both in seconds since the file was asked for. It needs `pip install playwright` and Debian's chromium, or the
one that HPO_CHROMIUM names.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from hpo.page import save
from hpo.page.html import render

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).parent))
from results_file import Table, add_save, versions_of
from results_file import save as save_figures

MARKS = "['seen', 'drawn'].map(name => performance.getEntriesByName(name)[0].startTime / 1000)"


def main() -> None:
    parser = argparse.ArgumentParser(description="Sizes of reports and the times in which they open.")
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    add_save(parser)
    options = parser.parse_args()
    rows = []
    print(f"{len(render('{}', title='')) / 1000:.0f} kB without data")
    print(f"{'trials':>8} {'file, kB':>9} {'written, s':>11} {'seen, s':>8} {'drawn, s':>9}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        found = os.environ.get("HPO_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for count in options.trials:
            path, seconds = written(count, Path(folder))
            times = [opened(browser, path) for _ in range(options.rounds)]
            seen, drawn = (statistics.median(each) for each in zip(*times, strict=True))
            size = path.stat().st_size / 1000
            print(f"{count:>8} {size:>9.0f} {seconds:>11.2f} {seen:>8.2f} {drawn:>9.2f}")
            rows.append([count, size, seconds, seen, drawn])
        versions = versions_of("playwright") | {"Chromium": browser.version}
        browser.close()
    columns = ["trials", "file, kB", "written, s", "first screen, s", "all sections, s"]
    save_figures(options.save, [Table("Reports of one report a trial", columns, rows)], versions)


def written(count: int, folder: Path) -> tuple[Path, float]:
    """The report of a study of so many trials, and the seconds that it took."""
    from tests.page.studies import many

    study = many(count)
    begin = time.perf_counter()
    path = save(study, folder / f"{count}.html")
    return path, time.perf_counter() - begin


def opened(browser: Browser, path: Path) -> list[float]:
    """The seconds until the first screen, and until all of the page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn=all]")
    found: list[float] = page.evaluate(MARKS)
    context.close()
    return found


if __name__ == "__main__":
    main()
