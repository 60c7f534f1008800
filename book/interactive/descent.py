"""Gradient descent on the four patients of Foundations, week 3: the same data three times, with many learning rates."""

import math

import numpy as np
from drawing import COLORS, NEUTRAL, picture, text

X, Y = np.array([18.0, 24, 26, 32]), np.array([104.0, 132, 148, 216])
STEPS = 60
SHARES = (0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.01, 1.1)  # of the rate above which the steps explode
CASES = (  # the feature, and what is shown of the plane: b from left to right, w upward in the same scale around the third number
    ("as measured", X, (-66, 14, 5)),
    ("centered", X - X.mean(), (-24, 236, 8)),
    ("standardized", (X - X.mean()) / X.std(), (-24, 236, 35)),
)


def data() -> dict:
    """For each case the ellipses of the loss and, for each learning rate, the path from w = b = 0."""
    return {"steps": STEPS, "least": 100, "cases": [case(*each) for each in CASES]}


def case(name: str, x: np.ndarray, window: tuple[float, float, float]) -> dict:
    """One way to write down the same four patients."""
    rows = np.column_stack([x, np.ones(4)])
    curvature = rows.T @ rows / 2  # 2/n of X^T X, with n = 4
    values, vectors = np.linalg.eigh(curvature)
    limit, best = 2 / values[1], 2 / values.sum()
    rates = sorted({best, *(share * limit for share in SHARES)})
    return {
        "name": name,
        "window": window,
        "best": np.linalg.solve(curvature, rows.T @ Y / 2).round(6).tolist(),
        "curvature": curvature.round(6).tolist(),
        "eigenvalues": [float(f"{value:.6g}") for value in values],
        "tilt": round(math.degrees(math.atan2(vectors[0, 0], vectors[1, 0])) % 180, 4),  # of the flat direction, against the b axis
        "limit": float(f"{limit:.4g}"),
        "fastest": rates.index(best),
        "rates": [float(f"{rate:.4g}") for rate in rates],
        "paths": [[[float(f"{each:.5g}") for each in point] for point in path(rows, rate)] for rate in rates],
    }


def path(rows: np.ndarray, rate: float) -> list[np.ndarray]:
    """(w, b) before the first step and after each one."""
    points = [np.zeros(2)]
    for _ in range(STEPS):
        gradient = 2 / len(Y) * rows.T @ (rows @ points[-1] - Y)
        points.append(points[-1] - rate * gradient)
    return points


def still(made: dict) -> str:
    """The picture for paper: the centered case with a careful, the best, and a too large learning rate."""
    chosen = made["cases"][1]
    left, right, middle = chosen["window"]
    scale, height = 700 / (right - left), 230
    w, b = chosen["best"]

    def place(point) -> tuple[float, float]:
        return 10 + (point[1] - left) * scale, 30 + height / 2 - (point[0] - middle) * scale

    cx, cy = place((w, b))
    drawn = [f'<clipPath id="c"><rect x="10" y="30" width="700" height="{height}"/></clipPath><g clip-path="url(#c)">']
    for excess in (30, 300, 3000, 12000, 30000):
        along, across = (math.sqrt(2 * excess / value) * scale for value in chosen["eigenvalues"])
        drawn.append(
            f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{along:.1f}" ry="{across:.1f}" fill="none" stroke="{NEUTRAL}" stroke-opacity="0.6"/>'
        )
    for number, color in ((2, COLORS[2]), (chosen["fastest"], COLORS[0]), (len(chosen["rates"]) - 1, COLORS[4])):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, chosen["paths"][number][:24]))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.8" stroke-linejoin="round"/>')
    drawn.append(f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="4" fill="{COLORS[1]}"/></g>')
    drawn.append(text(10, 18, f"24 steps with the rate {chosen['rates'][2]:g}", color=COLORS[2]))
    drawn.append(text(250, 18, f"{chosen['rates'][chosen['fastest']]:.3g}, the best", color=COLORS[0]))
    drawn.append(text(430, 18, f"{chosen['rates'][-1]:g}, above the limit {chosen['limit']:g}", color=COLORS[4]))
    return picture(720, 36 + height, "Gradient descent with three learning rates", drawn)
