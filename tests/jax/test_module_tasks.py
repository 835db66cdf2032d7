"""Modules of one's own that train together by `jax.vmap`."""

from __future__ import annotations

import doctest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import pytest
from flax import linen, nnx

import hpo
import hpo_jax as d2l
from hpo.executors.cohorts import planner
from hpo.storage.events import EventKind
from hpo.testing.problems import make_arrays
from hpo_jax import ModuleTask, module_task

SPACE = {"lr": hpo.Float(0.01, 0.1, log=True), "momentum": hpo.Choice([0.0, 0.9])}
EPOCHS = 3


def flattened(x: Any) -> Any:
    return x.reshape(len(x), -1)


def make(config: Mapping[str, Any]) -> nnx.Module:
    rngs = nnx.Rngs(d2l.get_key())
    return nnx.Sequential(flattened, nnx.Linear(36, 7, rngs=rngs), nnx.tanh, nnx.Linear(7, 10, rngs=rngs))


def data(last_batch: Any = "keep", num_train: int = 100) -> Any:
    arrays = make_arrays(num_train=num_train)
    pairs = (arrays.train_x, arrays.train_y), (arrays.val_x, arrays.val_y)
    return d2l.DataModule(*pairs, last_batch=last_batch)


def descent(config: Mapping[str, Any]) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(0.01), optax.sgd(config["lr"], config["momentum"]))


def task(
    maker: Callable[[Mapping[str, Any]], nnx.Module] = make,
    optimizer: Callable[[Mapping[str, Any]], optax.GradientTransformation] = descent,
) -> ModuleTask:
    return ModuleTask(maker, data(), max_epochs=EPOCHS, optimizer=optimizer)


def search(objective: Any = None, **options: Any) -> hpo.Study:
    settings: dict[str, Any] = {"num_trials": 5, "seed": 0, "backend": "jax", "minimize": "val_loss"}
    return hpo.search(objective or task(), SPACE, **settings | options)


def curves(study: hpo.Study) -> Any:
    return np.array([[report.metrics["val_loss"] for report in trial.reports] for trial in study.trials])


def cohorts(study: hpo.Study) -> list[list[int]]:
    return [event.data["trials"] for event in study.events if event.kind is EventKind.COHORT_FORMED]


def test_modules_of_one_structure_learn_together_what_each_learns_alone() -> None:
    together, alone = search(fuse=5), search(fuse=1)
    assert cohorts(together) == [[0, 1, 2, 3, 4]]
    assert cohorts(alone) == []
    assert curves(together) == pytest.approx(curves(alone), abs=1e-6)


def test_alone_it_learns_what_the_trainer_s_model_learns() -> None:
    class Own(d2l.Classification):
        def __init__(self, config: Mapping[str, Any]) -> None:
            super().__init__(make(config))
            self.lr, self.momentum = config["lr"], config["momentum"]

        def configure_optimizers(self) -> optax.GradientTransformation:
            return descent({"lr": self.lr, "momentum": self.momentum})

    def by_trainer(config: Mapping[str, Any]) -> Any:
        yield from d2l.Trainer(max_epochs=EPOCHS).epochs(Own(config), data())

    assert curves(search(fuse=1)) == pytest.approx(curves(search(by_trainer)), abs=1e-6)


@pytest.mark.parametrize(("gain", "expected"), [(2.0, [[0, 1, 2, 3, 4]]), (0.9, [])])
def test_they_train_together_where_a_measurement_says_so(
    monkeypatch: pytest.MonkeyPatch, gain: float, expected: list[list[int]]
) -> None:
    monkeypatch.setattr(planner, "measured_gain", lambda kind, prepare, arrays: gain)
    study = search()
    assert cohorts(study) == expected
    [plan] = [event.data for event in study.events if event.kind is EventKind.COHORT_PLANNED]
    assert plan["reason"] == f"measured here: {gain:.2f} times as fast together"
    assert "Sequential with layers.1.bias (7,)" in plan["kind"]


