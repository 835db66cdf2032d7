"""A config is a dict that knows what was never read of it; where that is not sure, all counts as read."""

from __future__ import annotations

import collections
import copy
import dataclasses
import json
import operator
import pickle
import pprint
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import cloudpickle
import numpy as np
import pytest

import hpo
from hpo.errors import SearchFailedError
from hpo.objective.reads import WatchedConfig, own_copy
from hpo.tasks import TASKS
from hpo.testing.small_tasks import PerceptronTask, SmallTask

CONFIG = {"rate": 0.1, "units": 8, "dropout": 0.5}


def deleted(config: dict[str, Any]) -> bool:
    del config["rate"]
    return True


ONE: dict[str, Callable[[dict[str, Any]], object]] = {
    "[]": lambda config: config["rate"],
    "get": lambda config: config.get("rate"),
    "get with a default": lambda config: config.get("rate", 1),
    "in": lambda config: "rate" in config,
    "pop": lambda config: config.pop("rate"),
    "setdefault": lambda config: config.setdefault("rate", 1),
    "mapping proxy": lambda config: MappingProxyType(config)["rate"],
    "itemgetter": operator.itemgetter("rate"),
    "eval": lambda config: eval("rate", {}, config),
    "del": deleted,
    "percent": lambda config: "%(rate)s" % config,  # noqa: UP031  # as an objective may do it
    "format_map": lambda config: "{rate}".format_map(config),
    "chain map": lambda config: collections.ChainMap({}, config)["rate"],
}


@dataclasses.dataclass
class Settings:
    config: dict[str, Any]


def matched(config: dict[str, Any]) -> object:
    match config:
        case {"rate": rate}:
            return rate
    return None


def merged(config: dict[str, Any]) -> object:
    whole: dict[str, Any] = {}
    whole |= config
    return whole


def updated(config: dict[str, Any]) -> object:
    whole: dict[str, Any] = {}
    return whole.update(config)


def taken(**config: Any) -> int:
    return len(config)


ALL: dict[str, Callable[[dict[str, Any]], object]] = {
    "**": lambda config: taken(**config),
    "** beside others": lambda config: taken(other=1, **config),
    "{**}": lambda config: {**config},
    "dict": dict,
    "dict with more": lambda config: dict(config, more=1),
    "update": updated,
    "|": lambda config: config | {},
    "| from the right": lambda config: {} | config,
    "|= of another": merged,
    "copy": lambda config: config.copy(),
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "pickle in Python": pickle._dumps,  # type: ignore[attr-defined]  # what C pickles by, in Python
    "cloudpickle": cloudpickle.dumps,
    "json": json.dumps,
    "sorted json": lambda config: json.dumps(config, sort_keys=True, indent=1),
    "loop": list,
    "reversed": lambda config: list(reversed(config)),
    "keys": lambda config: config.keys(),
    "values": lambda config: config.values(),
    "items": lambda config: config.items(),
    "popitem": lambda config: config.popitem(),
    "==": lambda config: config == CONFIG,
    "!=": lambda config: config != CONFIG,
    "equal from the other side": lambda config: CONFIG == config,  # noqa: SIM300  # this side is the point
    "repr": repr,
    "f-string": lambda config: f"{config}",
    "pprint": pprint.pformat,
    "ordered": collections.OrderedDict,
    "namespace": lambda config: SimpleNamespace(**config),
    "array of values": lambda config: np.array([*config.values()]),
    "asdict": lambda config: dataclasses.asdict(Settings(config)),
}


def watched() -> tuple[WatchedConfig, set[str]]:
    unread = set(CONFIG)
    return WatchedConfig(CONFIG, unread), unread


@pytest.mark.parametrize("how", ONE)
def test_what_is_read_by_its_name_is_read_alone(how: str) -> None:
    config, unread = watched()
    assert ONE[how](config) in (0.1, "0.1", True)
    assert unread == {"units", "dropout"}


@pytest.mark.parametrize("how", ALL)
def test_what_takes_the_whole_reads_all(how: str) -> None:
    config, unread = watched()
    ALL[how](config)
    assert unread == set()


def test_a_pattern_reads_what_it_names() -> None:
    config, unread = watched()
    assert matched(config) == 0.1
    assert unread == {"units", "dropout"}


@pytest.mark.parametrize(
    "look", [len, bool, lambda config: config.update(other=1), lambda c: isinstance(c, Mapping)]
)
def test_what_looks_at_no_value_reads_nothing(look: Any) -> None:
    config, unread = watched()
    look(config)
    assert unread == set(CONFIG)


def test_it_behaves_as_the_dict_that_it_is() -> None:
    config, _ = watched()
    assert isinstance(config, dict)
    assert (repr(config), str(config), f"{config}") == (repr(CONFIG),) * 3
    assert config == CONFIG
    assert CONFIG == config  # noqa: SIM300  # this side is the point
    assert json.loads(json.dumps(config)) == CONFIG
    with pytest.raises(KeyError, match="'momentum'"):
        config["momentum"]
    with pytest.raises(KeyError, match="'momentum'"):
        config.pop("momentum")
    with pytest.raises(TypeError, match="unhashable"):
        hash(config)
    assert (
        config.get("momentum", 0.9)
        == config.pop("momentum", 0.9)
        == config.setdefault("momentum", 0.9)
        == 0.9
    )


@pytest.mark.parametrize(
    "copied", [dict, copy.copy, copy.deepcopy, lambda config: pickle.loads(pickle.dumps(config)), dict.copy]
)
def test_its_copies_are_plain(copied: Any) -> None:
    assert type(copied(watched()[0])) is dict
    assert copied(watched()[0]) == CONFIG


