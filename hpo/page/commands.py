"""What made a study, and what goes on with it: the command that was logged, or a call in Python."""

from __future__ import annotations

import re
import shlex
from typing import Any

from hpo.schedulers import SCHEDULERS
from hpo.searchers import SEARCHERS
from hpo.space import Distribution, Domain
from hpo.study.study import Study

_RESUMES = re.compile(r"(?:^|\s)--resume(?:\s|$)")
_OF_SPACES = re.compile(r"(?:Float|Int|Choice|Ordinal|Constant)\(")
# Whole: what a log that was edited has behind it would be copied and run.
_OF_SCHEDULERS = re.compile(r"(?:ASHA|Hyperband|MedianStopping|SuccessiveHalving)\([\w ,.='-]*\)")


def commands(study: Study) -> dict[str, str | None]:
    """How the study was made and how it goes on, as a user types it.

    Of a study of `hpo run` these are commands. Of any other they are calls in Python, put together from what
    the log holds: what it does not hold, such as the code of the objective, has to be there.

    Args:
        study: of any origin.

    Returns:
        `made`, and `resume`, which is None for a study without a storage.
    """
    logged = [command for command in study.history.commands if _is_ours(command)]
    if logged:
        again = logged[-1] if _RESUMES.search(logged[-1]) else f"{logged[-1]} --resume"
        return {"made": logged[0], "resume": again}
    return {
        "made": _call(study, resume=False),
        "resume": _call(study, resume=True) if study.is_stored else None,
    }


def _is_ours(command: str) -> bool:
    """Whether a text of the log is `hpo run` with its options, and nothing else that a shell would do."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quotation without an end
        return False
    return words[:2] == ["hpo", "run"] and shlex.join(words) == command


def _call(study: Study, *, resume: bool) -> str:
    created, store = study.history.created, study.history.store
    before, objective = _objective(created)
    what = "hpo.search" if created.get("objective") else "hpo.Tuner"
    arguments = {
        **_goal(created),
        # What the log does not say is left to its default.
        "searcher": _searcher(str(created["searcher"])) if created.get("searcher") else None,
        "scheduler": _scheduler(str(created["scheduler"])) if created.get("scheduler") else None,
        "num_trials": str(study.num_proposals),
        "seed": str(study.seed),
        "backend": None if study.backend is None else repr(study.backend),
        "device": None if study.device is None else repr(study.device),
        "replicates": str(study.replicates) if study.replicates > 1 else None,
        "value": repr("best") if created.get("value") == "best" else None,
        "points_to_evaluate": _points(study),
        "storage": None if store is None else repr(store.place),
        "name": repr(study.name),
        "keep": None if study.history.keep in (None, "best") else repr(study.history.keep),
        "resume": "True" if resume else None,
    }
    lines = [f"    {objective},", *_space(study)]
    lines += [f"    {name}={text}," for name, text in arguments.items() if text is not None]
    result = "study" if what == "hpo.search" else "tuner"
    return "\n".join([*before, f"{result} = {what}(", *lines, ")"])


def _objective(created: dict[str, Any]) -> tuple[list[str], str]:
    """The lines that import the objective, and what to call it."""
    described = created.get("objective")
    if not described:
        return ["import hpo", ""], "None"
    module, _, name = described["name"].rpartition(".")
    imports = ["import hpo", ""]
    if not name.isidentifier():
        return imports, "objective"
    # A function that stands in another, or in a program, cannot be imported; a class of ours is made first.
    if module.startswith(("hpo.", "hpo_")) and name[:1].isupper():
        return [imports[0], f"from {module} import {name}", ""], f"{name}(...)"
    if module == "__main__" or not all(part.isidentifier() for part in module.split(".")):
        return imports, name
    return [imports[0], f"from {module} import {name}", ""], name


def _goal(created: dict[str, Any]) -> dict[str, str | None]:
    return {goal["direction"]: repr(goal["name"]) for goal in created["metrics"]}


def _searcher(name: str) -> str:
    return next((repr(key) for key, made in SEARCHERS.items() if made.__name__ == name), _made(name))


def _made(name: str) -> str:
    """An object of a class of the user's own, whose arguments the log does not have."""
    return f"{name}(...)" if name.isidentifier() else "..."


def _scheduler(described: str) -> str | None:
    if described == "FIFO":
        return None
    if _OF_SCHEDULERS.fullmatch(described):
        return f"hpo.{described}"
    return repr(described) if described in SCHEDULERS else _made(described.partition("(")[0])


def _space(study: Study) -> list[str]:
    if not study.history.knows_space:
        return ["    space,"]
    domains = {name: _domain(domain) for name, domain in study.space.items()}
    lines = ["    {", *(f"        {name!r}: {text}," for name, text in domains.items()), "    },"]
    if not study.space.has_constraints:
        return lines
    lines[0] = "    hpo.Space({"
    said = re.sub(r"\bparam\(", "hpo.param(", repr(study.space).rpartition("}, ")[2].removesuffix(")"))
    lines[-1] = f"    }}, {said}),"
    return lines


def _points(study: Study) -> str | None:
    """The configs that came first, if they are not those that would come first by themselves."""
    points = study.history.created.get("points")
    try:
        default = study.space.default_config()
    except ValueError:  # the log could not hold the space
        default = None
    return repr(points) if points and points != [default] else None


def _domain(domain: Domain) -> str:
    if isinstance(domain, Distribution):
        return repr(domain).removeprefix("Distribution(").removesuffix(")")
    text = repr(domain)
    return f"hpo.{text}" if _OF_SPACES.match(text) else text
