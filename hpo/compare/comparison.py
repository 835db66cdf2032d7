"""A comparison of backends: what is seen in it, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpo.compare.results import BackendResult, counted
from hpo.compare.statistics import Paired, paired
from hpo.compare.verdicts import TOLERANCE, Row, is_number, judge
from hpo.study.numbers import told_apart
from hpo.study.tables import text_table
from hpo.tasks import TASKS

SIGNIFICANT = 0.01
"""Below this p-value a backend that lies beside the reference as a whole does not so by chance."""

OWN_MODELS = (
    "Models that initialise themselves start from other weights on each framework: init_cnn(model) of each "
    "backend's package draws the same ones, and hpo.check_port holds a port against its original from the "
    "original's weights."
)


@dataclass(frozen=True)
class Comparison:
    """The same configurations on several backends.

    Attributes:
        name: what was compared.
        metric: the name of what is compared.
        seed: of configs, initial weights and mini-batches.
        reference: the backend against which the others are held.
        configs: the configs.
        results: by backend, the reference first.
        tolerance: a difference that is taken for round-off at every rate.
        interrupted: whether Ctrl-C ended it before all was done.
        rows: what is to be said of each config.
        statistics: how each other backend lies against the reference; None where no config ended on both.

    Example:
        Here one is made of results that are written down; `hpo.compare_backends` trains for them.

        >>> from hpo.compare import Comparison
        >>> from hpo.compare.results import BackendResult, ConfigCurve
        >>> def result(backend, *errors):
        ...     curves = [ConfigCurve(values=[error], seconds=[0.1], value=error) for error in errors]
        ...     return BackendResult(backend, "python", curves=curves)
        >>> results = {"numpy": result("numpy", 0.25, 0.5), "torch": result("torch", 0.25, 0.375)}
        >>> configs = {"learning_rate": 0.1}, {"learning_rate": 0.9}
        >>> comparison = Comparison("softmax", "val_error", 0, "numpy", configs, results)
        >>> comparison.agrees
        False
        >>> comparison.findings
        ['config 1 gives 0.375 on torch and 0.5 on numpy, where 0.001 is explained']
    """

    name: str
    metric: str
    seed: int
    reference: str
    configs: tuple[dict[str, Any], ...]
    results: Mapping[str, BackendResult]
    tolerance: float = TOLERANCE
    interrupted: bool = False
    rows: tuple[Row, ...] = field(init=False)
    statistics: Mapping[str, Paired | None] = field(init=False)

    def __post_init__(self) -> None:
        rows = tuple(
            judge(number, config, self.results, self.reference, self.tolerance)
            for number, config in enumerate(self.configs)
        )
        object.__setattr__(self, "rows", rows)
        others = [name for name in self.results if name != self.reference]
        object.__setattr__(self, "statistics", {name: self._paired(name) for name in others})

    @property
    def is_complete(self) -> bool:
        """Whether every backend came to the end of every config."""
        return not self.interrupted and all(result.failure is None for result in self.results.values())

    @property
    def agrees(self) -> bool:
        """Whether every backend ended, something was compared, and nothing is more than round-off."""
        compared = any(is_number(value) for row in self.rows for value in row.values.values())
        return self.is_complete and compared and not self.findings

    @property
    def findings(self) -> list[str]:
        """Each difference that round-off does not explain, in words."""
        found = [self._parting(number, name) for number, row in enumerate(self.rows) for name in row.apart]
        for name, stats in self.statistics.items():
            if stats is not None and self._is_shifted(stats):
                side = "above" if stats.mean_difference > 0 else "below"
                found.append(
                    f"{name} lies {side} {self.reference} as a whole, by {abs(stats.mean_difference):.2g} on "
                    f"average (95 % interval {stats.low:.2g} to {stats.high:.2g}, Wilcoxon p = "
                    f"{stats.p_value:.2g})"
                )
        return found

    @property
    def verdict(self) -> str:
        """In words: the same, or more than round-off explains, and where."""
        ended = [
            f"{name} did not finish: {result.failure}."
            for name, result in self.results.items()
            if result.failure is not None
        ]
        if self.interrupted:
            ended.append("It was interrupted before all was done.")
        return " ".join([self._judgement(), *ended])

    def table(self) -> tuple[list[str], list[list[object]]]:
        """Names and rows: for each config its values, the largest difference and what round-off explains."""
        hyperparameters = list(dict.fromkeys(name for config in self.configs for name in config))
        names = ["config", *hyperparameters, *self.results, "difference", "twins", "explained", ""]
        rows: list[list[object]] = [
            [
                number,
                *(row.config.get(name) for name in hyperparameters),
                *row.values.values(),
                row.difference,
                row.spread,
                row.allowed,
                f"MORE on {', '.join(row.apart)}" if row.apart else "",
            ]
            for number, row in enumerate(self.rows)
        ]
        return names, rows

    def backend_table(self) -> tuple[list[str], list[list[object]]]:
        """Names and rows: for each backend what it cost, and how it lies against the reference."""
        names = ["backend", "version", "s/epoch", "peak MB", "mean difference", "95 % interval", "Wilcoxon p"]
        rows: list[list[object]] = [
            [
                name,
                result.versions.get(name),
                result.seconds_per_epoch,
                None if result.peak_memory is None else round(result.peak_memory / 1e6),
                *self._against_reference(name),
            ]
            for name, result in self.results.items()
        ]
        return [*names, "rank correlation"], rows

    def __str__(self) -> str:
        parts = [
            f"{self.name}: {self.metric} of {counted(len(self.configs))}, seed {self.seed}",
            text_table(*self.table()),
            text_table(*self.backend_table()),
            *(f"{name} printed last:\n  " + "\n  ".join(lines) for name, lines in self.last_lines().items()),
            self.verdict,
        ]
        return "\n\n".join(parts)

    def last_lines(self) -> dict[str, tuple[str, ...]]:
        """What each backend printed last whose process died."""
        return {name: result.last_lines for name, result in self.results.items() if result.last_lines}

    def _against_reference(self, name: str) -> list[object]:
        """The cells of a backend's statistics."""
        stats = self.statistics.get(name)
        if stats is None:
            return ["reference" if name == self.reference else None, None, None, None]
        interval = None if stats.low is None else f"{stats.low:+.2g} to {stats.high:+.2g}"
        return [f"{stats.mean_difference:+.2g}", interval, stats.p_value, stats.rank_correlation]

    def _judgement(self) -> str:
        findings = self.findings
        if findings:
            # The library's own tasks draw the same weights on every framework.
            own = "" if self.name in TASKS else f" {OWN_MODELS}"
            return f"More than round-off explains: {'; '.join(findings)}.{own}"
        compared = [row for row in self.rows if row.difference is not None]
        if not compared:
            return "Nothing could be compared."
        if not any(is_number(value) for row in compared for value in row.values.values()):
            reasons = next((list(row.reasons.values()) for row in compared if row.reasons), ["unknown"])
            return f"Nothing could be compared: every config failed on every backend. The first: {reasons[0]}"
        largest = max(compared, key=lambda row: row.difference or 0)
        text = (
            f"Same: no difference is more than round-off explains (the largest is {largest.difference:.2g}, "
            f"where {largest.allowed:.2g} is explained)."
        )
        chaotic = [row.spread for row in compared if row.spread is not None and row.spread > self.tolerance]
        if chaotic:
            text += (
                f" Chaotic: {len(chaotic)} of {len(compared)} configs, whose twins round-off alone parts by "
                f"up to {max(chaotic):.2g}, so they say little."
            )
        if not self.results[self.reference].takes_twins:
            text += (
                " The objective trains by neither a Trainer nor a task, so its weights could not be moved: "
                "there are no twins, and round-off is the tolerance alone."
            )
        return text if self.is_complete else f"As far as it went: {text}"

    def _paired(self, name: str) -> Paired | None:
        pairs = [(row.values[name], row.values[self.reference]) for row in self.rows]
        # `or 0` below is for the types: numbers alone are left here.
        both = [(mine, other) for mine, other in pairs if is_number(mine) and is_number(other)]
        return paired([float(mine or 0) for mine, _ in both], [float(other or 0) for _, other in both])

    def _is_shifted(self, stats: Paired) -> bool:
        """Whether a backend is off as a whole, although each config may be chaotic by itself."""
        if stats.p_value is None or stats.low is None or stats.high is None:
            return False
        beside_zero = stats.low > 0 or stats.high < 0
        return beside_zero and stats.p_value < SIGNIFICANT and abs(stats.mean_difference) > self.tolerance

    def _parting(self, number: int, name: str) -> str:
        row = self.rows[number]
        mine, other = self._spelled(row, name), self._spelled(row, self.reference)
        pair = row.values[name], row.values[self.reference]
        if is_number(pair[0]) and is_number(pair[1]):
            # `or 0` is for the types: both are numbers.
            mine, other = told_apart(pair[0] or 0, pair[1] or 0)
        return (
            f"config {number} gives {mine} on {name} and {other} on {self.reference}, where "
            f"{row.allowed:.2g} is explained"
        )

    def _spelled(self, row: Row, backend: str) -> str:
        value = row.values[backend]
        if is_number(value):
            return f"{value:.4g}"
        return f"no number ({row.reasons.get(backend, 'unknown').rstrip('.')})"