def test_libraries_that_look_for_the_type_in_a_table_find_that_of_dict() -> None:
    config, unread = watched()
    table: dict[type, str] = {list: "of a list", dict: "of a dict"}
    assert table[type(config)] == "of a dict"
    assert unread == set(CONFIG)
    assert type(watched()[0]) == dict  # noqa: E721  # it is what such a table asks


def test_it_is_made_anew_and_has_attributes_as_any_dict() -> None:
    config, unread = watched()
    made: Any = type(config)
    assert made(rate=1, config=2, unread=3) == {"rate": 1, "config": 2, "unread": 3}
    assert made([("rate", 1)]) == {"rate": 1}
    assert not hasattr(config, "__dict__")
    with pytest.raises(AttributeError, match="momentum"):
        config.momentum = 0.9  # type: ignore[attr-defined]  # wrong on purpose
    assert unread == set(CONFIG)


def refuses(config: dict[str, Any]) -> float:
    if type(config) is not dict:
        raise ValueError(f"Object of unsupported type: {type(config).__name__!r}")
    return 1.0


def test_a_library_that_takes_nothing_else_than_a_dict_is_told_how_it_gets_one() -> None:
    with pytest.raises(SearchFailedError, match=r"notes what is read of it, and dict\(config\) is a plain"):
        hpo.search(refuses, SPACE, num_trials=1, seed=0)
    assert hpo.search(lambda config: refuses(dict(config)), SPACE, num_trials=1, seed=0).num_completed


def test_two_who_look_at_one_trial_share_what_was_read() -> None:
    config, unread = watched()
    other = own_copy(config)
    assert unread == set(CONFIG)
    assert other.pop("rate") == config["rate"]
    assert unread == {"units", "dropout"}


SPACE = {"rate": hpo.Float(0, 1), "dropout": hpo.Float(0, 1), "kind": hpo.Constant("mlp")}
WORDS = "None of the {} trials that came to an end read 'dropout' from its config"


def forgets(config: dict[str, Any]) -> float:
    return float(config["rate"])


def forgets_in_epochs(config: dict[str, Any]) -> Iterator[float]:
    for _ in range(9):
        yield config["rate"]


def hints(objective: Any, num_trials: int = 6, **options: Any) -> list[str]:
    study = hpo.search(objective, SPACE, num_trials=num_trials, seed=0, **options)
    return [hint.text for hint in study.hints if hint.kind == "unread"]


@pytest.mark.parametrize("objective", [forgets, forgets_in_epochs])
@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"replicates": 2}], ids=str)
def test_what_no_trial_reads_is_a_hint(objective: Any, options: Any) -> None:
    [text] = hints(objective, **options)
    assert text.startswith(WORDS.format(6))
    assert text.endswith("mend its name in the objective or in the space, or leave it out of the space.")


def test_several_that_no_trial_reads_are_one_hint() -> None:
    space = {name: hpo.Float(0, 1) for name in ("rate", *"abc")}
    study = hpo.search(forgets, space, num_trials=6, seed=0)
    [text] = [hint.text for hint in study.hints if hint.kind == "unread"]
    assert "read 'a', 'b' and 'c' from its config: mend the names" in text
    assert text.endswith("or leave them out of the space.")


@pytest.mark.parametrize("scheduler", [hpo.ASHA(1, 9), hpo.SuccessiveHalving(1, 9), hpo.MedianStopping(9)])
def test_so_it_is_where_trials_pause_and_stop(scheduler: Any) -> None:
    [text] = hints(forgets_in_epochs, 18, scheduler=scheduler)
    assert "read 'dropout'" in text


def test_a_study_that_is_read_again_has_the_hint(tmp_path: Path) -> None:
    assert hints(forgets, storage=tmp_path / "study.db")
    study = hpo.load_study(tmp_path / "study.db")
    assert [hint.kind for hint in study.hints] == ["unread"]
    assert study.trials[0].unread == ("dropout", "kind")


def test_one_trial_that_reads_it_is_enough() -> None:
    assert not hints(lambda config: config["dropout"] if config["rate"] < 0.3 else config["rate"], 12)


def test_few_trials_say_nothing() -> None:
    assert not hints(forgets, 4)


def test_what_reads_nothing_may_have_taken_the_whole() -> None:
    assert not hints(lambda config: len(config))


def test_what_the_current_trial_holds_counts() -> None:
    assert not hints(lambda config: config["rate"] + hpo.objective.current_trial().config["dropout"])


def test_what_is_not_active_is_not_missed() -> None:
    space = hpo.Space({"kind": hpo.Choice(["a", "b"]), "depth": hpo.Int(1, 4).when("kind", eq="a")})
    study = hpo.search(
        lambda config: config["depth"] if config["kind"] == "a" else 0.0, space, num_trials=12, seed=0
    )
    assert not [hint for hint in study.hints if hint.kind == "unread"]


@pytest.mark.parametrize("fuse", ["auto", 1])
@pytest.mark.parametrize("task", [SmallTask, PerceptronTask])
def test_what_trains_together_reads_all(task: Any, fuse: Any) -> None:
    study = hpo.search(task(), task.space, minimize="val_error", num_trials=8, seed=0, fuse=fuse)
    assert {trial.unread for trial in study.trials} == {()}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_ready_task_reads_all(name: str) -> None:
    if name == "digits":
        pytest.importorskip("sklearn")
    images, labels = np.zeros((64, 28, 28), np.uint8), np.arange(64) % 10
    data = SimpleNamespace(
        train_images=images, train_labels=labels, test_images=images[:32], test_labels=labels[:32]
    )
    given: dict[str, Any] = {} if name == "digits" else {"data": data}
    task = TASKS[name](max_epochs=1, **given)
    study = hpo.search(task, task.space, minimize=task.metric, num_trials=1, seed=0)
    assert (study.num_completed, study.trials[0].unread) == (1, ())
