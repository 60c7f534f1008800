# %% [markdown]
# # Two layers solve XOR
#
# One unit draws one line, and no line solves XOR. In the lab *nn-perceptron* you saw it fail for ever. Here you put a
# second layer on top of the first, derive by hand how every weight should move, check the derivation with a measurement
# that knows nothing of it, and train. Then comes the surprise: the same network with the same rule solves XOR always,
# sometimes or never, depending on the numbers it starts from. **Where must a network start so that learning does not
# depend on luck?** At the end it answers an XOR question about handwritten digits.

# %% [markdown]
# ## You will learn
#
# - to compute the output of a two-layer network for many examples at once, with two matrix products;
# - to measure a gradient by nudging (*central differences*), the referee for every gradient derived by hand;
# - to derive the gradients of all weights with the chain rule, and to write them without a loop (*backpropagation*);
# - to train by gradient descent, and to see from a loss curve that a network is stuck;
# - to choose starting weights that work, and to say how sure 20 of 20 successes make you;
# - to check your gradients against PyTorch, number by number.
#
# ## You need
#
# The lab *nn-perceptron*: a unit, its score, its decision boundary, and why XOR defeats it. From school, the derivative
# as a slope and the chain rule, "rates along a chain multiply"; the page of this week works one example through. Of
# NumPy you need `X @ W` for two matrices, the transpose `X.T`, and sums over rows, `A.sum(axis=0)`.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
from collections.abc import Callable

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import scratchlab
from scratchlab import plot

lab = scratchlab.start("nn-xor", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: four corners and a fold
#
# The four corners are back. The wanted answers, the *targets*, are written as 0 and 1 this time, because the new output
# will be a number between 0 and 1.
#
# By hand, the problem is easy with three of your old units. The first answers 1 if *at least one* input is 1, the
# second if *both* are, and the third looks at these two answers only: it wants "at least one, but not both".

# %%
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([0.0, 1.0, 1.0, 0.0])

# %%
at_least_one = (CORNERS @ np.array([1.0, 1.0]) - 0.5 > 0).astype(int)
both = (CORNERS @ np.array([1.0, 1.0]) - 1.5 > 0).astype(int)
answer = (at_least_one - both - 0.5 > 0).astype(int)
for corner, first, second, last in zip(CORNERS, at_least_one, both, answer, strict=True):
    print(f"x = {corner}   at least one: {first}   both: {second}   answer: {last}")
plot.points(
    np.column_stack([at_least_one, both]),
    XOR,
    boundary=(np.array([1.0, -1.0]), -0.5),
    names={0.0: "target 0", 1.0: "target 1"},
    x="answer of the first unit",
    y="answer of the second unit",
    caption="The four corners as the two hidden units see them: a single line is enough now.",
    alt="Three points: targets 0 at (0, 0) and (1, 1), target 1 at (1, 0), where two corners lie on each other; a slanted line cuts it off.",
)

# %% [markdown]
# Why only three points? The first layer gave the corners $(0,1)$ and $(1,0)$ the same two answers, so they landed on
# one spot. The inner units form a *hidden layer*, for nobody outside sees what they answer. It does not solve the
# problem. It *moves the examples* to where one more line can.
#
# You found these weights by thinking. The rest of the lab is about finding them by learning.

# %% [markdown]
# ## 1. Two layers, forward
#
# A threshold is a bad teacher: nudge a weight a little and its answer does not move at all, until it jumps. The
# *sigmoid* is a threshold with soft shoulders,
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}},$$
#
# near 0 for very negative $z$, exactly ½ at 0, near 1 for large $z$. With $d$ inputs and $m$ hidden units, the network
# computes for one example $\mathbf{x}$
#
# $$z_j = \sum_{i=1}^{d} x_i\,W_{ij} + b_j, \qquad h_j = \sigma(z_j), \qquad
# s = \sum_{j=1}^{m} v_j\,h_j + c, \qquad p = \sigma(s).$$
#
# Column $j$ of $\mathbf{W}$ holds the weights of hidden unit $j$. The output $p$ reads as "how strongly do I believe in
# 1?"; above ½ counts as the answer 1. In code the whole network is one dictionary, with the keys `"W"` (shape
# `(d, m)`), `"b"` `(m,)`, `"v"` `(m,)` and `"c"` (a number).
#
# With the examples as the rows of `X`, all the sums $z_j$ of all examples are one product, `X @ W`: row by column, the
# entry $(k, j)$ is example $k$ as seen by hidden unit $j$. A vector such as `b` is added to every row.
#
# **Predict**: `HAND` below holds the weights you just saw, each multiplied by 20. What does the factor do to a sigmoid,
# and what will the four outputs be, roughly?
#
# **Write** `forward`, with the `sigmoid` that is given.


# %%
def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) for each entry; written with tanh it is the same curve and has no large numbers inside."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(z)))


# %% solution="forward"
def forward(X: np.ndarray, net: dict) -> tuple[np.ndarray, np.ndarray]:
    """The hidden values and the outputs of a two-layer network with sigmoids in both layers.

    X: examples, shape (n, d). net: "W" of shape (d, m), "b" (m,), "v" (m,), "c" a number.
    Returns H, the hidden values h, shape (n, m), and p, the outputs, shape (n,), all of them between 0 and 1.
    """
    ### BEGIN SOLUTION
    H = sigmoid(X @ net["W"] + net["b"])
    return H, sigmoid(H @ net["v"] + net["c"])
    ### END SOLUTION


