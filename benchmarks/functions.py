"""Textbook functions of a vector, with their lowest values."""

from __future__ import annotations

import math

import numpy as np


def branin(x: np.ndarray) -> float:
    """Branin on [-5, 10] x [0, 15]; the lowest value is 0.397887."""
    bowl = (x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6) ** 2
    return float(bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10)


_HARTMANN_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_HARTMANN = {
    3: (
        np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]]),
        1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]),
    ),
    6: (
        np.array(
            [
                [10, 3, 17, 3.5, 1.7, 8],
                [0.05, 10, 17, 0.1, 8, 14],
                [3, 3.5, 1.7, 10, 17, 8],
                [17, 8, 0.05, 10, 0.1, 14],
            ]
        ),
        1e-4
        * np.array(
            [
                [1312, 1696, 5569, 124, 8283, 5886],
                [2329, 4135, 8307, 3736, 1004, 9991],
                [2348, 1451, 3522, 2883, 3047, 6650],
                [4047, 8828, 8732, 5743, 1091, 381],
            ]
        ),
    ),
}


def hartmann(x: np.ndarray) -> float:
    """Hartmann on the unit cube of 3 or 6 dimensions; the lowest values are -3.86278 and -3.32237."""
    scales, centres = _HARTMANN[len(x)]
    return float(-_HARTMANN_WEIGHTS @ np.exp(-np.sum(scales * (x - centres) ** 2, axis=1)))


def ackley(x: np.ndarray) -> float:
    """Ackley; 0 at the origin."""
    wide = -20 * math.exp(-0.2 * math.sqrt(float(np.mean(x * x))))
    return float(wide - math.exp(float(np.mean(np.cos(2 * math.pi * x)))) + 20 + math.e)


def levy(x: np.ndarray) -> float:
    """Levy; 0 at (1, ..., 1)."""
    w = 1 + (x - 1) / 4
    middle = np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2))
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return float(math.sin(math.pi * w[0]) ** 2 + middle + last)


def rosenbrock(x: np.ndarray) -> float:
    """Rosenbrock; 0 at (1, ..., 1)."""
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))
