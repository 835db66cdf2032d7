"""The book's objective, made once for the classes of any backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hpo.training.data import FashionMNIST
from hpo.training.trainer import Trainer


def softmax_objective(
    trainer_class: type[Trainer], data_class: type[FashionMNIST], model_class: Callable[..., Any]
) -> Callable[..., Any]:
    """The function `hpo_objective_softmax_classification` of a backend's package."""

    def hpo_objective_softmax_classification(config: Mapping[str, Any], max_epochs: int = 10) -> Any:
        """The book's objective: the validation error of softmax regression after `max_epochs` epochs.

        Args:
            config: with `learning_rate`.
            max_epochs: how long to train.

        Example:
            >>> import os
            >>> import hpo_numpy as d2l
            >>> os.environ["HPO_DATA"] = "sample"  # without it, the full Fashion-MNIST
            >>> error = d2l.hpo_objective_softmax_classification({"learning_rate": 0.1}, max_epochs=1)
            >>> round(float(error), 1)
            0.2
        """
        trainer = trainer_class(max_epochs=max_epochs)
        data = data_class(batch_size=16)
        model = model_class(num_outputs=10, lr=config["learning_rate"])
        trainer.fit(model=model, data=data)
        return trainer.validate(model=model).numpy()

    return hpo_objective_softmax_classification
