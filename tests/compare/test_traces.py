from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpo.compare import Trace, compare_traces, record_trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record_trace("numpy", "reference")


def altered(trace: Trace, part: str, index: tuple[int, ...], by: float, key: str = "float32") -> Trace:
    arrays = {dtype: array.copy() for dtype, array in getattr(trace, part).items()}
    arrays[key][index] += by
    changes: dict[str, Any] = {part: arrays}
    return dataclasses.replace(trace, **changes)


def test_a_trace_is_read_as_it_was_written(trace: Trace, tmp_path: Path) -> None:
    read = Trace.load(trace.save(tmp_path))
    assert (read.label, read.backend, read.versions) == ("reference", "numpy", trace.versions)
    assert all(np.array_equal(read.ends[dtype], trace.ends[dtype]) for dtype in trace.ends)


def test_the_reference_agrees_with_itself(trace: Trace, tmp_path: Path) -> None:
    trace.save(tmp_path)
    agreements = compare_traces(tmp_path, ["reference"])
    assert len(agreements) == 2 * (4 * 5 + 6 * 3)
    assert all(agreement.agrees for agreement in agreements)


def test_a_step_that_ends_elsewhere_is_found(trace: Trace, tmp_path: Path) -> None:
    altered(trace, "ends", (3, 2, 7, 300), 2e-6).save(tmp_path)
    [found] = [agreement for agreement in compare_traces(tmp_path, ["reference"]) if not agreement.agrees]
    assert (found.rate, found.what, found.dtype) == (1.0, "step 375", "float32")
    assert "MORE THAN ROUND-OFF EXPLAINS" in str(found)


def test_a_step_of_a_network_that_ends_elsewhere_is_found(trace: Trace, tmp_path: Path) -> None:
    altered(trace, "networks", (1, 2, 5000), 2e-6, "float32/lenet, sgd").save(tmp_path)
    [found] = [agreement for agreement in compare_traces(tmp_path, ["reference"]) if not agreement.agrees]
    assert (found.model, found.rate, found.what) == ("lenet, sgd", 0.5, "step 375")


def test_a_network_from_another_start_is_refused(trace: Trace, tmp_path: Path) -> None:
    altered(trace, "networks", (0, 0, 5000), 0.5, "float32/lenet, sgd").save(tmp_path)
    with pytest.raises(ValueError, match="reference of lenet, sgd in float32 does not start from"):
        compare_traces(tmp_path, ["reference"])


def test_an_epoch_that_ends_elsewhere_is_found_at_a_stable_rate(trace: Trace, tmp_path: Path) -> None:
    altered(trace, "epochs", (2, 0, 0), 2e-4).save(tmp_path)
    [found] = [agreement for agreement in compare_traces(tmp_path, ["reference"]) if not agreement.agrees]
    assert (found.rate, found.what) == (0.16, "epoch 1")


def test_other_errors_are_found_at_a_stable_rate(trace: Trace, tmp_path: Path) -> None:
    altered(trace, "errors", (1,), 0.002).save(tmp_path)
    [found] = [agreement for agreement in compare_traces(tmp_path, ["reference"]) if not agreement.agrees]
    assert (found.rate, found.what) == (0.01, "epoch 1")


def test_a_weight_that_is_no_number_is_found(trace: Trace, tmp_path: Path) -> None:
    altered(trace, "ends", (0, 0, 0, 0), np.nan).save(tmp_path)
    assert [a.agrees for a in compare_traces(tmp_path, ["reference"])].count(False) == 1


def test_a_missing_trace_is_an_error_that_lists_those_that_are_there(trace: Trace, tmp_path: Path) -> None:
    trace.save(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"Traces of py311-x are missing .* found: reference"):
        compare_traces(tmp_path, ["reference", "py311-x"])


def test_a_trace_from_another_start_is_refused(trace: Trace, tmp_path: Path) -> None:
    altered(trace, "starts", (0, 0, 0, 0), 0.5).save(tmp_path)
    with pytest.raises(ValueError, match="does not start from the initial state of all"):
        compare_traces(tmp_path, ["reference"])