# %%
HAND = {"W": 20 * np.ones((2, 2)), "b": 20 * np.array([-0.5, -1.5]), "v": 20 * np.array([1.0, -1.0]), "c": -10.0}

# %%
H, p = forward(CORNERS, HAND)
assert H.shape == (4, 2) and p.shape == (4,)
assert np.allclose(p, XOR, atol=0.01)  # the thresholds' answers, softened
assert np.allclose(forward(np.zeros((1, 2)), {**HAND, "b": np.zeros(2), "c": 0.0})[1], 0.5)  # 20 · ½ - 20 · ½ = 0

# %% check="forward" points=2
check("forward")

# %% [markdown]
# **See it.** The output at every point of the plane, not at the corners alone. Two more functions come with it. The
# first counts right answers.


# %%
def accuracy(X: np.ndarray, t: np.ndarray, net: dict) -> float:
    """The share of examples, 0 to 1, whose output is on the target's side of ½; X: shape (n, d), t: targets 0 or 1, (n,)."""
    return float(np.mean((forward(X, net)[1] > 0.5) == (t > 0.5)))


def show_plane(net: dict, caption: str, alt: str) -> None:
    """Draw the output of a network with two inputs over the plane, its level ½, and the corners with their targets."""
    side = np.linspace(-0.5, 1.5, 121)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    outputs = forward(grid, net)[1].reshape(121, 121)
    with plot.figure(caption=caption, alt=alt, width=4.6, height=3.6) as ax:
        picture = ax.imshow(outputs, origin="lower", extent=(-0.5, 1.5, -0.5, 1.5), vmin=0, vmax=1)
        ax.contour(side, side, outputs, levels=[0.5], colors="white")
        for target, marker in ((0, "o"), (1, "s")):
            ax.scatter(*CORNERS[target == XOR].T, marker=marker, s=70, color="white", edgecolors="black", label=f"target {target}")
        ax.figure.colorbar(picture, ax=ax, label="output p")
        ax.legend(loc="upper left", bbox_to_anchor=(0, 1.16), ncols=2)
        ax.set_xlabel("$x_1$")
        ax.set_ylabel("$x_2$")


# %%
print("outputs at the corners:", np.round(forward(CORNERS, HAND)[1], 4))
claim("the network with the weights chosen by hand gets all four corners right", accuracy(CORNERS, XOR, HAND) == 1.0)
show_plane(
    HAND,
    caption="The output of the network made by hand. White lines: where it is exactly ½.",
    alt="A slanted bright strip through (0, 1) and (1, 0), dark on both sides, where (0, 0) and (1, 1) lie; a white line on each edge.",
)

# %% [markdown]
# Two lines, one from each hidden unit, enclose a strip; the output unit answers 1 inside it. One unit could draw only
# one of the two edges.

