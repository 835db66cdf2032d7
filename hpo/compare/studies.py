"""The same study on several backends, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from hpo.backend.interpreters import interpreters
from hpo.backend.process import ProcessDiedError
from hpo.checks import checked_count
from hpo.compare.comparison import Comparison
from hpo.compare.results import BackendResult
from hpo.compare.target import Subject, target_of
from hpo.compare.verdicts import TOLERANCE
from hpo.compare.worker import LAST_LINES, WorkerProcess, WorkerRequest
from hpo.errors import CompareError
from hpo.randomness import check_seed
from hpo.space import Space
from hpo.tasks import Task

NUM_TRIALS = 10
TWINS = 2

OnProgress = Callable[[BackendResult, Mapping[str, Any]], None]
"""Gets the result of a backend as far as it is, and the message that came last."""


def compare_backends(
    objective: str | Callable[..., Any],
    space: Space | Mapping[str, object] | None = None,
    *,
    backends: Sequence[str],
    python: Mapping[str, str | os.PathLike[str]] | None = None,
    configs: Sequence[Mapping[str, Any]] | None = None,
    num_trials: int = NUM_TRIALS,
    seed: int = 0,
    epochs: int | None = None,
    metric: str | None = None,
    options: Mapping[str, Any] | None = None,
    data: str | None = None,
    twins: int = TWINS,
    tolerance: float = TOLERANCE,
    on_progress: OnProgress | None = None,
) -> Comparison:
    """Train the same configurations on several backends, and say whether they agree.

    Each backend runs in a process of its own, one after the other so that their times compare, perhaps by
    another interpreter. Gradient descent at a high rate is chaotic: beside each difference stands that of
    *twins*, which repeat the first backend's training from weights that are off by one unit in the last
    place (ulp). What is no farther apart than they are is the same.

    Args:
        objective: a task (`softmax`, `mlp`, `lenet`, `dropout_mlp`, `digits`), an objective as
            `module:function`, or a function. In a path `{backend}` stands for the backend's name, for
            models that are written once for each framework.
        space: what the configs are drawn from; by default the task's own.
        backends: at least two; the first one is the reference.
        python: the interpreter, or the folder of the environment, of backends that are not to run by this
            one. It needs this library.
        configs: what to train, instead of drawing it.
        num_trials: how many configs to draw: the space's default config, and what `hpo.search` would draw.
        seed: of configs, initial weights and mini-batches.
        epochs: how long to train each; by default 10 for a task, else what the objective does.
        metric: what to compare; by default the only one that the objective returns, or `val_error`.
        options: further arguments of a task, such as `batch_size`.
        data: where tasks take Fashion-MNIST from, as `HPO_DATA` names it.
        twins: how many there are of each config; 0 leaves round-off to the tolerance.
        tolerance: a difference that is taken for round-off at every rate.
        on_progress: is called with what comes in.

    Raises:
        CompareError: a backend, an interpreter or the objective cannot be had; nothing was trained then.
        SpaceError: the configs are not of the space.

    Example:
        >>> import hpo
        >>> compared = hpo.compare_backends(
        ...     "softmax", backends=["numpy", "torch"], data="sample", epochs=1, num_trials=3
        ... )  # doctest: +SKIP
        >>> compared.verdict  # doctest: +SKIP
        'Same: no difference is more than round-off explains (the largest is 0, where 0.001 is explained).'

        An objective of one's own has to be importable, as each backend runs in a process of its own.

        >>> hpo.compare_backends(
        ...     lambda config: config["x"], {"x": hpo.Float(0, 1)}, backends=["numpy", "torch"]
        ... )  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
            ...
        hpo.errors.CompareError: Each backend runs in a process of its own, which imports the objective by
        name; <function ...> has none. Define it at the top level of a module, or name it as
        'module:function'.
    """
    target = target_of(objective, epochs=epochs, metric=metric, options=dict(options or {}))
    pythons = interpreters(list(backends), python or {})
    reference = next(iter(pythons))
    chosen = _configs(target, reference, space, configs, num_trials, seed)
    num_twins = checked_count("twins", twins, least=0, if_no_integer=ValueError)
    # 1, -1, 2, -2 and so on: each twin starts from other weights, on both sides of the reference's.
    ulps = tuple((1 + twin // 2) * (-1) ** twin for twin in range(num_twins))
    variables = {} if data is None else {"HPO_DATA": data}
    results = {name: BackendResult(name, path) for name, path in pythons.items()}
    names: list[str] = []
    interrupted = False
    with ExitStack() as stack:
        workers = {}
        for name, path in pythons.items():
            request = WorkerRequest(name, target, seed, chosen, ulps if name == reference else ())
            workers[name] = stack.enter_context(WorkerProcess(path, request, variables))
        # All processes import at the same time; they train one after the other.
        _prepare(workers, results)
        try:
            for name, worker in workers.items():
                names += _carry_out(worker, results[name], on_progress)
        except KeyboardInterrupt:
            interrupted = True
    return Comparison(
        target.name,
        names[0] if names else metric or "value",
        seed,
        reference,
        chosen,
        results,
        tolerance,
        interrupted,
    )


def _prepare(workers: Mapping[str, WorkerProcess], results: Mapping[str, BackendResult]) -> None:
    """Wait until all can begin, so that what is missing is known before anything was trained."""
    refused = {name: _refusal(worker, results[name]) for name, worker in workers.items()}
    texts = {text for text in refused.values() if text is not None}
    # One reason that all have is told once.
    if texts and None not in refused.values() and len(texts) == 1:
        raise CompareError(texts.pop())
    if texts:
        told = [f"{name} ({workers[name].interpreter}): {text}" for name, text in refused.items() if text]
        raise CompareError("\n".join(["These backends cannot be compared:", *told]))


def _refusal(worker: WorkerProcess, result: BackendResult) -> str | None:
    """Why a worker cannot do what it is asked to; None if it can, or died."""
    try:
        ready = worker.prepare()
    except CompareError as error:
        return str(error)
    except ProcessDiedError as error:
        result.failure, result.last_lines = str(error), worker.last_lines(LAST_LINES)
        return None
    result.python, result.versions = ready["python"], ready["versions"]
    return None


def _carry_out(worker: WorkerProcess, result: BackendResult, on_progress: OnProgress | None) -> list[str]:
    """Let a worker work to its end; a list of the metric's name, empty if the worker died before it."""
    if result.failure is not None:
        return []
    metric = []
    try:
        for message in worker.work():
            result.take(message)
            metric = [message["metric"]] if message["kind"] == "done" else []
            if on_progress is not None:
                on_progress(result, message)
    except ProcessDiedError as error:
        result.failure, result.last_lines = str(error), worker.last_lines(LAST_LINES)
    return metric


def _configs(
    target: Subject,
    reference: str,
    space: Space | Mapping[str, object] | None,
    given: Sequence[Mapping[str, Any]] | None,
    num_trials: int,
    seed: int,
) -> tuple[dict[str, Any], ...]:
    """The configs to train: those that were given, or those that a search would try."""
    if space is None and (given is None or target.is_task):
        found = target.found(reference)
        space = getattr(found, "space", None)
        if space is None or not (isinstance(found, Task) or issubclass(found, Task)):
            raise CompareError(
                f"{target.name} needs the space from which its configs are drawn: give space=."
            )
    searched = None if space is None else space if isinstance(space, Space) else Space(space)
    if given is not None:
        if not given:
            raise CompareError("configs= is empty; a comparison takes at least one config.")
        return tuple(dict(each) if searched is None else searched.validate(each) for each in given)
    assert searched is not None
    default = searched.default_config()
    first = [] if default is None else [default]
    count = checked_count("num_trials", num_trials) - len(first)
    return (*first, *searched.sample(check_seed(seed), n=count))
