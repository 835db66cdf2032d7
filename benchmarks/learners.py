"""Models of scikit-learn on its own data sets as objectives: what a search meets outside of textbooks.

Each evaluation trains a model from one seed, the instance's, and looks at held-out examples, so the same
config always gives the same value; another instance splits the data otherwise. The best value is not known;
the lowest one in the results that are compared stands for it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import hpo

Config = dict[str, Any]

SVM_SPACE = hpo.Space(
    {
        "kernel": hpo.Choice(["sigmoid", "rbf", "poly"]),
        "c": hpo.Float(1e-3, 1e3, log=True),
        "gamma": hpo.Float(1e-6, 1, log=True),
        "degree": hpo.Int(2, 5).when("kernel", eq="poly"),
        "coef0": hpo.Float(-1, 1).when("kernel", in_=["poly", "sigmoid"]),
    }
)
MLP_SPACE = hpo.Space(
    {
        "rate": hpo.Float(1e-4, 0.3, log=True),
        "alpha": hpo.Float(1e-6, 1, log=True),
        "units": hpo.Int(4, 128, log=True),
        "batch": hpo.Ordinal([16, 32, 64, 128]),
        "momentum": hpo.Float(0, 0.99),
        "activation": hpo.Choice(["logistic", "tanh", "relu"]),
    }
)
FOREST_SPACE = hpo.Space(
    {
        "trees": hpo.Int(4, 64, log=True),
        "depth": hpo.Int(1, 16),
        "leaf": hpo.Int(1, 64, log=True),
        "features": hpo.Float(0.05, 1),
        "bootstrap": hpo.Choice([True, False]),
    }
)
BOOSTING_SPACE = hpo.Space(
    {
        "rate": hpo.Float(1e-3, 1, log=True),
        "trees": hpo.Int(5, 80, log=True),
        "depth": hpo.Int(1, 6),
        "leaf": hpo.Int(1, 50, log=True),
        "subsample": hpo.Float(0.3, 1),
        "features": hpo.Float(0.1, 1),
    }
)


@functools.cache
def split(name: str, limit: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and held-out examples of a data set of scikit-learn, standardised."""
    from sklearn import datasets, model_selection, preprocessing

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    kept = np.random.default_rng(seed).permutation(len(x))[:limit]
    x, y = preprocessing.scale(x[kept]), y[kept]
    train, held_out, train_y, held_out_y = model_selection.train_test_split(x, y, random_state=seed)
    return train, train_y, held_out, held_out_y


def svm(config: Config, *, seed: int) -> float:
    """The error of a support vector machine on 3 folds of digits."""
    from sklearn import model_selection, svm

    x, y, _, _ = split("digits", 600, seed)
    model = svm.SVC(
        C=config["c"],
        kernel=config["kernel"],
        gamma=config["gamma"],
        degree=config.get("degree", 3),
        coef0=config.get("coef0", 0.0),
    )
    return float(1 - model_selection.cross_val_score(model, x, y, cv=3).mean())


def mlp(config: Config, *, seed: int) -> float:
    """The held-out log loss of a network that is trained for 12 epochs on digits."""
    from sklearn import metrics, neural_network

    x, y, held_out, held_out_y = split("digits", 800, seed)
    model = neural_network.MLPClassifier(
        [config["units"]],
        activation=config["activation"],
        solver="sgd",
        alpha=config["alpha"],
        batch_size=config["batch"],
        learning_rate_init=config["rate"],
        momentum=config["momentum"],
        max_iter=12,
        random_state=seed,
    ).fit(x, y)
    return float(min(metrics.log_loss(held_out_y, model.predict_proba(held_out)), 10.0))


def forest(config: Config, *, seed: int) -> float:
    """The held-out squared error of a random forest on diabetes, as a share of the variance."""
    from sklearn import ensemble

    x, y, held_out, held_out_y = split("diabetes", 442, seed)
    model = ensemble.RandomForestRegressor(
        config["trees"],
        max_depth=config["depth"],
        min_samples_leaf=config["leaf"],
        max_features=config["features"],
        bootstrap=config["bootstrap"],
        random_state=seed,
    ).fit(x, y)
    return float(1 - model.score(held_out, held_out_y))


def boosting(config: Config, *, seed: int) -> float:
    """The held-out log loss of boosted trees on breast cancer."""
    from sklearn import ensemble, metrics

    x, y, held_out, held_out_y = split("breast_cancer", 569, seed)
    model = ensemble.GradientBoostingClassifier(
        learning_rate=config["rate"],
        n_estimators=config["trees"],
        max_depth=config["depth"],
        min_samples_leaf=config["leaf"],
        subsample=config["subsample"],
        max_features=config["features"],
        random_state=seed,
    ).fit(x, y)
    return float(min(metrics.log_loss(held_out_y, model.predict_proba(held_out)), 10.0))