def test_a_measurement_can_be_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HPO_CACHE", str(tmp_path))
    study = search(num_trials=1)
    [plan] = [event.data for event in study.events if event.kind is EventKind.COHORT_PLANNED]
    assert plan["members"] in (1, planner.MOST_MEMBERS)
    assert (tmp_path / "cohorts.json").exists()


class Varied(nnx.Module):  # type: ignore[misc]  # Flax's types are not at hand
    """Numbers and layers of every kind that draws, counts, or keeps statistics."""

    def __init__(self, share: float, slope: float, rngs: nnx.Rngs) -> None:
        self.slope = slope
        # Without a bias, whose gradient before a normalization is round-off, which Adam makes whole steps of.
        first = nnx.Linear(36, 7, use_bias=False, rngs=rngs)
        self.layers = nnx.List([first, nnx.BatchNorm(7, rngs=rngs)])
        self.dropout = nnx.Dropout(share, rngs=rngs)
        self.cell = nnx.RNN(nnx.GRUCell(7, 7, rngs=rngs))
        self.head = nnx.Linear(7, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = flattened(x)
        for layer in self.layers:
            x = layer(x)
        x = self.dropout(nnx.leaky_relu(x, self.slope))
        return self.head(self.cell(x[:, None])[:, 0])


OPTIMIZERS: dict[str, Callable[[float], optax.GradientTransformation]] = {
    "adamw": lambda rate: optax.adamw(rate, weight_decay=rate / 10, b1=1 - rate),
    "schedule": lambda rate: optax.sgd(optax.cosine_decay_schedule(rate, 20), momentum=0.9, nesterov=True),
    "clipped": lambda rate: optax.chain(optax.clip_by_global_norm(10 * rate), optax.lion(rate)),
    "injected": lambda rate: optax.inject_hyperparams(optax.rmsprop)(learning_rate=rate),
    "masked": lambda rate: optax.chain(
        optax.adam(rate),
        optax.add_decayed_weights(rate, mask=lambda tree: jax.tree.map(lambda leaf: leaf.ndim > 1, tree)),
    ),
    "several": lambda rate: optax.multi_transform(
        {"slow": optax.sgd(rate / 10), "fast": optax.adam(rate)},
        lambda tree: {name: "fast" if name == "head" else "slow" for name in tree},
    ),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_any_module_and_any_optimizer_train_together_as_alone(optimizer: str) -> None:
    varied = task(
        lambda config: Varied(5 * config["lr"], config["lr"], nnx.Rngs(d2l.get_key())),
        lambda config: OPTIMIZERS[optimizer](config["lr"]),
    )
    together, alone = search(varied, fuse=3, num_trials=3), search(varied, fuse=1, num_trials=3)
    assert cohorts(together) == [[0, 1, 2]]
    assert curves(together) == pytest.approx(curves(alone), abs=2e-5)
    assert len(set(curves(alone)[:, -1])) == 3


def test_what_is_no_number_tells_modules_apart() -> None:
    def one(config: Mapping[str, Any]) -> nnx.Module:
        rngs = nnx.Rngs(0)
        between = nnx.relu if config["momentum"] else nnx.tanh
        return nnx.Sequential(flattened, nnx.Linear(36, 7, rngs=rngs), between, nnx.Linear(7, 10, rngs=rngs))

    kinds = {
        task(one, lambda config: optax.sgd(config["lr"])).training(config, seed=0, replicate=0).kind[0]  # type: ignore[index]  # a tuple
        for config in (
            {"lr": 0.1, "momentum": 0.0},
            {"lr": 0.2, "momentum": 0.0},
            {"lr": 0.1, "momentum": 0.9},
        )
    }
    assert len(kinds) == 2


def test_trials_of_one_shape_share_their_programs() -> None:
    compiled: list[str] = []
    search(num_trials=1, fuse=1)
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: compiled.append(event) if "backend_compile" in event else None
    )
    try:
        search(num_trials=1, fuse=1)
        first = len(compiled)
        search(num_trials=20, fuse=1)
    finally:
        jax.monitoring.clear_event_listeners()
    assert len(compiled) == first


def test_the_best_module_comes_back(tmp_path: Path) -> None:
    study = search(fuse=5, storage=tmp_path / "study.db")
    module: Any = make({})
    study.best.load_into(module)
    arrays = make_arrays(num_train=100)
    scores = module((arrays.val_x / 255).astype("float32"))
    loss = optax.softmax_cross_entropy_with_integer_labels(scores, arrays.val_y).mean()
    assert float(loss) == pytest.approx(study.best.value, abs=1e-5)


@pytest.mark.parametrize("maker", [make, lambda config: Varied(0.3, 0.1, nnx.Rngs(d2l.get_key()))])
def test_a_cohort_of_modules_goes_on_exactly(maker: Any, tmp_path: Path) -> None:
    count = 0

    def interrupt(event: Any, study: hpo.Study) -> None:
        nonlocal count
        count += event.epoch == 2
        if count == 5:
            raise KeyboardInterrupt

    whole = search(task(maker), fuse=5, storage=tmp_path / "whole.db", keep="all")
    with pytest.raises(hpo.SearchInterrupted):
        search(task(maker), fuse=5, storage=tmp_path / "cut.db", keep="all", callbacks=[interrupt])
    resumed = search(task(maker), fuse=5, storage=tmp_path / "cut.db", keep="all", resume=True)
    assert list(resumed.trials) == list(whole.trials)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="max_epochs must be an integer of at least 1; received 0"):
        ModuleTask(make, data(), max_epochs=0)
    with pytest.raises(TypeError, match=r"takes data in arrays for classification.* received a list without"):
        ModuleTask(make, [], max_epochs=1)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (3, r"make must return a flax\.nnx\.Module; received a int"),
        (linen.Dense(10), r"received a Dense of Flax's linen, .* Return flax\.nnx\.bridge\.ToNNX\(module"),
    ],
)
def test_a_maker_of_something_else_fails_its_trial(made: Any, text: str) -> None:
    with pytest.raises(hpo.errors.SearchFailedError, match=text):
        search(task(lambda config: made), fuse=2)


