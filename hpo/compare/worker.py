"""One backend's share of a comparison, in a process of its own: both ends of what is said.

The first message to the process is the request. When all is imported it answers with one of the kind `ready`,
and the next message to it starts the work.
"""

from __future__ import annotations

import dataclasses
import json
import math
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TextIO

import numpy as np

from hpo.backend import registry
from hpo.backend.process import BackendProcess, ProcessDiedError, take_stdout, write_message
from hpo.compare.target import Loaded, Subject
from hpo.errors import CompareError, HpoError, UnknownBackendError
from hpo.executors import Assignment, Progress, SerialExecutor
from hpo.executors.placement import Placement, choose_placement
from hpo.objective.context import Perturbation
from hpo.objective.decision import CONTINUE, Decision, Verdict
from hpo.objective.function import Result, ResultError
from hpo.version import __version__

LAST_LINES = 12
"""How many of a process's last lines are kept when it dies."""
_CODE = "from hpo.compare.worker import main; main()"
# What Python prints where the library is missing, or is older than this module.
_NO_LIBRARY = re.compile(r"No module named '?hpo(\.compare(\.worker)?)?'?$")
UNNAMED = "value"
DEFAULT_METRIC = "val_error"
"""What is compared if an objective returns several metrics and this is one of them, as with a `Trainer`."""


@dataclass(frozen=True)
class WorkerRequest:
    """What a worker is to do.

    Attributes:
        backend: on which backend.
        target: what it evaluates.
        seed: of initial weights and mini-batches.
        configs: with which configs.
        twins: for each twin of every config, by how many units in the last place its weights are moved.
    """

    backend: str
    target: Subject
    seed: int
    configs: tuple[dict[str, Any], ...]
    twins: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, line: str) -> WorkerRequest:
        """The request whose fields are in a line."""
        entries = json.loads(line)
        return cls(
            **entries
            | {
                "target": Subject(**entries["target"]),
                "configs": tuple(entries["configs"]),
                "twins": tuple(entries["twins"]),
            }
        )


class WorkerProcess(BackendProcess):
    """One backend's worker, as the process that started it sees it.

    Args:
        interpreter: the Python that runs it.
        request: what it is to do.
        variables: environment variables to set for it.

    Attributes:
        backend: whose worker it is.
        interpreter: its Python.

    Raises:
        CompareError: the interpreter cannot be run.
    """

    def __init__(self, interpreter: str, request: WorkerRequest, variables: Mapping[str, str]) -> None:
        self.backend = request.backend
        self.interpreter = interpreter
        # Without it the current folder is on the path, and a file `torch.py` there would be the framework.
        own = {"PYTHONSAFEPATH": "1", registry.VARIABLE: request.backend}
        try:
            super().__init__([interpreter, "-c", _CODE], {**variables, **own})
        except OSError as error:
            raise CompareError(f"{interpreter} cannot be run for {self.backend}: {error}") from error
        self.send(dataclasses.asdict(request))

    def receive(self, seconds: float | None = None) -> dict[str, Any]:
        """The next message.

        Raises:
            CompareError: the backend or the objective cannot be had there, or cannot be compared.
            ProcessDiedError: the process ended.
            TimeoutError: the time is over.
        """
        message = super().receive(seconds)
        if message["kind"] == "refused":
            raise CompareError(message["text"])
        return message

    def prepare(self) -> dict[str, Any]:
        """Wait until all is imported; what the worker says of itself.

        Raises:
            CompareError, ProcessDiedError: as `receive`.
        """
        try:
            return self.receive()
        except ProcessDiedError as error:
            if any(_NO_LIBRARY.search(line) for line in self.last_lines(LAST_LINES)):
                raise CompareError(
                    f"{self.interpreter} has no polyhpo, or an older one. Install it there: "
                    f"{self.interpreter} -m {_command(self.backend)}"
                ) from error
            raise

    def work(self) -> Iterator[dict[str, Any]]:
        """Let it work; its messages up to the last one, which is `done`.

        Raises:
            CompareError, ProcessDiedError: as `receive`.
        """
        self.send({"kind": "go"})
        while True:
            message = self.receive()
            yield message
            if message["kind"] == "done":
                return


