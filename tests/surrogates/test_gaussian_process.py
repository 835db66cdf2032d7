from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from hpo.randomness import uniforms
from hpo.surrogates.gaussian_process import (
    GaussianProcessModel,
    Hyperparameters,
    Posterior,
    Priors,
    fit_hyperparameters,
)
from hpo.surrogates.matern import matern

CATEGORIES = np.array([False, False, True])
POINTS = uniforms(0, "points", shape=(40, 3))
POINTS[:, 2] = (np.floor(3 * POINTS[:, 2]) + 0.5) / 3
RAW = np.sin(5 * POINTS[:, 0]) + POINTS[:, 1] + (POINTS[:, 2] > 0.6)
VALUES = (RAW - RAW.mean()) / RAW.std()
AT = Hyperparameters(np.array([0.4, 1.3, 2.0]), signal=1.5, noise=0.01)


def test_the_kernel_is_the_formula() -> None:
    r = np.array([0.0, 0.3, 2.0])
    expected = (1 + math.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-math.sqrt(5) * r)
    assert np.allclose(matern(r**2)[0], expected)


def test_the_kernel_s_slope_is_its_derivative_by_the_squared_distance() -> None:
    squared = np.array([0.01, 0.5, 4.0])
    difference = (matern(squared + 1e-6)[0] - matern(squared - 1e-6)[0]) / 2e-6
    assert np.allclose(matern(squared)[1], difference, atol=1e-7)


def test_without_noise_it_goes_through_what_was_seen() -> None:
    process = GaussianProcessModel(POINTS, VALUES, CATEGORIES, Hyperparameters(AT.lengths, 1.0, 1e-7))
    mean, deviation = process.predict(POINTS)
    assert np.allclose(mean, VALUES, atol=1e-3)
    assert deviation.max() < 1e-2


def test_far_from_what_was_seen_it_knows_nothing() -> None:
    process = GaussianProcessModel(
        np.zeros((1, 1)), np.ones(1), np.array([False]), Hyperparameters(np.array([0.01]), 2.0, 0.01)
    )
    mean, deviation = process.predict(np.ones((1, 1)))
    assert mean[0] == pytest.approx(0, abs=1e-9)
    assert deviation[0] == pytest.approx(math.sqrt(2))


def test_the_gradients_of_a_prediction_are_derivatives() -> None:
    process = GaussianProcessModel(POINTS, VALUES, CATEGORIES, AT)
    point = np.array([0.31, 0.62, 0.5])
    mean, deviation, mean_gradient, deviation_gradient = process.predict_with_gradient(point)
    assert (mean, deviation) == pytest.approx([float(each[0]) for each in process.predict(point[None])])
    by_mean = approx_fprime(point, lambda x: float(process.predict(x[None])[0][0]), 1e-7)
    by_deviation = approx_fprime(point, lambda x: float(process.predict(x[None])[1][0]), 1e-7)
    assert np.allclose(mean_gradient[:2], by_mean[:2], atol=1e-5)
    assert np.allclose(deviation_gradient[:2], by_deviation[:2], atol=1e-5)
    assert mean_gradient[2] == deviation_gradient[2] == 0


def test_the_gradient_of_the_posterior_is_its_derivative() -> None:
    theta = np.log([0.4, 1.3, 2.0, 1.5, 0.01])
    posterior = Posterior(POINTS, VALUES, CATEGORIES, Priors())
    loss, gradient = posterior(theta)
    numeric = approx_fprime(theta, lambda x: posterior(x)[0], 1e-6)
    assert math.isfinite(loss)
    assert np.allclose(gradient, numeric, rtol=1e-3, atol=1e-2)


def test_noise_and_what_does_not_matter_are_learned() -> None:
    points = uniforms(3, "points", shape=(80, 2))
    clean = np.sin(6 * points[:, 0])
    noisy = clean + 0.5 * (uniforms(3, "noise", shape=(80,)) - 0.5)
    found = fit_hyperparameters(points, noisy / noisy.std(), np.array([False, False]), Priors())
    exact = fit_hyperparameters(points, clean / clean.std(), np.array([False, False]), Priors())
    assert found.lengths[1] > 3 * found.lengths[0]
    assert found.noise > 0.01 > exact.noise


def test_a_point_that_was_seen_twice_is_no_trouble() -> None:
    points = np.full((5, 2), 0.3)
    found = fit_hyperparameters(points, np.zeros(5), np.array([False, False]), Priors())
    mean, _ = GaussianProcessModel(points, np.zeros(5), np.array([False, False]), found).predict(points)
    assert np.allclose(mean, 0)
