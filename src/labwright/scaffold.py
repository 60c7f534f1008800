"""`labwright new`: the files of a new lab, complete enough to pass the linter and to be graded."""

from labwright.paths import LABS
from scratchlab.errors import ScratchlabError

LAB = '''\
# %% [markdown]
# # {title}
#
# One paragraph: what you will build and the question it answers.

# %% [markdown]
# ## You will learn
#
# - to square an array without a loop

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import numpy as np

import scratchlab

lab = scratchlab.start("{slug}", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## 1. Square every number
#
# **Predict**: what is the square of -3?


# %% solution="square"
def square(x: np.ndarray) -> np.ndarray:
    """The square of every entry of `x`, any shape."""
    ### BEGIN SOLUTION
    return x * x
    ### END SOLUTION


# %%
assert square(np.array([-3.0])) == 9.0

# %% check="square" points=4
check("square")

# %%
record("largest_square", square(np.arange(4.0)).max())

# %% [markdown] answer="why" points=2
# Why is the square of a real number never negative? Two sentences.
#
# ### BEGIN SOLUTION
# A product of two numbers of the same sign is positive, and zero times zero is zero.
#
# *Rubric*: 1 point for the sign, 1 point for zero.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# ## Scale it up
#
# ## Exercises
#
# 1. [short-code] Cube every number. *Success*: `cube(np.array([-2.0]))` is -8.
#
# ## References
'''

CHECKS = '''\
"""What proves the answers of the lab `{slug}` right."""

from scratchlab.checks import expect_close, expect_shape, task

square = task(
    "square",
    hints=("A number times itself.", "The result has the shape of `x`.", "`return x * ...`"),
)


@square.property("the result has the shape of the input")
def keeps_the_shape(student, rng):
    x = rng.standard_normal((2, 3))
    expect_shape(student.square(x), (2, 3), tried="an array of shape (2, 3)")


@square.property("every entry is the square")
def is_the_square(student, rng):
    x = rng.standard_normal(5)
    expect_close(student.square(x), x**2, tried="5 random numbers", look="is it doubled, or squared?")
'''

CONTRACT = """\
study_minutes: 60
needs: []
packages: [numpy]
data: []
seed: 0
profiles:
  cpu:
    minutes: 0.1
    memory_gb: 0.5
    parameters: {{}}
    metrics:
      largest_square: {{min: 9, max: 9}}
"""

RIGHT = '''\
"""Another correct answer: NumPy's own."""


def square(x):
    return np.square(x)
'''

WRONG_1 = '''\
"""Doubles instead of squaring."""

# fails: square/is_the_square
# hears: doubled, or squared


def square(x):
    return 2 * x
'''

WRONG_2 = '''\
"""Returns the sum of squares."""

# fails: square/keeps_the_shape, square/is_the_square
# hears: expected  shape (2, 3)


def square(x):
    return np.sum(x * x)
'''


def new(slug: str, title: str) -> list[str]:
    """Create the folder of the lab `slug`; returns the files written."""
    folder = LABS / slug
    if folder.exists():
        raise ScratchlabError(f"{folder} exists already; nothing was changed.")
    files = {
        "lab.py": LAB,
        "lab.yml": CONTRACT,
        "checks.py": CHECKS,
        "right/numpy.py": RIGHT,
        "wrong/doubled.py": WRONG_1,
        "wrong/summed.py": WRONG_2,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(slug=slug, title=title) if name in ("lab.py", "lab.yml", "checks.py") else text, encoding="utf-8")
    return [str((folder / name).relative_to(LABS.parent)) for name in files]