class ComparisonWorker:
    """Evaluates the configs of a request, and sends a message of each epoch and each end.

    Args:
        request: what to do.
        output: where messages go.
    """

    def __init__(self, request: WorkerRequest, output: TextIO) -> None:
        self._request = request
        self._output = output
        backend = registry.load(request.backend)
        self._loaded: Loaded = request.target.load(request.backend)
        self._placement, _ = choose_placement(request.seed, request.backend, None)
        self._metric = self._loaded.metric
        versions = {"polyhpo": __version__, "numpy": np.__version__, backend.name: backend.version}
        self.send("ready", versions=versions, python=platform.python_version())

    def send(self, kind: str, **entries: Any) -> None:
        """Write a message."""
        write_message(self._output, {"kind": kind, **entries})

    def work(self) -> None:
        """Every config, then every twin of it."""
        for number, config in enumerate(self._request.configs):
            self._evaluate(number, config, self._placement)
        # Before the twins, which only the reference has: the peaks are compared.
        peak = peak_memory()
        self._evaluate_twins()
        self.send("done", metric=self._metric, peak_memory=peak)

    def _evaluate_twins(self) -> None:
        for twin, ulps in enumerate(self._request.twins):
            for number, config in enumerate(self._request.configs):
                perturbation = Perturbation(ulps)
                placement = dataclasses.replace(self._placement, perturbation=perturbation)
                self._evaluate(number, config, placement, twin)
                # The first config tells: what does not move its weights once never does.
                if not perturbation.used:
                    self.send("no twins")
                    return

    def _evaluate(
        self, number: int, config: Mapping[str, Any], placement: Placement, twin: int | None = None
    ) -> None:
        value, last = math.nan, perf_counter()
        about = {"config": number, "twin": twin}

        def on_progress(progress: Progress) -> Decision:
            nonlocal value, last
            seconds = perf_counter() - last
            if progress.result is not None:
                value = self._value_of(progress.result)
                self.send("epoch", **about, epoch=progress.epoch, value=value, seconds=seconds)
                if not math.isfinite(value):
                    raise ResultError(f"{self._metric} is {value} at epoch {progress.epoch}")
            last = perf_counter()
            until = self._loaded.until
            is_last = until is not None and progress.epoch >= until
            return Decision(Verdict.STOP, "it was the last epoch") if is_last else CONTINUE

        executor = SerialExecutor(self._loaded.objective, placement, on_progress)
        executor.submit(Assignment(number, dict(config), until=self._loaded.until))
        [outcome] = executor.poll()
        if outcome.result is not None:
            value = self._value_of(outcome.result)
        reason = outcome.reason
        if reason is None and not math.isfinite(value):
            reason = f"No result: {self._metric} is {value}."
        self.send("end", **about, value=value if reason is None else math.nan, reason=reason)

    def _value_of(self, result: Result) -> float:
        """The metric in a result; the first result names it if the user did not.

        Raises:
            CompareError: it is not there, or there are several.
        """
        results = result if isinstance(result, dict) else {self._metric or UNNAMED: result}
        if self._metric is None:
            self._metric = next(iter(results)) if len(results) == 1 else DEFAULT_METRIC
        if self._metric not in results:
            raise CompareError(
                f"The objective gives {', '.join(results)}, not {self._metric!r}. Name the metric to "
                f"compare, for example metric={next(iter(results))!r}."
            )
        return results[self._metric]


def peak_memory() -> int | None:
    """The most memory in bytes that this process has held so far; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return getattr(psutil.Process().memory_info(), "peak_wset", None)
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts in bytes, Linux in kilobytes.
    return highest if sys.platform == "darwin" else 1024 * highest


def main() -> None:
    """Take a request from standard input, and do it when told to."""
    request = WorkerRequest.from_json(sys.stdin.readline())
    output = take_stdout()
    try:
        worker = ComparisonWorker(request, output)
        # The line is empty where the other end was closed, as when another backend was refused.
        if sys.stdin.readline():
            worker.work()
    except (HpoError, TypeError, ValueError) as error:
        write_message(output, {"kind": "refused", "text": str(error)})
    output.close()


def _command(backend: str) -> str:
    try:
        return registry.how_to_install(registry.canonical_name(backend))
    except UnknownBackendError:
        return f'pip install polyhpo, and what registers the backend "{backend}"'
