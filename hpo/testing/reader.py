"""What a reader of the book must find in any backend: the section's cells run from top to bottom.

The programs below do what the cells of the section do, in the order and through the names that the
cells use, with a sample of the data. What a reader writes in the framework's own words comes from the
subclass.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from string import Template
from typing import Any

import pytest

_SNIPPETS = ("package", "imports", "own_model", "without_gradients")

_FIRST_SECTION = """
    import $package as d2l
    import matplotlib.pyplot as plt
    import numpy as np
    from scipy import stats
    $imports

    # -- the model
    $own_model

    # -- its validation error
    @d2l.add_to_class(d2l.Trainer)
    def validate(self, model):
        model.eval()
        right = 0
        num_batches = 0
        for batch in self.val_dataloader:
            with $without_gradients:
                x, y = self.prepare_batch(batch)
                y_hat = model(x)
                right += model.accuracy(y_hat, y)
            num_batches += 1
        return 1 - right / num_batches

    # -- the objective
    def objective(config, max_epochs=10):
        trainer = d2l.Trainer(max_epochs=max_epochs)
        data = d2l.FashionMNIST(batch_size=16)
        model = $model(num_outputs=10, lr=config["learning_rate"])
        trainer.fit(model=model, data=data)
        return trainer.validate(model=model).numpy()

    # -- the space
    config_space = {"learning_rate": stats.loguniform(1e-2, 0.2)}

    # -- random search
    np.random.seed(0)
    rates, errors = [], []
    for i in range(2):
        learning_rate = config_space["learning_rate"].rvs()
        error = objective({"learning_rate": learning_rate}, max_epochs=1)
        rates.append(learning_rate)
        errors.append(error)

    # -- the best one, and the plot
    best = np.argmin(errors)
    plt.scatter(rates, errors)
    plt.xscale("log")
    plt.savefig("figure.png")
    found = {
        "rates": rates,
        "errors": [float(error) for error in errors],
        "best": int(best),
        "axis": plt.gca().get_xscale(),
    }
"""

_SECOND_SECTION = """
    import $package as d2l
    import time
    from scipy import stats
    $imports

    # -- the objective, with the names that the published chapter has for it
    def objective(learning_rate, batch_size, max_epochs=1):
        trainer = d2l.HPOTrainer(max_epochs=max_epochs, num_gpus=0)
        data = d2l.FashionMNIST(batch_size=batch_size)
        model = d2l.SoftmaxRegression(num_outputs=10, lr=learning_rate)
        trainer.fit(model=model, data=data)
        return trainer.validation_error()

    # -- a trainer that a reader pastes over ours
    class HPOTrainer(d2l.Trainer):
        def validation_error(self):
            self.model.eval()
            right = num_batches = 0
            for batch in self.val_dataloader:
                with $without_gradients:
                    x, y = self.prepare_batch(batch)
                    right += self.model.accuracy(self.model(x), y)
                num_batches += 1
            return 1 - right / num_batches

    # -- a searcher and a tuner of the reader's own
    class Walk(d2l.HPOSearcher):
        def __init__(self, start):
            self.save_hyperparameters()
            self.seen = []

        def sample_configuration(self):
            return {"learning_rate": self.start / 2 ** len(self.seen), "batch_size": 32}

        def update(self, config, error, additional_info=None):
            self.seen.append(error)

    class Tuner(d2l.HyperParameters):
        def __init__(self, scheduler, objective):
            self.save_hyperparameters()

        def run(self, number_of_trials):
            start = time.time()
            config = self.scheduler.suggest()
            error = float(d2l.numpy(self.objective(**config).cpu()))
            self.scheduler.update(config, error)
            return error, time.time() - start

    # -- random search, and the reader's own
    space = {"learning_rate": stats.loguniform(1e-2, 0.2), "batch_size": stats.randint(16, 64)}
    first = {"learning_rate": 0.1, "batch_size": 32}
    scheduler = d2l.BasicScheduler(searcher=d2l.RandomSearcher(space, initial_config=first))
    tuner = d2l.HPOTuner(scheduler=scheduler, objective=objective)
    tuner.run(number_of_trials=2)
    walk = Walk(0.1)
    d2l.HPOTuner(d2l.BasicScheduler(walk), objective).run(number_of_trials=2)
    own_error, _ = Tuner(d2l.BasicScheduler(Walk(0.1)), objective).run(1)

    trainer, data = HPOTrainer(max_epochs=1), d2l.FashionMNIST(batch_size=32)
    trainer.fit(d2l.SoftmaxRegression(num_outputs=10, lr=0.1), data)
    found = {
        "configs": [record["config"] for record in tuner.records],
        "errors": [record["error"] for record in tuner.records],
        "trajectory": tuner.incumbent_trajectory,
        "walk": walk.seen,
        "own_tuner": own_error,
        "own_trainer": float(trainer.validation_error().detach().numpy()),
    }