# %% [markdown]
# ## 2. A referee: measure a slope by nudging
#
# To learn, we need a number that says how wrong the network is, and how this number changes with every weight. The
# number is the *loss*, here half the squared distance to the target, averaged over the $n$ examples:
#
# $$L = \frac{1}{n}\sum_{k=1}^{n} \tfrac12\,(p_k - t_k)^2 .$$
#
# How it changes with one weight, all others held still, is a *partial derivative*, $\partial L/\partial W_{ij}$. All of
# them together are the *gradient*. You will soon derive it on paper, and mistakes on paper are easy to make. So build
# the referee before the game. A slope can be *measured*: nudge one entry up, nudge it down, and divide the change by
# the distance between the two places:
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(\mathbf{x} + \varepsilon\,\mathbf{e}_i) - f(\mathbf{x} -
# \varepsilon\,\mathbf{e}_i)}{2\,\varepsilon},$$
#
# where $\mathbf{e}_i$ is 1 at entry $i$ and 0 elsewhere. This is a *central difference*. It works for every function,
# and it knows nothing about how the function is made.
#
# **Predict**: would it be just as good to nudge only up, $\big(f(\mathbf{x} + \varepsilon\mathbf{e}_i) -
# f(\mathbf{x})\big)/\varepsilon$? And should $\varepsilon$ be as small as possible?
#
# **Write** `numerical_gradient` for an array of any shape. `np.ndindex(x.shape)` walks over all index tuples, also for
# a single number, whose shape is `()`. The caller's array must come out of it unharmed, so nudge a copy; make it a copy
# of *floats*, for in an array of integers a nudge of 0.00001 is rounded away.


# %% solution="numeric"
def numerical_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of `f` at `x`, measured by central differences.

    f: takes an array shaped like x and returns a number. x: any shape, () included; it is not changed.
    Returns an array shaped like x: at each index, (f with that entry up by `step` - f with it down by `step`) / (2 step).
    """
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)
    slopes = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        slopes[index] = (f(up) - f(down)) / (2 * step)
    return slopes
    ### END SOLUTION


# %%
assert np.allclose(numerical_gradient(lambda x: x[0] * x[1], np.array([3.0, 5.0])), [5.0, 3.0])  # each factor's slope is the other
assert np.allclose(numerical_gradient(lambda z: sigmoid(z), np.array(0.0)), 0.25)  # the steepest place of the sigmoid

# %% check="numeric" points=2
check("numeric")

# %% [markdown]
# **See it.** The sigmoid's slope has a formula, $\sigma'(z) = \sigma(z)\,(1 - \sigma(z))$, which you will use soon. So
# here the error of the referee itself can be seen, for large and small nudges, and next to it the error of nudging to
# one side only.

# %%
steps = 10.0 ** np.arange(-12, 0.5, 0.5)
exact = sigmoid(1.0) * (1 - sigmoid(1.0))
central = np.array([abs(float(numerical_gradient(sigmoid, np.array(1.0), step)) - exact) for step in steps])
one_sided = np.array([abs((sigmoid(1.0 + step) - sigmoid(1.0)) / step - exact) for step in steps])
plot.lines(
    {"one-sided": np.maximum(one_sided, 1e-17), "central": np.maximum(central, 1e-17)},
    xs=steps,
    log_x=True,
    log_y=True,
    x="size of the nudge ε",
    y="error of the measured slope",
    caption="The error of a measured slope against the size of the nudge. Logarithmic axes.",
    alt="Two curves like a V: both fall from the right, the central one twice as steeply and much deeper, then rise raggedly to the left.",
)
claim(
    "with the nudge 1e-5, central differences err by less than a thousandth of what one-sided ones do", central[14] < one_sided[14] / 1000
)

# %% [markdown]
# Both curves have two sides. On the right the nudge is so large that the function bends within it; there the central
# difference gains two digits where the other gains one. On the left the nudge is so small that both values of $f$ agree
# in nearly all their digits, and the difference is mostly rounding. Read off where the central curve is lowest: that is
# why the default is $10^{-5}$.

# %% [markdown]
# ## 3. The gradients by hand
#
# Now derive them. Take one example and walk back from the loss, one link of the chain at a time. For the score $s$ of
# the output, with $L = \tfrac12(p - t)^2$ and $p = \sigma(s)$:
#
# $$\delta = \frac{\partial L}{\partial s} = \frac{\partial L}{\partial p}\cdot\frac{dp}{ds} = (p - t)\;p\,(1 - p).$$
#
# Since $s = \sum_j v_j h_j + c$, the output's own weights are one link away:
#
# $$\frac{\partial L}{\partial v_j} = \delta\,h_j, \qquad \frac{\partial L}{\partial c} = \delta .$$
#
# A hidden unit has no target. But it reaches the loss through $s$ alone, with the weight $v_j$, so its share of the
# blame is $\delta\,v_j$. One more link through its own sigmoid, and we are at its score $z_j$:
#
# $$\delta_j = \frac{\partial L}{\partial z_j} = \delta\;v_j\;h_j\,(1 - h_j),
# \qquad \frac{\partial L}{\partial W_{ij}} = x_i\,\delta_j, \qquad \frac{\partial L}{\partial b_j} = \delta_j .$$
#
# Every blame is computed from the one behind it and used again: that is *backpropagation*. For $n$ examples the loss is
# an average, so divide each $\delta$ by $n$ once, and add up over the examples. With `delta` of shape `(n,)` and the
# hidden ones of shape `(n, m)`, shapes nearly write the code: something `(d, m)` made from `X`, shape `(n, d)`, and
# hidden deltas `(n, m)` can only be `X.T @ ...`, and this product does the adding up, too.
#
# **Predict**: suppose all $v_j$ are 0. Which of the four gradients are then 0 as well?
#
# **Write** `gradients`, with your `forward`. `np.outer(delta, v)` has the entry `delta[k] * v[j]` at `(k, j)`.


# %%
def loss(X: np.ndarray, t: np.ndarray, net: dict) -> float:
    """Half the squared distance between outputs and targets, averaged over the examples; X: shape (n, d), t: (n,)."""
    return float(np.mean(0.5 * (forward(X, net)[1] - t) ** 2))


# %% solution="gradients"
def gradients(X: np.ndarray, t: np.ndarray, net: dict) -> dict:
    """The gradient of the loss with respect to every part of a two-layer network, by backpropagation.

    X: examples, shape (n, d). t: targets, shape (n,). net: "W" (d, m), "b" (m,), "v" (m,), "c" a number.
    Returns a dictionary with the same four keys; each gradient has the shape of the part that it belongs to.
    """
    ### BEGIN SOLUTION
    H, p = forward(X, net)
    delta = (p - t) * p * (1 - p) / len(X)
    delta_hidden = np.outer(delta, net["v"]) * H * (1 - H)
    return {"W": X.T @ delta_hidden, "b": delta_hidden.sum(axis=0), "v": H.T @ delta, "c": delta.sum()}
    ### END SOLUTION


# %%
TINY = {"W": np.array([[0.5]]), "b": np.zeros(1), "v": np.array([-1.0]), "c": 0.0}  # the example of this week's page: x = 2, target 1
slopes = gradients(np.array([[2.0]]), np.array([1.0]), TINY)
assert np.isclose(slopes["W"][0, 0], 0.058, atol=5e-4) and np.isclose(slopes["v"][0], -0.108, atol=5e-4)

# %% check="gradients" points=3
check("gradients")

# %% [markdown]
# **See it.** Derivation and measurement, side by side, for networks with random weights. `measured` nudges every entry
# of every part.


# %%
def measured(X: np.ndarray, t: np.ndarray, net: dict) -> dict:
    """The same gradients as `gradients`, by central differences: one part of the network after another."""
    return {
        name: numerical_gradient(lambda part, name=name: loss(X, t, {**net, name: part}), np.asarray(net[name], dtype=float))
        for name in net
    }


def random_net(d: int, m: int, seed: int) -> dict:
    """A network with d inputs and m hidden units, all its numbers from the standard normal distribution."""
    rng = np.random.default_rng(seed)
    return {"W": rng.standard_normal((d, m)), "b": rng.standard_normal(m), "v": rng.standard_normal(m), "c": rng.standard_normal()}


# %%
gaps = {name: 0.0 for name in TINY}
for seed in lab.seeds(lab.params["seeds"]):
    net = random_net(2, lab.params["hidden"], seed)
    derived, nudged = gradients(CORNERS, XOR, net), measured(CORNERS, XOR, net)
    gaps = {name: max(gaps[name], np.abs(derived[name] - nudged[name]).max()) for name in net}
print("largest difference over all networks:  " + "   ".join(f"{name}: {gap:.1e}" for name, gap in gaps.items()))
record("gradient_gap", max(gaps.values()))
claim("derived and measured gradients agree to 1e-6", max(gaps.values()) <= 1e-6)

# %% [markdown]
# The two have nothing in common but the network, so agreement to this many digits is no accident. Why then derive at
# all? Count the work. The referee runs the network forward twice for *each* number in it. Backpropagation gets all of
# them at the price of about two forward runs. For the thousand numbers of a small network that is a thousandfold; for
# those of a large one, the difference between a second and a year.

# %% [markdown]
# ## 4. Go downhill
#
# The gradient points to where the loss rises most steeply. So take a step the other way, with every part of the network
# at the same moment, and repeat. This is *gradient descent*:
#
# $$\theta \;\leftarrow\; \theta - \eta\,\frac{\partial L}{\partial \theta}
# \qquad\text{for } \theta = \mathbf{W}, \mathbf{b}, \mathbf{v}, c .$$
#
# The *learning rate* $\eta$ sets the length of the step.
#
# **Predict**: the perceptron started from zero weights and did well. What will this network do if all its weights are
# zero at the start?
#
# **Write** `train`. Build a new dictionary in each step instead of changing arrays in place, and the caller's network
# stays as it was.


# %% solution="train"
def train(X: np.ndarray, t: np.ndarray, net: dict, rate: float, steps: int) -> tuple[dict, list[float]]:
    """Gradient descent on all examples at once.

    X: examples, shape (n, d). t: targets, shape (n,). net: the network to start from; it is not changed.
    rate: the learning rate. Returns the network after `steps` steps, and the loss before each step, `steps` numbers.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(steps):
        losses.append(loss(X, t, net))
        slopes = gradients(X, t, net)
        net = {name: net[name] - rate * slopes[name] for name in net}
    return net, losses
    ### END SOLUTION


# %%
after, losses = train(CORNERS, XOR, random_net(2, 8, seed=1), rate=0.1, steps=10)
assert len(losses) == 10 and loss(CORNERS, XOR, after) < losses[-1] < losses[0]
assert np.isclose(train(np.array([[2.0]]), np.array([1.0]), TINY, rate=1.0, steps=1)[0]["v"][0], -0.892, atol=5e-4)  # this week's page

# %% check="train" points=2
check("train")

# %% [markdown]
# **See it.** Three starts: everything zero, all weights equal to ½, and random numbers.

# %%
hidden, rate, most = lab.params["hidden"], lab.params["rate"], lab.params["steps"]
starts = {
    "all zero": {"W": np.zeros((2, hidden)), "b": np.zeros(hidden), "v": np.zeros(hidden), "c": 0.0},
    "all equal": {"W": np.full((2, hidden), 0.5), "b": np.zeros(hidden), "v": np.full(hidden, 0.5), "c": 0.0},
    "random": random_net(2, hidden, seed=lab.seed),
}
runs = {name: train(CORNERS, XOR, start, rate, most) for name, start in starts.items()}
for name, (net, _) in runs.items():
    print(f"{name:10s} outputs {np.round(forward(CORNERS, net)[1], 2)}, {accuracy(CORNERS, XOR, net):.0%} right")
plot.lines(
    {name: losses for name, (_, losses) in runs.items()},
    x="number of steps",
    y="loss",
    caption="The loss on XOR during training, from three starts.",
    alt="Two curves stay high, one of them exactly flat; the curve of the random start stays high for a while and then falls close to 0.",
)
zero, twins = gradients(CORNERS, XOR, starts["all zero"]), runs["all equal"][0]
claim("at the zero start, every gradient is zero", all(np.allclose(slope, 0) for slope in zero.values()))
claim("from the equal start, all hidden units are still the same after training", np.ptp(twins["W"], axis=1).max() < 1e-6)

# %% [markdown]
# The zero start is a flat place: every output is ½, too high for two corners and too low for two, and the blames cancel
# exactly. The equal start does move, but count its right answers: it gets no further than a single unit. Look at the
# second claim for the reason: hidden units that start alike get alike gradients, and stay one unit in many copies. You
# will say why in your own words below. Random starts break the tie. But *how* random?

# %% [markdown]
# ## 5. Start well
#
# Two things can go wrong with the *size* of random weights.
#
# - **Too small.** The blame of a hidden unit is $\delta\,v_j\,h_j(1 - h_j)$. With a tiny $v_j$ the first layer hardly
#   moves; and with tiny columns of $\mathbf{W}$, all $h_j$ are nearly alike, so that $v_j$ has nothing to choose from.
#   The network sits close to the flat place you just saw.
# - **Too large.** The scores are far from 0, where the sigmoid is flat: $h_j(1 - h_j)$ is nearly 0. The units are
#   *saturated*. They answer with great confidence, mostly wrong, and no blame gets through.
#
# In between, the scores should be of size 1 or so, *whatever the number of inputs*. A score is a sum of products. If
# the weights are independent, with mean 0 and standard deviation $\tau$, then the variances add up:
#
# $$\operatorname{Var}(z) = \tau^2 \sum_{i=1}^{d} x_i^2 \;\le\; \tau^2 d \qquad\text{for inputs between } -1 \text{ and } 1 .$$
#
# So choose $\tau = 1/\sqrt{\text{number of inputs of the unit}}$, its *fan-in*. For the hidden units that is $d$; the
# inputs of the output unit are the $m$ hidden values. The biases may start at 0: random weights have already broken the
# tie. LeCun and others gave this recipe in 1998. A factor in front, the *gain*, lets you try other sizes.
#
# **Predict**: for a network with 128 inputs and 8 hidden units, which of $\mathbf{W}$ and $\mathbf{v}$ gets the larger
# numbers?
#
# **Write** `initialize`. One generator, `rng = np.random.default_rng(seed)`, serves for both layers, and
# `rng.standard_normal(shape)` draws numbers of mean 0 and standard deviation 1.


# %% solution="init"
def initialize(d: int, m: int, seed: int, gain: float = 1.0) -> dict:
    """A network to start from, with d inputs and m hidden units: "W" (d, m), "b" (m,), "v" (m,), "c" a number.

    The weights are normal with mean 0 and standard deviation gain / sqrt(fan-in of the unit); the biases are zero.
    All numbers come from the one generator np.random.default_rng(seed).
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    return {
        "W": gain / np.sqrt(d) * rng.standard_normal((d, m)),
        "b": np.zeros(m),
        "v": gain / np.sqrt(m) * rng.standard_normal(m),
        "c": 0.0,
    }
    ### END SOLUTION


# %%
start = initialize(100, 400, seed=0)
assert start["W"].shape == (100, 400) and abs(start["W"].std() - 1 / 10) < 0.01 and abs(start["v"].std() - 1 / 20) < 0.01
assert not start["b"].any() and start["c"] == 0

# %% check="init" points=1
check("init")

# %% [markdown]
# **See it.** How far from 0 are the scores of the hidden units at the start, and how much blame do their sigmoids let
# through? A slope of 0.25 is the most that a sigmoid has.

# %%
for d in (2, 128):
    X_random = np.random.default_rng(lab.seed).uniform(size=(500, d))
    for gain in (0.01, 1.0, 100.0):
        z = X_random @ initialize(d, hidden, lab.seed, gain)["W"]
        slope = np.mean(sigmoid(z) * (1 - sigmoid(z)))
        print(f"{d:4d} inputs, gain {gain:6.2f}: typical score {np.sqrt(np.mean(z**2)):7.3f}, mean slope of the sigmoid {slope:.3f}")

# %% [markdown]
# Read it in two directions. From gain to gain the scores go from nothing to saturation. From 2 inputs to 128 they stay
# of the same order: the square root does its work.
#
# ## Experiment: from how many starts is XOR solved?
#
# Now the question of this lab. For each of five gains, train from 20 random starts, and count the runs that get all
# four corners right. Everything else stays equal: the network, the rate, the number of steps.
#
# A count of 20 out of 20 does not mean "always". How sure may you be? The *Wilson interval* gives the range of true
# success rates that would not be surprised by such a count; unlike the bootstrap of the last lab, it does not shrink to
# nothing when all runs agree.
#
# **Predict**: sketch the number of solved runs against the gain, from 0.01 to 100.


# %%
def wilson_interval(successes: int, runs: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % Wilson interval of a success rate: its lower and its upper end, 0 to 1."""
    rate = successes / runs
    middle = (rate + z**2 / (2 * runs)) / (1 + z**2 / runs)
    half = z * np.sqrt(rate * (1 - rate) / runs + z**2 / (4 * runs**2)) / (1 + z**2 / runs)
    return max(0.0, middle - half), min(1.0, middle + half)


def count_solved(m: int, gain: float) -> int:
    """From how many of the lab's seeds a network with m hidden units, started with this gain, gets all of XOR right."""
    nets = (train(CORNERS, XOR, initialize(2, m, seed, gain), rate, most)[0] for seed in lab.seeds(lab.params["seeds"]))
    return sum(accuracy(CORNERS, XOR, net) == 1.0 for net in nets)


# %%
gains, trials = (0.01, 0.1, 1.0, 10.0, 100.0), lab.params["seeds"]
solved = [count_solved(hidden, gain) for gain in gains]
ends = np.array([wilson_interval(count, trials) for count in solved])
for gain, count, (low, high) in zip(gains, solved, ends, strict=True):
    print(f"gain {gain:6.2f}: XOR solved from {count:2d} of {trials} starts, 95 % interval of the rate {low:.0%} to {high:.0%}")
plot.lines(
    {"eight hidden units": np.array(solved) / trials},
    xs=gains,
    bands={"eight hidden units": (ends[:, 0], ends[:, 1])},
    log_x=True,
    x="gain",
    y="share of starts that solve XOR",
    caption="How often training solves XOR, against the size of the starting weights: share of 20 starts, with 95 % Wilson intervals.",
    alt="A curve like a hill: 0 at small gains, 1 at gain 1, lower again at gain 10 and close to 0 at gain 100, with a band around it.",
)

# %%
record("solved_tiny", solved[0])
record("solved_recipe", solved[2])
record("solved_huge", solved[4])
claim("with the gain 1, XOR is solved from every start", solved[2] == trials)
claim("the intervals of the gains 0.01 and 100 lie wholly below that of the gain 1", max(ends[0, 1], ends[4, 1]) < ends[2, 0])

# %% [markdown]
# Same network, same rule, same number of steps; only the first numbers differ. The recipe stands on the hill. Mind what
# you may say: 20 of 20 is what you saw, and the lower end of the interval is what it shows. The two sides of the hill
# differ, by the way. On the left the runs are slow: those with the gain 0.1 are still leaving the flat place when the
# steps run out, and most would arrive with twenty times as many. On the right they are stuck in saturation.
#
# And the eight hidden units? By hand, two were enough. **Predict**: are two enough for training as well?

# %%
by_width = {2: count_solved(2, gain=1.0), 4: count_solved(4, gain=1.0), hidden: solved[2]}
for m, count in by_width.items():
    low, high = wilson_interval(count, trials)
    print(f"{m} hidden units: XOR solved from {count:2d} of {trials} starts, 95 % interval of the rate {low:.0%} to {high:.0%}")
record("solved_two_units", by_width[2])
show_plane(
    train(CORNERS, XOR, initialize(2, hidden, lab.seed), rate, most)[0],
    caption="The output of a network with eight hidden units that was trained from the recipe's start. White line: where it is exactly ½.",
    alt="A bright region holds the corners (0, 1) and (1, 0), the dark regions hold (0, 0) and (1, 1); white curves part them.",
)

# %% [markdown]
# Two units *can* represent XOR, but from some starts they do not get there within these steps, and from some they never
# will: both may move to the same edge of the strip, and no third is left for the other. Spare units are spare chances.
# That a network larger than necessary is easier to train is a pattern you will meet again at every size.

# %% [markdown]
# ## The same riddle with real digits
#
# Is XOR more than a riddle? Lay two handwritten digits side by side, each a zero or a one, and ask: **are they
# different?** That is XOR with 128 pixels in the place of two switches. As in the last lab, test digits are put away
# first; test pairs consist of test digits only, so no picture occurs on both sides.


# %%
def digit_pairs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Random pairs of digits 0 and 1: training pairs (count, 128) and targets (count,), 1 where they differ; the same for testing."""
    pixels, digit = load_digits(n_class=2, return_X_y=True)
    split = train_test_split(pixels / 16, digit, test_size=1 / 3, stratify=digit, random_state=seed)
    rng, made = np.random.default_rng(seed), []
    for pictures, digits in ((split[0], split[2]), (split[1], split[3])):
        left, right = rng.integers(len(pictures), size=(2, count))
        made += [np.hstack([pictures[left], pictures[right]]), (digits[left] != digits[right]).astype(float)]
    return tuple(made)


# %%
X_train, t_train, X_test, t_test = digit_pairs(lab.params["pairs"], lab.seed)
print(f"{len(X_train)} training pairs of {X_train.shape[1]} pixels each; in {t_train.mean():.0%} of them the digits differ")
plot.images(
    X_train[:8].reshape(-1, 2, 8, 8).transpose(0, 2, 1, 3).reshape(-1, 8, 16),
    titles=[f"{target:.0f}" for target in t_train[:8]],
    columns=4,
    caption="Eight training pairs with their targets: 1 if the two digits differ.",
    alt="Eight pictures, each with two handwritten digits, zeros or ones, side by side; above each the target 0 or 1.",
    height=1.9,
)

# %% [markdown]
# **Predict**: how many of the test pairs will a single linear unit get right, such as the `LogisticRegression` from the
# last lab? And your two layers, with the same recipe, 128 inputs instead of 2?


# %%
def pair_accuracies(seed: int) -> tuple[float, float]:
    """Test accuracy of logistic regression and of the two-layer network on pairs from one split."""
    X, t, X_new, t_new = digit_pairs(lab.params["pairs"], seed)
    line = LogisticRegression(max_iter=1000).fit(X, t)
    net, _ = train(X, t, initialize(X.shape[1], hidden, seed), rate, lab.params["pair_steps"])
    return line.score(X_new, t_new), accuracy(X_new, t_new, net)


def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


# %%
results = np.array([pair_accuracies(seed) for seed in lab.seeds(lab.params["splits"])])  # (splits, 2): one layer, two layers
names = ("one linear unit", "two layers")
spans = {name: bootstrap_interval(column) for name, column in zip(names, results.T, strict=True)}
for name, column in zip(names, results.T, strict=True):
    print(f"{name:16s} mean {column.mean():.1%}, 95 % interval {spans[name][0]:.1%} to {spans[name][1]:.1%}, worst {column.min():.1%}")
plot.bars(
    dict(zip(names, results.mean(axis=0), strict=True)),
    errors=spans,
    y="accuracy on test pairs",
    caption="Are the two digits different? Mean accuracy on test pairs over several splits, with 95 % intervals.",
    alt="Two bars with intervals: one linear unit at about one half, two layers close to 1.",
    width=4.2,
)
record("line_accuracy", results[:, 0].mean())
record("pair_accuracy", results[:, 1].mean())
claim("two layers beat one linear unit on every split", np.all(results[:, 1] > results[:, 0]))

# %% [markdown]
# The linear unit guesses, as the theory says: whatever speaks for "different" when the other digit is a zero speaks
# against it when the other is a one. Nobody told the network what a zero is; its targets only ever said "different" or
# "equal". What did the hidden units make of that?


# %%
def show_hidden(net: dict, caption: str, alt: str) -> None:
    """Draw the weights of every hidden unit of a digit-pair network as an 8 by 16 picture; red is positive, blue negative."""
    pictures = net["W"].T.reshape(-1, 2, 8, 8).transpose(0, 2, 1, 3).reshape(-1, 8, 16)
    limit = np.abs(pictures).max()
    with plot.figure(caption=caption, alt=alt, rows=2, columns=-(-len(pictures) // 2), width=6.4, height=2.1) as axes:
        for ax, picture, weight in zip(axes.flat, pictures, net["v"], strict=True):
            ax.imshow(picture, cmap="coolwarm", vmin=-limit, vmax=limit)
            ax.set_title(f"v = {weight:+.1f}", fontsize=9)
            ax.axis("off")


# %%
start = initialize(128, hidden, lab.seed)
pair_net, pair_losses = train(X_train, t_train, start, rate, lab.params["pair_steps"])
show_hidden(
    pair_net,
    caption="The weights of the hidden units at the pixels of the left and of the right digit, and the weight v of each in the output.",
    alt="Eight pictures of 8 by 16 weights. In a few the halves show a vertical stroke in strong red or blue; the others are pale.",
)

# %% [markdown]
# Read the units with the strongest $v$ first. A half that is red in the middle, where a one has its stroke, says "a one
# here raises my value"; blue in the middle says "a one here lowers it, a zero raises it". What pair of digits does each
# of these units wait for? Put them together with the signs of their $v$, and you have a rule for "different" that nobody
# wrote. Pale units with a small $v$ are the spare ones.

# %% [markdown]
# ## Against the real thing
#
# PyTorch is what a professional would use. You describe the network; it keeps track of every operation and walks the
# chain back by itself (*automatic differentiation*; you will build such an engine in the lab *nn-micrograd*). Put your
# starting weights into it and compare. Its `Linear` keeps one row for each unit, so your matrix goes in transposed.


# %%
def torch_twin(net: dict) -> torch.nn.Sequential:
    """The same network in PyTorch, in float64, with the weights of `net`."""
    d, m = net["W"].shape
    twin = torch.nn.Sequential(torch.nn.Linear(d, m), torch.nn.Sigmoid(), torch.nn.Linear(m, 1), torch.nn.Sigmoid()).double()
    state = {"0.weight": net["W"].T, "0.bias": net["b"], "2.weight": net["v"][None], "2.bias": np.reshape(net["c"], 1)}
    twin.load_state_dict({name: torch.from_numpy(np.array(value, dtype=float)) for name, value in state.items()})
    return twin


# %%
X_torch, t_torch, twin = torch.from_numpy(X_train), torch.from_numpy(t_train), torch_twin(start)
(0.5 * (twin(X_torch)[:, 0] - t_torch) ** 2).mean().backward()  # backpropagation, in one word
mine = gradients(X_train, t_train, start)
pairs = [("W", twin[0].weight.grad.T), ("b", twin[0].bias.grad), ("v", twin[2].weight.grad[0]), ("c", twin[2].bias.grad[0])]
differences = {name: np.abs(mine[name] - theirs.numpy()).max() for name, theirs in pairs}
print("largest difference:  " + "   ".join(f"{name}: {gap:.1e}" for name, gap in differences.items()))
claim("your gradients are PyTorch's, to twelve digits", max(differences.values()) < 1e-12)

# %%
twin, steps = torch_twin(start), 100
optimizer = torch.optim.SGD(twin.parameters(), lr=rate)
torch_losses = []
for _ in range(steps):
    optimizer.zero_grad()  # PyTorch adds new gradients to old ones unless told otherwise
    error = (0.5 * (twin(X_torch)[:, 0] - t_torch) ** 2).mean()
    error.backward()
    optimizer.step()
    torch_losses.append(error.item())
gap = np.abs(np.array(torch_losses) - pair_losses[:steps]).max()
print(f"largest difference between the losses of {steps} steps: {gap:.1e}")
record("torch_gap", gap)
claim("a hundred steps of PyTorch's gradient descent have your losses", gap < 1e-9)

# %% [markdown]
# It does better what is tedious by hand: another layer is one more word in `Sequential`, and no derivation; the same
# lines run on a GPU. What it does *not* do is check that your loss is the one you meant, and when you write an
# operation of your own it will ask you for the gradient. Then you need the referee of section 2 again, and PyTorch
# ships one: `torch.autograd.gradcheck` compares with central differences, too.
#
# And its start? `torch.nn.Linear` draws weights evenly from $\pm 1/\sqrt{\text{fan-in}}$: the recipe of section 5 with
# a somewhat smaller gain.

# %% [markdown] answer="twins" points=2
# ## In your own words
#
# Training from equal weights kept all hidden units equal, and XOR unsolved.
#
# 1. Suppose the hidden units 1 and 2 have the same weights, the same bias and the same weight in the output:
#    $W_{i1} = W_{i2}$ for all $i$, $b_1 = b_2$ and $v_1 = v_2$. Show with the formulas of section 3 that they are still
#    the same after a step of gradient descent.
# 2. If all $m$ hidden units are the same, the network computes $p = \sigma\big(m\,v\,\sigma(\mathbf{w}\cdot\mathbf{x} +
#    b) + c\big)$. Why can such a network never solve XOR, whatever $\mathbf{w}$, $b$, $v$ and $c$ are?
#
# ### BEGIN SOLUTION
# 1. Equal weights and biases give equal scores $z_1 = z_2$, so $h_1 = h_2$ for every example. Then
#    $\partial L/\partial v_1 = \delta h_1 = \delta h_2 = \partial L/\partial v_2$, and with $v_1 = v_2$ also
#    $\delta_1 = \delta v_1 h_1 (1 - h_1) = \delta_2$, so the gradients of $W_{i1}$ and $W_{i2}$ and of $b_1$ and $b_2$
#    are equal, too. Equal numbers minus the rate times equal gradients are equal again, and so on for ever.
# 2. The sigmoid always rises. So $p$ either rises with the score $\mathbf{w}\cdot\mathbf{x} + b$ (if $v > 0$), or falls
#    with it (if $v < 0$), or does not depend on it ($v = 0$). In each case the examples with $p > \tfrac12$ are those
#    with a score on one side of some number: one side of one line (or all, or none). The lab *nn-perceptron* showed
#    that no line gets all of XOR right.
#
# *Rubric*: 1 point for equal $h$, then equal gradients of $v$ and of $\mathbf{W}$, $b$ (half of it if one of the two
# layers is missing). 1 point for "the output is monotone in one score, so there is only one boundary line" and the link
# to XOR (half of it for "it acts like a single unit" without a reason).
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **No sigmoid in the hidden layer.** A weighted sum of weighted sums is a weighted sum: without the bend, two layers
#   are one.
# - **`sigmoid(H) * (1 - sigmoid(H))` in the backward pass.** `H` holds values that have been through the sigmoid
#   already; the slope is `H * (1 - H)`.
# - **Outputs of shape `(n, 1)` and targets of shape `(n,)`.** Their difference has the shape `(n, n)`: every output
#   minus every target, without an error message. Print shapes.
# - **A sum instead of a mean, or the other way round.** The gradient must be that of the loss you report; a forgotten
#   `/ n` multiplies the learning rate by $n$.
# - **A falling loss taken for a right gradient.** A gradient without the factor $p(1 - p)$ still points roughly
#   downhill, and training may well succeed. Only a comparison of numbers finds this.
# - **One layer updated before the other's gradient is computed.** All gradients belong to the same network.
# - **Two generators with the same seed, one for each layer.** Both layers get the same numbers.
#
# ## Scale it up
#
# This lab has a `cpu` profile only. A step on XOR is a product of a 4 by 2 and a 2 by 8 matrix; a GPU would spend
# nearly all its time on being called. But look at the form of your code. `X @ W` and `X.T @ delta_hidden` do not care
# how many rows and columns there are, and the work in them can be done in any order, at the same time. With 60,000
# pictures in the place of four corners and a thousand hidden units in the place of eight, these lines are what GPUs
# were made to run, and nothing else in the program needs to change. The `cpu` profile of later labs is often a small
# version; the `gpu` profile is then the same notebook with larger numbers in `lab.params`.
#
# ## Exercises
#
# 1. [conceptual] Leave out the inner sigmoid, so that $h_j = z_j$. Write the output as $\sigma(\mathbf{a}\cdot\mathbf{x}
#    + k)$. *Success*: you have $\mathbf{a}$ and $k$ in terms of $\mathbf{W}$, $\mathbf{b}$, $\mathbf{v}$ and $c$, and for
#    `random_net(2, 8, 0)` NumPy agrees on all four corners.
# 2. [short-code] Replace the loss by the *cross-entropy* $-t\ln p - (1-t)\ln(1-p)$ and derive $\partial L/\partial s$
#    anew; a factor cancels. *Success*: `numerical_gradient` agrees to $10^{-6}$, and with the gain 1 and the same rate
#    XOR is solved from 20 of 20 starts within 500 steps.
# 3. [short-code] Put $\tanh$ into the hidden layer; its slope is $1 - \tanh^2(z)$. *Success*: your gradients agree with
#    `numerical_gradient` to $10^{-6}$, and with the gain 1 XOR is solved from 20 of 20 starts.
# 4. [short-code] Make a mistake on purpose: leave $p(1-p)$ out of $\delta$ in a copy of `gradients`, and train with it.
#    *Success*: XOR is solved from 20 of 20 starts all the same, while `numerical_gradient` tells you that this is not
#    the gradient of your loss; with exercise 2 you can name the loss whose gradient it is.
# 5. [extended] *Parity* is XOR for more inputs: the target is 1 if the number of ones is odd. Train on all 16 corners
#    of four bits, written as $-1$ and $+1$. *Success*: with some number of hidden units, rate and number of steps that
#    you report, all 16 are right from at least 15 of 20 starts; and you can show four hidden units with thresholds that
#    solve it by hand.
#
# ## References
#
# - D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986). *Learning representations by back-propagating errors.*
#   Nature 323, 533–536. <https://doi.org/10.1038/323533a0>. The derivation of section 3, for any number of layers.
# - D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986). *Learning internal representations by error propagation.*
#   In Parallel Distributed Processing, vol. 1, chapter 8. MIT Press. XOR and parity, with the starts that fail, in the
#   section *Simulation results*.
# - Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller (1998). *Efficient BackProp.* In Neural Networks: Tricks of the
#   Trade, Springer. <https://doi.org/10.1007/3-540-49430-8_2>. Section 4.6, initializing the weights.
# - X. Glorot and Y. Bengio (2010). *Understanding the difficulty of training deep feedforward neural networks.* AISTATS,
#   PMLR 9, 249–256. <https://proceedings.mlr.press/v9/glorot10a.html>. What becomes of the recipe with many layers.
# - E. B. Wilson (1927). *Probable inference, the law of succession, and statistical inference.* Journal of the American
#   Statistical Association 22(158), 209–212. <https://doi.org/10.1080/01621459.1927.10502953>. The interval of the
#   experiment.
# - PyTorch, *Gradcheck mechanics*: <https://docs.pytorch.org/docs/stable/notes/gradcheck.html>. The data: E. Alpaydin and
#   C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository,
#   <https://doi.org/10.24432/C50P49>.
