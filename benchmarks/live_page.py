"""What the live page costs, and how soon its viewers see what is committed.

    python benchmarks/live_page.py --trials 10000 --viewers 10 --seconds 30

A file with a study of so many finished trials is served by `hpo serve` in a process of its own. A writer adds
trials of four events each, 20 events a second, as a search does; the viewers read the stream of events. Shown
are the time from a commit to its arrival at each viewer, and the processor time of the server as a share of
one core: while nothing is written, while the writer writes, and for the first page.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

import hpo
from hpo.storage import StudyLog, open_storage
from hpo.storage.events import Event, EventKind, to_text

sys.path.insert(0, str(Path(__file__).parent))
from results_file import Table, add_save, save, versions_of

SPACE = hpo.Space(
    {**{name: hpo.Float(1e-4, 1, log=True) for name in "abcde"}, "kind": hpo.Choice(["x", "y"])}
)
IDS = re.compile(r'"id":(\d+),')


def trial(number: int, config: dict[str, Any], begin: float) -> list[Event]:
    """The events of a trial that reports twice and completes."""
    value = sum(config[name] for name in "abcde")
    contents: list[tuple[EventKind, int | None, dict[str, Any]]] = [
        (
            EventKind.TRIAL_STARTED,
            None,
            {"config": config, "proposal": number, "owner": "computer/1/2/abcdef01"},
        ),
        (EventKind.REPORTED, 1, {"error": 2 * value}),
        (EventKind.REPORTED, 2, {"error": value}),
        (EventKind.TRIAL_COMPLETED, None, {}),
    ]
    return [
        Event(kind, number, 0, epoch, to_text(data), time.time(), begin + 0.1 * place)
        for place, (kind, epoch, data) in enumerate(contents)
    ]


def make(path: Path, count: int) -> StudyLog:
    """A file with a study of so many finished trials."""
    created = {
        "name": "many",
        "seed": 0,
        "metrics": [{"name": "error", "direction": "minimize"}],
        "objective": None,
        "searcher": "RandomSearch",
        "scheduler": "FIFO",
        "replicates": 1,
        "points": [],
        "space": SPACE.to_json(),
        "versions": {"polyhpo": hpo.__version__},
    }
    log = open_storage(path).create(
        "many", Event(EventKind.STUDY_CREATED, text=to_text(created), time=time.time())
    )
    configs = SPACE.sample(0, n=count)
    log.append([e for number, config in enumerate(configs) for e in trial(number, config, 0.4 * number)], 1)
    return log


def view(port: int, path: str, arrivals: dict[int, float], end: threading.Event) -> None:
    """Note when each trial is first heard of."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    stream = connection.getresponse()
    while not end.is_set():
        line = stream.readline().decode()
        now = time.time()
        for number in IDS.findall(line) if line.startswith("data:") else ():
            arrivals.setdefault(int(number), now)


def write(log: StudyLog, first: int, seconds: float) -> dict[int, float]:
    """Add trials, 20 events a second; when the first event of each was committed."""
    commits: dict[int, float] = {}
    seen = len(log.events())
    for number in range(first, first + int(5 * seconds)):
        for event in trial(number, SPACE.sample(1, start=number)[0], 0.4 * number):
            log.append([event], seen)
            seen += 1
            commits.setdefault(number, time.time())
            time.sleep(0.05)
    return commits


def share(process: psutil.Process, begin: tuple[float, float]) -> float:
    """The processor time since then, as a share of the time that passed."""
    now, used = clock(process)
    return (used - begin[1]) / (now - begin[0])


def clock(process: psutil.Process) -> tuple[float, float]:
    """The time, and the processor time of a process."""
    used = process.cpu_times()
    return time.monotonic(), used.user + used.system


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30.0)
    add_save(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "study.db")
        log = make(path, options.trials)
        command = [
            sys.executable,
            "-c",
            "from hpo.cli.entry import main; main()",
            "serve",
            str(path),
            "--port",
            "0",
        ]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            measure(server, log, options)
        finally:
            server.kill()


def measure(server: subprocess.Popen[str], log: StudyLog, options: argparse.Namespace) -> None:
    """Measure a server that starts."""
    assert server.stdout is not None
    port = int(re.search(r":(\d+)/", server.stdout.readline())[1])  # type: ignore[index]  # it prints its address
    process = psutil.Process(server.pid)
    results: dict[str, float] = {}
    for name in ("first page, seconds", "second page, seconds"):
        begin = time.monotonic()
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/").read().decode()
        results[name] = time.monotonic() - begin
    results["page, MB"] = len(page.encode()) / 1e6
    found = re.search(r'data-events="([^"]+)"', page)
    assert found is not None
    end, arrivals = threading.Event(), [dict[int, float]() for _ in range(options.viewers)]
    for each in arrivals:
        arguments = (port, f"/{found[1].replace('&amp;', '&')}", each, end)
        threading.Thread(target=view, args=arguments, daemon=True).start()
    time.sleep(10)  # the first analysis
    begun = clock(process)
    time.sleep(5)
    results["share of a core, nothing written"] = share(process, begun)
    begun = clock(process)
    commits = write(log, options.trials, options.seconds)
    results["share of a core, 20 events/s"] = share(process, begun)
    time.sleep(2)
    end.set()
    waits = [
        each[number] - moment for each in arrivals for number, moment in commits.items() if number in each
    ]
    results["commits seen by each viewer"] = len(waits) / options.viewers / len(commits)
    results["latency, median seconds"] = statistics.median(waits)
    results["latency, longest seconds"] = max(waits)
    results["memory, MB"] = process.memory_info().rss / 1e6
    print(json.dumps({name: round(value, 3) for name, value in results.items()}, indent=1))
    title = f"{options.viewers} viewers of {options.trials:,} trials"
    table = Table(title, ["what", "value"], [[name, value] for name, value in results.items()])
    save(options.save, [table], versions_of("starlette", "uvicorn"))


if __name__ == "__main__":
    main()