def test_an_optimizer_of_something_else_fails_its_trial() -> None:
    wrong: Any = lambda config: hpo.Float(0, 1)  # noqa: E731  # the mistake
    with pytest.raises(
        hpo.errors.SearchFailedError, match=r"optimizer must return a transformation of Optax"
    ):
        search(task(make, wrong), fuse=2)


def test_the_example_runs() -> None:
    assert doctest.testmod(module_task).failed == 0


@pytest.mark.parametrize("last_batch", ["keep", "drop", "merge"])
def test_modules_are_trained_on_the_batches_of_a_trainer(last_batch: Any) -> None:
    last = data(last_batch, num_train=97)

    def normalizing(config: Mapping[str, Any]) -> nnx.Module:
        rngs = nnx.Rngs(3)
        layers = [nnx.Linear(36, 7, rngs=rngs), nnx.BatchNorm(7, rngs=rngs), nnx.Linear(7, 10, rngs=rngs)]
        return nnx.Sequential(flattened, *layers)

    own = ModuleTask(normalizing, last, max_epochs=2)
    rates = {"lr": hpo.Choice([0.1, 0.2])}
    settings: dict[str, Any] = {"num_trials": 2, "seed": 0, "backend": "jax", "minimize": "val_loss"}
    studies = [hpo.search(own, rates, fuse=fuse, **settings) for fuse in (1, 2)]
    trainer = d2l.Trainer(max_epochs=2, seed=0)
    trainer.fit(d2l.Classification(normalizing({}), lr=studies[0].trials[0].config["lr"]), last)
    expected = [record["train_loss"] for record in trainer.history]
    for study in studies:
        assert [each.metrics["train_loss"] for each in study.trials[0].reports] == pytest.approx(
            expected, abs=1e-5
        )
