"""The form of the JSON from which a page is drawn, and documents that were checked for it."""

from __future__ import annotations

import json
from typing import Any

import hpo
from hpo.page.document import document
from hpo.page.json_values import to_script

NUMBER = (int, float, type(None))
MEASURED = (int, float, str)
"""A number of the study: NaN and the infinities are texts."""

TEXT = (str, type(None))
HEAD: dict[str, Any] = {
    "name": str,
    "place": TEXT,
    "metrics": [{"name": str, "direction": str}],
    "value": str,
    "seed": (int, str),
    "backend": TEXT,
    "device": TEXT,
    "objective": TEXT,
    "searcher": {"name": TEXT, "reason": TEXT},
    "scheduler": {"name": TEXT, "levels": [int]},
    "replicates": int,
    "versions": dict,
    "created": float,
    "last_event": float,
    "seconds": float,
    "counts": dict.fromkeys(("completed", "failed", "stopped", "paused", "running"), int),
    "num_trials": int,
    "best": dict,
    "notes": [{"topic": str, "text": str}],
    "space": [
        {"name": str, "text": str, "scale": str, "low": NUMBER, "high": NUMBER}
        | {"choices": (list, type(None)), "values": (list, type(None)), "when": TEXT}
    ],
    "other_metrics": [str],
    "commands": {"made": TEXT, "resume": TEXT},
    "plans": [{"kind": str, "members": int, "reason": str}],
    "tested": (dict, type(None)),
    "confirmed": [dict],
}
BEST = {"trial": int, "value": MEASURED, "epoch": NUMBER, "config": dict, "how": str}
ROW: dict[str, Any] = {
    "id": int,
    "state": str,
    "config": dict,
    "value": MEASURED,
    "epoch": int,
    "last_epoch": int,
    "metrics": dict,
    "reports": [[MEASURED]],
    "more": dict,
    "seconds": MEASURED,
    "cohort_seconds": MEASURED,
    "cohort": [int],
    "reason": str,
    "traceback": str,
    "attempt": int,
    "proposal": int,
    "info": dict,
    "started": MEASURED,
    "finished": MEASURED,
    "life": [[MEASURED]],
    "runs": [[MEASURED]],
    "kept": [int],
    "best_epoch": int,
}
ALWAYS = {"id", "state", "attempt", "started", "life"}
ANALYSIS: dict[str, Any] = {
    "hints": [str],
    "importance": (list, type(None)),
    "importance_why": str,
    "contours": [{"x": str, "y": str, "xs": list, "ys": list, "z": [list], "epoch": NUMBER, "trials": int}],
}


def check(value: Any, form: Any, where: str) -> None:
    """Whether a JSON value has a form: a type or several, a list of one form, or a dict of forms."""
    if isinstance(form, dict):
        assert isinstance(value, dict), where
        assert set(value) == set(form), where
        for key in form:
            check(value[key], form[key], f"{where}.{key}")
    elif isinstance(form, list):
        assert isinstance(value, list), where
        for number, inner in enumerate(value):
            check(inner, form[0], f"{where}[{number}]")
    else:
        assert isinstance(value, form), f"{where}: {value!r}"


def checked(study: hpo.Study) -> Any:
    """The document of a study, after its form was checked, as a browser reads it."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    read = json.loads(to_script(document(study)), parse_constant=refuse)
    [only] = read["changes"]
    assert (read["format"], read["live"], only["key"]) == (1, False, "0")
    check(only["head"] | {"best": only["head"]["best"] or {}}, HEAD | {"best": dict}, "head")
    if only["head"]["best"]:
        check(only["head"]["best"], BEST, "best")
    for entries in only["trials"]:
        assert set(entries) >= ALWAYS
        check(entries, {key: ROW[key] for key in entries}, f"trial {entries['id']}")
        assert not [key for key, value in entries.items() if value in (None, [], {})]
    check(only["analysis"], {key: ANALYSIS[key] for key in only["analysis"]}, "analysis")
    assert [entries["id"] for entries in only["trials"]] == list(range(len(study.trials)))
    return only