"""


class ReaderContract:
    """Subclass it and set `package` and what a reader would write with this framework.

    Attributes:
        package: the backend's package.
        imports: what a reader imports of the framework.
        own_model: a class `SoftmaxClassification` that derives from `d2l.Classification`, built of the
            framework's own layers, whose constructor takes `num_outputs` and `lr`, calls
            `super().__init__()` and `self.save_hyperparameters()`, and sets `self.net`.
        without_gradients: the context in which the framework records no gradients.

    Example:
        >>> from hpo.testing import ReaderContract
        >>> class TestReader(ReaderContract):
        ...     package = "hpo_torch"
        ...     imports = "import torch; from torch import nn"
        ...     without_gradients = "torch.no_grad()"
        ...     own_model = '''
        ...         class SoftmaxClassification(d2l.Classification):
        ...             def __init__(self, num_outputs, lr):
        ...                 super().__init__()
        ...                 self.save_hyperparameters()
        ...                 self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))
        ...         '''
    """

    package: str
    imports: str = ""
    own_model: str
    without_gradients: str = "contextlib.nullcontext()"

    def test_the_section_runs_from_top_to_bottom(self, tmp_path: Path) -> None:
        found = self.paste(_FIRST_SECTION, tmp_path, model="d2l.SoftmaxClassification")
        assert all(0.05 < error < 0.5 for error in found["errors"])
        assert found["errors"][found["best"]] == min(found["errors"])
        assert found["axis"] == "log"
        assert (tmp_path / "figure.png").exists()

    def test_a_reader_s_own_class_takes_the_place_of_the_library_s(self, tmp_path: Path) -> None:
        found = self.paste(_FIRST_SECTION, tmp_path, model="SoftmaxClassification")
        assert all(0.05 < error < 0.5 for error in found["errors"])
        assert all(0.01 <= rate <= 0.2 for rate in found["rates"])

    def test_the_published_chapter_s_next_page_runs(self, tmp_path: Path) -> None:
        found = self.paste(_SECOND_SECTION, tmp_path)
        assert found["configs"][0] == {"learning_rate": 0.1, "batch_size": 32}
        assert found["trajectory"] == [found["errors"][0], min(found["errors"])]
        # One configuration, however it is reached, has one error.
        assert found["walk"][0] == found["own_tuner"] == found["errors"][0]
        # The reader's loop takes the mean over batches, in which the smaller last one weighs as much as the
        # others.
        assert found["own_trainer"] == pytest.approx(found["errors"][0], abs=0.02)

    def paste(self, program: str, folder: Path, **names: str) -> Any:
        """What a program found that is made of `program` and this framework's snippets."""
        snippets = {name: textwrap.dedent(getattr(self, name)).strip() for name in _SNIPPETS} | names
        code = Template(textwrap.dedent(program)).substitute(snippets)
        done = subprocess.run(
            [sys.executable, "-c", f"import contextlib, json\n{code}\nprint(json.dumps(found))"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**os.environ, "HPO_DATA": "sample", "MPLBACKEND": "agg"},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])
