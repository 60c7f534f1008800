# %% [markdown]
# # An autodiff engine
#
# To train a network, you must know for each of its weights how the loss would change if the weight changed a little.
# There are thousands of weights, or billions, and one loss. In this lab you build the machine that finds all these
# slopes at once, to the last digit: a *reverse-mode automatic differentiation engine*. First it works on single numbers,
# so that you can see every step, and then on whole arrays, so that it is fast enough to learn handwritten digits. The
# question it answers: **how can one walk through a computation, backward, replace a thousand walks forward?**

# %% [markdown]
# ## You will learn
#
# - to write down the slope of each elementary operation, and to let the chain rule do everything else;
# - to send gradients back through any computation, in the right order, also where a result is used more than once;
# - to undo broadcasting in a gradient, and to differentiate sums, transposes and matrix products;
# - to train a small network on digits with nothing but NumPy and your own engine;
# - to test an engine as professionals do: on random computations, against PyTorch.
#
# ## You need
#
# The lab *nn-perceptron* (weights, training and test set), Python classes and operators such as `__add__`, and the
# derivatives of school: sums, products, powers, $e^x$, and the chain rule. Of NumPy you need shapes and *broadcasting*:
# an array of shape `(3, 1)` plus one of shape `(4,)` gives `(3, 4)`. If you have done *nn-xor*, you have derived such
# gradients by hand; here you never do so again.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import itertools
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import scratchlab
from scratchlab import plot

lab = scratchlab.start("nn-micrograd", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: 640 slopes
#
# Here are the digits of scikit-learn again, all ten kinds this time. One third is put away as the test set.


# %%
def digits(split: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The digits, split in two: training features (n, 64) and test features (m, 64) from 0 to 1, training and test labels 0 to 9."""
    pixels, label = load_digits(return_X_y=True)
    return train_test_split(pixels / 16, label, test_size=1 / 3, stratify=label, random_state=split)


# %%
X_train, X_test, y_train, y_test = digits(split=0)
print(f"X_train {X_train.shape}, y_train {y_train.shape}, X_test {X_test.shape}")
plot.images(
    X_train[:16].reshape(-1, 8, 8),
    titles=y_train[:16],
    caption="The first 16 training digits with their labels.",
    alt="Two rows of handwritten digits, each a picture of 8 by 8 pixels, with its label above it.",
)

# %% [markdown]
# A simple model gives each digit ten scores, one for each class, $\mathbf{z} = \mathbf{x} W$ with a matrix $W$ of
# 64 by 10 weights. *Softmax* turns scores into probabilities, and the *cross-entropy* loss is small where the right
# class $y$ is probable:
#
# $$p_c = \frac{e^{z_c}}{\sum_k e^{z_k}}, \qquad L = -\log p_y \quad\text{(its mean over the examples)}.$$
#
# How does $L$ change with each weight? The plainest way to find out is to try: push one weight up a little, push it
# down, and divide the change of the loss by the change of the weight. This is a *central difference*.


# %%
def plain_loss(W: np.ndarray, X: np.ndarray, y: np.ndarray) -> float:
    """The mean cross-entropy of the scores X @ W. W: shape (64, 10); X: shape (n, 64); y: labels 0 to 9, shape (n,)."""
    scores = X @ W
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]))


def by_trying(W: np.ndarray, X: np.ndarray, y: np.ndarray, step: float = 1e-5) -> tuple[np.ndarray, int]:
    """The slope of `plain_loss` for each weight, by central differences, shape (64, 10), and the number of losses computed."""
    slopes, count = np.zeros_like(W), 0
    for place in np.ndindex(*W.shape):
        nudge = np.zeros_like(W)
        nudge[place] = step
        slopes[place] = (plain_loss(W + nudge, X, y) - plain_loss(W - nudge, X, y)) / (2 * step)
        count += 2
    return slopes, count


# %%
W_start = np.random.default_rng(0).normal(scale=0.1, size=(64, 10))
tried_slopes, losses_computed = by_trying(W_start, X_train[:100], y_train[:100])
print(f"{losses_computed} losses computed for {tried_slopes.size} slopes")
print(f"after one step against the slopes: {plain_loss(W_start, X_train, y_train):.3f} -> ", end="")
print(f"{plain_loss(W_start - 0.5 * tried_slopes, X_train, y_train):.3f}")

# %% [markdown]
# It works, and it is hopeless: two runs of the model for *each weight*, for one single step of learning, and the slopes
# are not even exact. Your engine will get all of them from one run forward and one run back. Keep `tried_slopes`; they
# will be its first examination.
#
# ## 1. Small slopes
#
# Every formula that a program computes is made of few kinds of steps: add, multiply, take a power, $\exp$, $\log$, and
# the two favorites of neural networks, $\tanh$ and $\operatorname{relu}(x) = \max(x, 0)$. Each step is easy to
# differentiate *by itself*. For a step with result $v$ and inputs $a, b$, these *local* slopes are the partial
# derivatives
#
# $$\frac{\partial v}{\partial a}, \quad \frac{\partial v}{\partial b} : \qquad \text{how fast does } v \text{ change with this input alone?}$$
#
# For $v = a \cdot b$, for instance, they are $b$ and $a$: the slope for one factor is the *other* one. Two of the
# functions have a slope that is best written with the result itself: for $v = e^x$ it is $v$, and for $v = \tanh x$ it
# is $1 - v^2$. The function $\operatorname{relu}$ has a corner at 0; like PyTorch, we call its slope there 0.
#
# **Predict**: which of these operations can have a local slope of exactly 0, so that nothing passes back through them?
#
# **Write** `partials`. The operation is given by its name. Write each slope so that it works on numbers and on NumPy
# arrays alike, where each entry has its own slope: no `if x > 0`, but a comparison such as `1.0 * (x > 0)`.


# %% solution="partials"
def partials(op: str, out, *inputs, n: float = 1.0) -> tuple:
    """The local slopes of one operation: the derivative of `out` with respect to each of the inputs, in their order.

    op: "+", "*" (two inputs), "**", "exp", "log", "tanh" or "relu" (one input). inputs: numbers, or arrays of one
    shape. out: the result of the operation. n: the exponent of "**", a constant. The slope of relu at 0 is 0.
    Returns a tuple with one slope for each input, also if there is only one.
    """
    ### BEGIN SOLUTION
    x = inputs[0]
    match op:
        case "+":
            return 1.0, 1.0
        case "*":
            return inputs[1], x
        case "**":
            return (n * x ** (n - 1),)
        case "exp":
            return (out,)
        case "log":
            return (1 / x,)
        case "tanh":
            return (1 - out**2,)
        case "relu":
            return (1.0 * (x > 0),)
    raise ValueError(f"unknown operation {op!r}")
    ### END SOLUTION


# %%
assert partials("*", 6.0, 2.0, 3.0) == (3.0, 2.0)
assert partials("**", 9.0, 3.0, n=2) == (6.0,)  # one input: a tuple with one entry
assert partials("relu", np.array([0.0, 2.0]), np.array([-1.0, 2.0]))[0].tolist() == [0.0, 1.0]

# %% check="partials" points=2
check("partials")

# %% [markdown]
# **See it.** The slopes of the two functions that networks use between their layers.

# %%
grid = np.linspace(-3, 3, 301)
plot.lines(
    {
        "tanh": np.tanh(grid),
        "slope of tanh": partials("tanh", np.tanh(grid), grid)[0],
        "relu": np.maximum(grid, 0),
        "slope of relu": partials("relu", np.maximum(grid, 0), grid)[0],
    },
    xs=grid,
    x="x",
    y="value",
    caption="Two functions and their local slopes: tanh has slope 1 in its middle and almost none at its ends; relu has slope 0 or 1.",
    alt="Four curves: tanh, an S from -1 to 1; its slope, a bell of height 1; relu, a hinge at 0; its slope, a step from 0 to 1.",
)

# %% [markdown]
# Look at the flat ends of $\tanh$: where it has saturated, its slope is nearly 0, and whatever stands before it in the
# computation will learn almost nothing. Your answer to the prediction is in the figure.
#
# ## 2. Back through the whole computation
#
# Now the recording. A `Node` holds a result (`data`), the nodes it was computed from (`parents`), and the name of the
# operation (`op`). Its operators, such as `+`, compute a new result and remember where it came from. So after
# `loss = (w * x + b).tanh()` the variable `loss` holds not just a number: by way of its parents it holds the whole
# history of that number, the *computation graph*. A *leaf* is a node without parents, a number that you put in.
#
# Everything that numbers and arrays have in common stands in the next cells; read them, there is nothing to write.
# Subtraction and division need no slopes of their own, for they are made of other operations.

# %%
FORWARD = {
    "+": np.add,
    "*": np.multiply,
    "**": lambda x, n: np.power(x, n),
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
    "@": np.matmul,
    "sum": np.sum,
    "T": lambda x: np.swapaxes(x, -1, -2),
    "reshape": np.reshape,
}
NUMBERS = itertools.count()


# %%
class Recorded:
    """A result that remembers how it was computed: from which `parents`, and by which operation `op` with which `options`."""

    __array_ufunc__ = None  # so that `array * node` asks the node, not NumPy

    def __init__(self, data, parents: tuple = (), op: str = "", **options):
        self.data, self.parents, self.op, self.options = data, parents, op, options
        self.grad = 0.0 if np.ndim(data) == 0 else np.zeros_like(data)  # the slope of the loss with respect to `data`
        self.number = next(NUMBERS)  # counts up: parents always have smaller numbers than what is made from them

    def apply(self, op: str, *others, **options):
        """A new node: the result of the operation `op` on this node and `others` (nodes, or numbers and arrays)."""
        kind = type(self)
        parents = (self, *(other if isinstance(other, kind) else kind(other) for other in others))
        return kind(FORWARD[op](*(parent.data for parent in parents), **options), parents, op, **options)

    def backward(self) -> None:
        """Add to the `grad` of every leaf how fast this result, which must be a single number, changes with the leaf."""
        backward(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(data={self.data}, grad={self.grad})"


# %%
class Arithmetic(Recorded):
    """The operators of arithmetic: `+`, `*` and `**` are recorded, the others are made of these."""

    def __add__(self, other):
        return self.apply("+", other)

    def __mul__(self, other):
        return self.apply("*", other)

    def __pow__(self, n: float):
        return self.apply("**", n=float(n))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + other * -1.0

    def __rsub__(self, other):
        return self * -1.0 + other

    def __truediv__(self, other):
        return self * other**-1.0

    def __rtruediv__(self, other):
        return self**-1.0 * other

    __radd__, __rmul__ = __add__, __mul__  # 2 + node and 2 * node: the order does not matter


# %%
class Node(Arithmetic):
    """A recorded result with all operations that numbers and arrays have in common."""

    def exp(self):
        """e to the power of each number."""
        return self.apply("exp")

    def log(self):
        """The natural logarithm of each number."""
        return self.apply("log")

    def tanh(self):
        """The hyperbolic tangent of each number."""
        return self.apply("tanh")

    def relu(self):
        """Each number where it is positive, and 0 elsewhere."""
        return self.apply("relu")


# %%
class Value(Node):
    """A number that remembers how it was computed. `data`: the number; `grad`: the slope of the loss with respect to it."""

    def __init__(self, data: float, parents: tuple = (), op: str = "", **options):
        super().__init__(float(data), parents, op, **options)

    def pull_back(self) -> tuple[float, ...]:
        """What this node adds to the `grad` of each parent: its own `grad` times the local slope. A leaf gives ()."""
        if not self.parents:
            return ()
        slopes = partials(self.op, self.data, *(parent.data for parent in self.parents), **self.options)
        return tuple(float(self.grad * slope) for slope in slopes)


# %% [markdown]
# The method `pull_back` is the chain rule for one step. Write $\bar v = \partial L / \partial v$ for the slope of the
# final result $L$ with respect to a node $v$; the code calls it `grad`. If $u$ is a parent of $v$, then $v$ contributes
# $\bar v \cdot \partial v / \partial u$ to $\bar u$. And if $u$ is used in several places, all contributions **add up**:
#
# $$\bar u = \sum_{v \text{ made from } u} \bar v \cdot \frac{\partial v}{\partial u}, \qquad \bar L = 1.$$
#
# That is the whole theory. What is left is the order. A node may pull back only when its own sum is complete, that is,
# *after all nodes that were made from it*. Such an order is called *topological*, and here it comes for free: a result
# is always made after its parents, so `number` decreases on the way back. (PyTorch's engine orders its work in much the
# same way, by the sequence number of each operation.)
#
# Two rules decide what happens if you call `backward` again, and they are PyTorch's as well. *Leaves accumulate*: a new
# call adds to the `grad` that is there. *Intermediate results start anew* at 0 in every call; otherwise they would
# send back the old gradients a second time.
#
# **Predict**: for $L = a \cdot a$ with $a = 3$, the node $L$ has two parents, and they are the same node. What will
# `a.grad` be? What if you forget to add up, and assign?
#
# **Write** `backward`. Collect all nodes that `root` was made from (go from parent to parent, and look at each node only
# once), sort them by falling `number`, and let each one pull back. Use a list of nodes to visit, not a function that
# calls itself: a long computation is deeper than Python allows.


# %% solution="backward"
def backward(root: Node) -> None:
    """Add to the `grad` of every leaf that `root` was made from the slope of `root` with respect to that leaf.

    `root.data` is a single number. Intermediate results (nodes with parents) start from `grad` 0 in each call and hold
    the slope with respect to themselves afterwards; leaves keep what they had, and the new slope is added.
    Each node pulls back once, after all nodes that were made from it.
    """
    ### BEGIN SOLUTION
    nodes, waiting = {root}, [root]
    while waiting:
        new = set(waiting.pop().parents) - nodes
        nodes |= new
        waiting.extend(new)
    for node in nodes:
        if node.parents:
            node.grad = 0.0
    root.grad = root.grad + np.ones_like(root.data)
    for node in sorted(nodes, key=lambda each: each.number, reverse=True):
        for parent, gradient in zip(node.parents, node.pull_back(), strict=True):
            parent.grad = parent.grad + gradient
    ### END SOLUTION


# %%
a, b = Value(3.0), Value(-2.0)
loss = a * a + a * b
loss.backward()
assert (a.grad, b.grad) == (4.0, 3.0)  # 2a + b and a
loss.backward()
assert (a.grad, b.grad) == (8.0, 6.0)  # leaves accumulate

# %% check="backward" points=3
check("backward")

# %% [markdown]
# **See it.** One neuron with two inputs, $\tanh(w_1 x_1 + w_2 x_2 + b)$, should answer 1; its loss is the squared error.
# The functions below draw any small graph.


# %%
def nodes_of(root: Node) -> set[Node]:
    """All nodes of a small graph, found the short way: by a function that calls itself."""
    return {root}.union(*(nodes_of(parent) for parent in root.parents))


def places(root: Node) -> dict[Node, tuple[float, float]]:
    """Where to draw each node: results to the right of all their parents, leaves just before their first use."""
    nodes = sorted(nodes_of(root), key=lambda each: each.number)
    column: dict[Node, int] = {}
    for node in nodes:
        column[node] = 1 + max((column[parent] for parent in node.parents), default=-1)
    found, used = {}, {}
    for node in nodes:
        x = column[node] if node.parents else min(column[each] for each in nodes if node in each.parents) - 1
        used[x] = used.get(x, 0) + 1
        found[node] = (x, -used[x])
    return found


# %%
def draw(root: Node, names: dict[Node, str], caption: str, alt: str) -> None:
    """Draw the computation graph of `root`, inputs on the left, each node with its data and grad; `names` names leaves."""
    place = places(root)
    with plot.figure(caption=caption, alt=alt, width=7.6, height=2.8) as ax:
        for node, (x, y) in place.items():
            title = names.get(node, node.op or "constant")
            box = {"boxstyle": "round", "facecolor": "none", "edgecolor": plot.COLORS[0 if node.parents else 1]}
            ax.text(x, y, f"{title}\ndata {node.data:.2f}\ngrad {node.grad:+.2f}", ha="center", va="center", fontsize=8, bbox=box)
            for parent in node.parents:
                start = (place[parent][0] + 0.33, place[parent][1])
                ax.annotate("", xy=(x - 0.33, y), xytext=start, arrowprops={"arrowstyle": "->", "color": plot.NEUTRAL})
        across, down = zip(*place.values(), strict=True)
        ax.set(xlim=(min(across) - 0.6, max(across) + 0.6), ylim=(min(down) - 0.5, -0.5))
        ax.axis("off")


# %%
w1, x1, w2, x2, bias = (Value(number) for number in (-0.5, 2.0, 1.0, 0.5, 0.3))
neuron_loss = ((w1 * x1 + w2 * x2 + bias).tanh() + -1.0) ** 2
neuron_loss.backward()
draw(
    neuron_loss,
    dict(zip((w1, x1, w2, x2, bias), ("w1", "x1", "w2", "x2", "b"), strict=True)),
    caption="The graph of a neuron's squared error. Orange: leaves. Blue: results. Every node knows its slope after one backward pass.",
    alt="Boxes joined by arrows from left to right: weights and inputs are multiplied, added, passed through tanh, and squared.",
)

# %% [markdown]
# Read it from right to left. The last box has the slope 1, for $L$ changes with itself at the rate 1. Each sum hands its
# slope on unchanged to all its parents; each product multiplies it with the other factor: compare `w1` with `x1`. What
# should happen to the bias to make the loss smaller? Its sign of `grad` tells you.
#
# ## 3. Arrays: undo the broadcast
#
# One `Value` for each number is fine for understanding, and far too slow for work: Python spends its time on
# book-keeping. So make the nodes larger. A `Tensor` records operations on whole NumPy arrays, and its `grad` is an array
# **of the same shape as its data**: one slope for each number in it.
#
# One thing is new. NumPy *broadcasts*: in `X @ W + b` a bias of shape `(10,)` is added to each row of an array of shape
# `(100, 10)`, as if it stood there 100 times. Each of its numbers is thus used 100 times, and you know what that means
# for a slope: the contributions add up. What came back has shape `(100, 10)`; the sum over the rows has shape `(10,)`.
#
# The rule in general: NumPy lines shapes up *at the right*, puts missing axes of length 1 in front, and repeats along
# axes of length 1. To undo it, sum over the axes that were put in front, and over those that were repeated; the latter
# stay, with length 1.
#
# **Predict**: a number (shape `()`) is added to an array of shape `(3, 4)`, and a slope of 1 comes back for each of the
# 12 results. What is the slope for the number?
#
# **Write** `unbroadcast`. `np.sum` takes `axis=(0, 2)` for several axes at once, and `keepdims=True` leaves them in the
# shape with length 1.


# %% solution="unbroadcast"
def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient for an array of the given shape that was broadcast to the shape of `gradient`.

    gradient: any shape that `shape` can be broadcast to. Returns an array of shape `shape`: the sum of `gradient` over
    all places to which each number was copied. `gradient` itself is not changed.
    """
    ### BEGIN SOLUTION
    in_front = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(in_front)))
    repeated = tuple(axis for axis, length in enumerate(shape) if length == 1)
    return gradient.sum(axis=repeated, keepdims=True)
    ### END SOLUTION


# %%
assert unbroadcast(np.ones((100, 10)), (10,)).tolist() == [100.0] * 10
assert unbroadcast(np.ones((2, 3, 4)), (3, 1)).tolist() == [[8.0]] * 3
assert unbroadcast(np.ones((3, 4)), ()) == 12.0

# %% check="unbroadcast" points=1
check("unbroadcast")

# %% [markdown]
# **See it.** The same gradient, undone for four shapes that broadcast to it. Whatever the shape, nothing may be lost:
# the total is the same each time.

# %%
example = np.arange(12.0).reshape(3, 4)
for shape in ((3, 4), (4,), (3, 1), ()):
    undone = unbroadcast(example, shape)
    print(f"shape {shape!s:7} total {undone.sum():.0f}   {undone.tolist()}")

# %% [markdown]
# ## 4. Slopes of array operations
#
# For arrays, local slopes would be huge: an operation from 1,000 numbers to 1,000 numbers has a million of them, its
# *Jacobian* $J$. But nobody needs the Jacobian. The step back takes the gradient $\bar{\mathbf{v}}$ of the result and
# returns $\bar{\mathbf{v}}^\top J$, a *vector-Jacobian product* or **VJP**, and for each operation there is a short
# formula for this product. For an operation that works entry by entry it is what you have already: the gradient times
# the local slope, `g * slope`. Four operations remain, and in each of them ask: *where did each input number go?*
#
# - `"sum"` adds up over an axis (or over several, or over all): each input went into one sum with the slope 1, so the
#   sum's gradient is handed back to all of them. If the summed axis has left the shape, put it back first
#   (`np.expand_dims`), so that it broadcasts along the right axis (`np.broadcast_to`).
# - `"T"` swaps the last two axes, `"reshape"` orders the numbers in another shape: nothing is computed, so only bring
#   the gradient back into the old form.
# - `"@"`, the matrix product $V = A B$, is the one that matters most. Entry $V_{ik} = \sum_j A_{ij} B_{jk}$, so
#   $\bar A_{ij} = \sum_k \bar V_{ik} B_{jk}$, and likewise for $B$:
#
# $$\bar A = \bar V B^\top, \qquad \bar B = A^\top \bar V .$$
#
# Shapes are the best proofreader: with $A$ of $(n, d)$ and $B$ of $(d, k)$, there is only one way to multiply
# $\bar V$ of $(n, k)$ with $B$ so that something of the shape of $A$ comes out. For stacks of matrices, transpose the
# last two axes only.
#
# **Predict**: in a layer $X W$ with 100 examples, $\bar W = X^\top \bar V$. Over what does this product sum?
#
# **Write** `vjp`. For the operations of section 1, call your `partials`. The broadcasting is undone by the class
# `Tensor`, after your function.


# %% solution="vjp"
def vjp(op: str, g: np.ndarray, out: np.ndarray, *inputs: np.ndarray, **options) -> tuple[np.ndarray, ...]:
    """The step back through one operation on arrays: from the gradient `g` of its result `out` to one gradient for each input.

    op: an operation of `partials`; "@" (two inputs of shapes (..., n, d) and (..., d, k)), "sum", "T" (the last two axes
    swapped) or "reshape" (one input). options: n for "**"; axis (None, an integer or a tuple) and keepdims for "sum".
    g has the shape of `out` and is not changed. Each gradient has the shape of its input, or, where that was
    broadcast, the shape it was broadcast to.
    """
    ### BEGIN SOLUTION
    x = inputs[0]
    match op:
        case "@":
            return g @ np.swapaxes(inputs[1], -1, -2), np.swapaxes(x, -1, -2) @ g
        case "T":
            return (np.swapaxes(g, -1, -2),)
        case "reshape":
            return (g.reshape(x.shape),)
        case "sum":
            if options["axis"] is not None and not options["keepdims"]:
                g = np.expand_dims(g, options["axis"])
            return (np.broadcast_to(g, x.shape),)
    return tuple(g * slope for slope in partials(op, out, *inputs, **options))
    ### END SOLUTION


# %%
class Tensor(Node):
    """An array that remembers how it was computed. `data`: float64 array; `grad`: the slopes of the loss, of the same shape."""

    def __init__(self, data, parents: tuple = (), op: str = "", **options):
        super().__init__(np.asarray(data, dtype=np.float64), parents, op, **options)

    def pull_back(self) -> tuple[np.ndarray, ...]:
        """What this node adds to the `grad` of each parent. A leaf gives ()."""
        if not self.parents:
            return ()
        inputs = [parent.data for parent in self.parents]
        gradients = vjp(self.op, np.asarray(self.grad), self.data, *inputs, **self.options)
        return tuple(unbroadcast(gradient, x.shape) for gradient, x in zip(gradients, inputs, strict=True))

    def __matmul__(self, other):
        return self.apply("@", other)

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        """The sum over `axis`, or over everything."""
        return self.apply("sum", axis=axis, keepdims=keepdims)

    def reshape(self, *shape: int) -> "Tensor":
        """The same numbers in another shape."""
        return self.apply("reshape", shape=shape)

    T = property(lambda self: self.apply("T"), doc="The last two axes swapped.")
    shape = property(lambda self: self.data.shape, doc="The shape of the data.")


# %%
A, B = Tensor([[1.0, 2.0]]), Tensor([[3.0], [5.0]])  # shapes (1, 2) and (2, 1)
(A @ B).sum().backward()
assert A.grad.tolist() == [[3.0, 5.0]] and B.grad.tolist() == [[1.0], [2.0]]
assert vjp("sum", np.array([10.0, 20.0]), np.zeros(2), np.zeros((2, 3)), axis=1, keepdims=False)[0].tolist() == [[10.0] * 3, [20.0] * 3]

# %% check="vjp" points=3
check("vjp")

# %% [markdown]
# **See it.** The examination that was promised. Here is the loss of the first section once more, on tensors. It
# subtracts the largest score of each row before $\exp$, which changes no probability and keeps large scores from
# overflowing.


# %%
def cross_entropy(scores: Tensor, y: np.ndarray) -> Tensor:
    """The mean cross-entropy, a tensor of shape (). scores: shape (n, classes). y: labels 0, 1, ..., shape (n,)."""
    shifted = scores - scores.data.max(axis=1, keepdims=True)
    log_probability = shifted - shifted.exp().sum(axis=1, keepdims=True).log()
    right = np.eye(scores.shape[1])[y]  # (n, classes): 1 at the label, 0 elsewhere
    return -(log_probability * right).sum() / len(y)


# %%
W = Tensor(W_start)
plain = cross_entropy(Tensor(X_train[:100]) @ W, y_train[:100])
plain.backward()
gap = np.abs(W.grad - tried_slopes).max()
print(f"{W.grad.size} slopes from 1 pass forward and 1 back; before: from {losses_computed} passes forward")
print(f"largest difference between the two: {gap:.1e}")
claim("the engine's slopes are those that trying found, up to the error of trying", gap < 1e-8)

# %% [markdown]
# The small difference is the error of *trying*, not of the engine: a central difference with a finite step is an
# approximation, and a smaller step drowns in rounding. And how much did the large nodes gain? Build the same small
# network twice, once from `Value`s and once from `Tensor`s, with the same weights and digits.


# %%
class Linear:
    """A layer x W + b with weights W of shape (inputs, outputs) and biases b of shape (outputs,)."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator):
        self.W = Tensor(rng.normal(scale=inputs**-0.5, size=(inputs, outputs)))
        self.b = Tensor(np.zeros(outputs))

    def __call__(self, x: Tensor) -> Tensor:
        return x @ self.W + self.b

    def parameters(self) -> list[Tensor]:
        """The tensors that learning changes."""
        return [self.W, self.b]


class MLP:
    """A multilayer perceptron: linear layers with tanh between them. `sizes`: inputs, hidden widths, outputs."""

    def __init__(self, sizes: list[int], rng: np.random.Generator):
        self.layers = [Linear(inputs, outputs, rng) for inputs, outputs in itertools.pairwise(sizes)]

    def __call__(self, X: np.ndarray) -> Tensor:
        x = self.layers[0](Tensor(X))
        for layer in self.layers[1:]:
            x = layer(x.tanh())
        return x

    def parameters(self) -> list[Tensor]:
        """The tensors that learning changes, layer by layer."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]


# %%
def values(array: np.ndarray):
    """Nested lists with a Value for each number of the array."""
    return [values(row) for row in array] if array.ndim else Value(array)


def scalar_layer(x: list[Value], W: list[list[Value]], b: list[Value]) -> list[Value]:
    """A linear layer, number by number."""
    return [sum((x_i * row[j] for x_i, row in zip(x, W, strict=True)), b_j) for j, b_j in enumerate(b)]


def scalar_loss(W1: list, b1: list, W2: list, b2: list, X: np.ndarray, y: np.ndarray) -> Value:
    """The mean cross-entropy of a network with one hidden layer, number by number. X: shape (n, inputs)."""
    total = Value(0.0)
    for x, label in zip(X, y, strict=True):
        hidden = [score.tanh() for score in scalar_layer(values(x), W1, b1)]
        scores = scalar_layer(hidden, W2, b2)
        total = total + sum((score.exp() for score in scores), Value(0.0)).log() - scores[label]
    return total / len(y)


# %%
few_X, few_y = X_train[: lab.params["scalar_digits"]], y_train[: lab.params["scalar_digits"]]
model = MLP([64, 16, 10], np.random.default_rng(0))
numbers = [values(parameter.data) for parameter in model.parameters()]
began, first = time.perf_counter(), next(NUMBERS)
small = scalar_loss(*numbers, few_X, few_y)
small.backward()
middle, second = time.perf_counter(), next(NUMBERS)
large = cross_entropy(model(few_X), few_y)
large.backward()
ratio = (middle - began) / (time.perf_counter() - middle)
made = {"value_nodes": second - first - 1, "tensor_nodes": next(NUMBERS) - second - 1}
flat = np.array([[number.grad for number in row] for row in numbers[0]])
print(f"loss {small.data:.12f} from {made['value_nodes']:,} Values, {large.data:.12f} from {made['tensor_nodes']} Tensors")
print(f"here and now, the Tensors were about {ratio:.0f} times as fast")
for name, count in made.items():
    record(name, count)
claim("both engines find the same slopes", np.abs(flat - model.layers[0].W.grad).max() < 1e-12)

# %% [markdown]
# The same mathematics, the same slopes, and a graph of a few boxes instead of tens of thousands. The arithmetic has not
# become less; Python's share of it has.
#
# ## 5. Learn
#
# *Stochastic gradient descent* needs one more function. Take a small batch of examples, compute the loss, send it back,
# and move each parameter a little against its slope:
#
# $$\theta \leftarrow \theta - \eta \, \frac{\partial L}{\partial \theta},$$
#
# where $\eta$ is the *learning rate*. Remember that leaves accumulate: what an earlier batch left behind must be cleared
# first. And change what the parameter *holds*, its `data`: the assignment `p = p - ...` would only give the name `p` to
# a new node, and the model would never hear of it.
#
# **Predict**: if you forget to clear the gradients, in which direction does the hundredth step go?
#
# **Write** `train_step`.


# %% solution="train_step"
def train_step(model: MLP, X: np.ndarray, y: np.ndarray, lr: float) -> float:
    """One step of gradient descent on the mean cross-entropy of one batch; every parameter's `data` is updated.

    X: features, shape (n, inputs). y: labels, shape (n,). lr: the learning rate. Gradients that the parameters hold
    from before are cleared and play no part. Returns the loss of the batch before the update, as a float.
    """
    ### BEGIN SOLUTION
    for parameter in model.parameters():
        parameter.grad = np.zeros_like(parameter.data)
    loss = cross_entropy(model(X), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data = parameter.data - lr * parameter.grad
    return float(loss.data)
    ### END SOLUTION


# %%
pupil = MLP([64, 10], np.random.default_rng(0))
first, second = (train_step(pupil, X_train[:50], y_train[:50], lr=0.5) for _ in range(2))
assert isinstance(first, float) and second < first

# %% check="train_step" points=1
check("train_step")


# %% [markdown]
# **See it.** Train on the digits, in batches of random order, and note the loss of every step.


# %%
def train(model: MLP, X: np.ndarray, y: np.ndarray, epochs: int, lr: float, batch: int, seed: int) -> list[float]:
    """Train `model` with a new random order in each epoch; returns the loss of every step."""
    rng, losses = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        losses += [train_step(model, X[rows], y[rows], lr) for rows in np.split(order, range(batch, len(order), batch))]
    return losses


def accuracy(model: MLP, X: np.ndarray, y: np.ndarray) -> float:
    """The share of digits whose highest score is that of the right class, 0 to 1."""
    return float(np.mean(model(X).data.argmax(axis=1) == y))


# %%
HOW = {name: lab.params[name] for name in ("epochs", "lr", "batch")}
network = MLP([64, lab.params["hidden"], 10], np.random.default_rng(lab.seed))
losses = np.array(train(network, X_train, y_train, **HOW, seed=lab.seed))
record("train_loss", losses[-20:].mean())
record("test_accuracy", accuracy(network, X_test, y_test))
claim("the network reads at least 95 % of the test digits", accuracy(network, X_test, y_test) >= 0.95)
plot.lines(
    {"each batch": losses, "mean of 20 batches": (np.arange(19, len(losses)), np.convolve(losses, np.full(20, 0.05), mode="valid"))},
    x="step",
    y="cross-entropy",
    log_y=True,
    caption="The loss of each batch while your engine learns the digits. Logarithmic axis.",
    alt="A noisy curve that falls steeply at first and then ever more slowly, with a smooth curve running through its middle.",
)

# %% [markdown]
# At the start the loss is near $\log 10 \approx 2.3$, the loss of a model that finds all ten classes equally probable.
# Which digits does it still get wrong?

# %%
scores = network(X_test).data
margin = scores[np.arange(len(y_test)), y_test] - np.where(np.eye(10)[y_test] == 1, -np.inf, scores).max(axis=1)
hardest = np.argsort(margin)[:8]
plot.images(
    X_test[hardest].reshape(-1, 8, 8),
    titles=[f"{label} read as {guess}" for label, guess in zip(y_test[hardest], scores[hardest].argmax(axis=1), strict=True)],
    columns=4,
    caption="The eight test digits with the worst scores: the label, and what the network read.",
    alt="Eight blurred handwritten digits that are hard to read, each with its label and the digit that the network took it for.",
    height=3.0,
)

# %% [markdown]
# ## Experiment: is the hidden layer worth it?
#
# A model without a hidden layer, `MLP([64, 10])`, needs no chain of layers and hardly an engine. Does the hidden layer
# pay? One run on one split proves nothing, so train both on several splits, with the same batches in the same order.
# The comparison is *paired*: look at the difference on each split, and at its 95 % bootstrap interval.
#
# **Predict**: how many percent of the test digits will the hidden layer win? More than one?


# %%
def both(seed: int) -> tuple[float, float]:
    """Test accuracy without and with a hidden layer, on one split, after training with the same batches."""
    X, X_new, y, y_new = digits(seed)
    results = []
    for sizes in ([64, 10], [64, lab.params["hidden"], 10]):
        pupil = MLP(sizes, np.random.default_rng(seed))
        train(pupil, X, y, **HOW, seed=seed)
        results.append(accuracy(pupil, X_new, y_new))
    return results[0], results[1]


def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


# %%
results = np.array([both(seed) for seed in lab.seeds(lab.params["seeds"])])  # (seeds, 2): without, with
gain = results[:, 1] - results[:, 0]
names = ("no hidden layer", "one hidden layer")
ends = {name: bootstrap_interval(results[:, column]) for column, name in enumerate(names)}
low, high = bootstrap_interval(gain)
for column, name in enumerate(names):
    print(f"{name:17s} mean {results[:, column].mean():.1%}, 95 % interval {ends[name][0]:.1%} to {ends[name][1]:.1%}")
print(f"gain              mean {gain.mean():.1%}, 95 % interval {low:.1%} to {high:.1%}")
with plot.figure(caption="Test accuracy on each split, without and with a hidden layer; a line joins the two results of a split.",
                 alt="Pairs of points joined by lines; most lines rise from the model without to the model with a hidden layer.",
                 width=4.6) as ax:  # fmt: skip
    ax.plot(names, 100 * results.T, "o-", color=plot.COLORS[0], alpha=0.5)
    ax.set(ylabel="test accuracy in %", xlim=(-0.3, 1.3))
record("mean_accuracy", results[:, 1].mean())
record("gain", gain.mean())
claim("the hidden layer reads more digits: the 95 % interval of the gain lies above 0", low > 0)

# %% [markdown]
# The gain is small because the digits are easy, and it is real because it shows on almost every split. Neither number
# would have been visible from a single run.
#
# ## Against the real thing
#
# An engine with a wrong slope does not crash; it learns a little worse, and nobody notices. So test it as engines are
# tested: on computations that nobody has chosen. The next cell makes random formulas from arrays of shapes that
# broadcast in every way, evaluates each with your `Tensor` and with PyTorch, and compares all slopes.


# %%
SHAPES = ((3, 4), (4,), (3, 1), (1, 4), ())
CHOICES = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: (a * b).tanh(),
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: a.relu() * b.tanh(),
)


def random_formula(leaves: list, rng: np.random.Generator, steps: int = 12):
    """A random formula of `leaves`, tensors of your engine or of PyTorch, as a single number."""
    pool = list(leaves)
    for _ in range(steps):
        a, b = (pool[rng.integers(len(pool))] for _ in range(2))
        pool.append(CHOICES[rng.integers(len(CHOICES))](a, b))
    return sum(node.tanh().sum() for node in pool)


def largest_gap(seed: int) -> float:
    """The largest difference of a slope between your engine and PyTorch, on one random formula."""
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in SHAPES]
    ours, theirs = [Tensor(array) for array in arrays], [torch.tensor(array, requires_grad=True) for array in arrays]
    random_formula(ours, np.random.default_rng(seed)).backward()
    random_formula(theirs, np.random.default_rng(seed)).backward()
    return max(np.abs(a.grad - b.grad.numpy()).max() for a, b in zip(ours, theirs, strict=True))


# %%
gaps = np.array([largest_gap(seed) for seed in lab.seeds(lab.params["formulas"])])
print(f"{len(gaps)} random formulas; largest difference of any slope {gaps.max():.1e}")
record("largest_gap", gaps.max())
claim("on every random formula all slopes agree with PyTorch", gaps.max() < 1e-10)


# %% [markdown]
# Then a whole training run: a PyTorch network with the same first weights, trained on the same batches, must end with
# the same last weights.


# %%
def train_with_torch(start: MLP, X: np.ndarray, y: np.ndarray, epochs: int, lr: float, batch: int, seed: int) -> torch.nn.Module:
    """A PyTorch copy of the untrained network `start` with one hidden layer, trained like `train`."""
    inputs, hidden, outputs = start.layers[0].W.shape[0], *(layer.W.shape[1] for layer in start.layers)
    peer = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, outputs)).double()
    with torch.no_grad():
        for theirs, ours in zip(peer.parameters(), start.parameters(), strict=True):
            theirs.copy_(torch.tensor(ours.data.T))  # PyTorch stores weights as (outputs, inputs)
    optimizer, rng = torch.optim.SGD(peer.parameters(), lr=lr), np.random.default_rng(seed)
    X_all, y_all = torch.tensor(X), torch.tensor(y)
    for _ in range(epochs):
        for rows in torch.tensor(rng.permutation(len(X))).split(batch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(peer(X_all[rows]), y_all[rows]).backward()
            optimizer.step()
    return peer


# %%
sizes = [64, lab.params["hidden"], 10]
began = time.perf_counter()
train(again := MLP(sizes, np.random.default_rng(lab.seed)), X_train, y_train, **HOW, seed=lab.seed)
middle = time.perf_counter()
peer = train_with_torch(MLP(sizes, np.random.default_rng(lab.seed)), X_train, y_train, **HOW, seed=lab.seed)
ratio = (middle - began) / (time.perf_counter() - middle)
pairs = zip(again.parameters(), peer.parameters(), strict=True)
drift = max(np.abs(ours.data.T - theirs.detach().numpy()).max() for ours, theirs in pairs)
print(f"after {len(losses)} steps the weights differ by at most {drift:.1e}")
print(f"here and now, your engine took {ratio:.2f} times as long as PyTorch")
record("weight_drift", drift)
claim("after the whole training your weights are PyTorch's weights", drift < 1e-8)

# %% [markdown]
# What does PyTorch do better, then? On a network this small, not much: both engines are busy with book-keeping, as the
# last line tells. But it has many more operations, and they run on GPUs and in float16, too. Their VJPs are listed in one
# file, `derivatives.yaml`, which reads like your `vjp`: the line for `tanh` says
# `tanh_backward(grad, result)`. It frees intermediate results as soon as the backward pass has used them, refuses to go
# on when someone has changed an array that it still needs, and can differentiate its own backward pass. To test an
# operation of your own there, `torch.autograd.gradcheck` compares it with central differences.

# %% [markdown] answer="why-reverse" points=2
# ## In your own words
#
# Slopes could also be sent *forward*: give one input the slope 1, all others 0, and compute for each result how fast it
# changes with that input. This is forward mode; one pass gives the slopes of *all* results with respect to *one* input.
#
# 1. A function has $n$ inputs and $m$ outputs. How many passes does each mode need for all $n \cdot m$ slopes? Which
#    mode suits the training of a network, and for what kind of function would you choose the other?
# 2. Reverse mode has a price that forward mode does not have. What must be kept until the backward pass, and why? Name
#    the operation of section 1 whose step back needs nothing that was computed.
#
# ### BEGIN SOLUTION
# 1. Forward mode needs $n$ passes, one for each input; reverse mode needs $m$, one for each output. A network has
#    millions of inputs (its weights) and one output (the loss): one reverse pass. Forward mode suits functions of few
#    inputs and many outputs, such as a curve $\mathbf{r}(t)$ or a simulation that depends on one or two settings.
# 2. The step back needs the inputs (for `*`, `**`, `log`, `relu`, `@`) or the result (for `exp`, `tanh`) of each
#    operation, and it comes in the opposite order, so the values of the whole forward pass must stay in memory until
#    it is done. Forward mode can forget each value as soon as the next ones are computed. Only `+` needs nothing.
#
# *Rubric*: 1 point for $n$ against $m$ passes, with networks on the right side and a sensible example for the other;
# half of it if the example is missing. 1 point for saying that intermediate values must be kept because the local slopes
# depend on them and are needed in reverse order, and for naming `+`; half of it without the reason or without `+`.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **`=` instead of adding up.** A node that is used twice then keeps only the contribution that came last. Formulas
#   that use each number once work fine, so the mistake hides until the first bias or the first `a * a`.
# - **Pulling back as soon as a gradient arrives.** The node passes on a sum that is not complete yet. First the order,
#   then the work.
# - **A recursive search.** It ends with `RecursionError` at about a thousand steps, in the first long loop.
# - **The old gradients are still there.** Leaves accumulate on purpose. Clear them before each step, or the step follows
#   the sum of all slopes so far.
# - **Intermediate results that accumulate too.** The second `backward` then counts the first one again.
# - **A gradient of the wrong shape.** If `b.grad` has the shape of the whole batch, broadcasting has not been undone, and
#   the update quietly makes `b` a matrix.
# - **`g @ B` instead of `g @ B.T`.** With square matrices no shape complains. That is why the tests use odd shapes.
#
# ## Scale it up
#
# This lab has a `cpu` profile only: NumPy computes on the processor, and the digits are small. The engine itself would
# move to a GPU with few changes, since only `FORWARD`, `partials`, `unbroadcast` and `vjp` touch arrays; libraries such
# as CuPy offer NumPy's functions there. What would stop you first is memory, since the graph keeps every intermediate
# result; trading it for a second computation is called *activation checkpointing*, and you meet it in the labs on large
# models. Next to that: fewer, larger nodes (one node for the whole cross-entropy), as this lab did on the way from
# `Value` to `Tensor`.
#
# ## Exercises
#
# 1. [conceptual] Which line of `backward` makes `loss.backward(); loss.backward()` give twice the slopes, and which
#    keeps it from giving more than that? *Success*: you remove the second line, predict `a.grad` for $L = (a \cdot a)
#    \cdot a$ at $a = 2$ after two calls, and the run agrees.
# 2. [short-code] Add the operation `"sigmoid"`, $\sigma(x) = 1/(1 + e^{-x})$, to `FORWARD`, `partials` and `Node`,
#    with the slope written in terms of the result. *Success*: it agrees with `torch.sigmoid` on 100 random numbers
#    between $-50$ and 50 to $10^{-12}$, in its values and in its slopes.
# 3. [short-code] Add `Tensor.__getitem__`, with a VJP that puts the gradient back into an array of zeros. *Success*:
#    `x[rows]` agrees with PyTorch also where `rows` names the same row twice (look at `np.add.at`).
# 4. [short-code] Write one node for the whole cross-entropy, with the VJP $(\mathbf{p} - \text{one-hot}(y)) / n$.
#    *Success*: the slopes of all parameters agree with those of `cross_entropy` to $10^{-12}$, and fewer nodes are made (`NUMBERS` counts them).
# 5. [extended] Differentiate twice: let `pull_back` compute with `Value`s instead of numbers, so that the gradients have
#    a graph of their own. *Success*: for $f(x) = \tanh(x^2)$, the second derivative agrees with the central difference of
#    the first to $10^{-6}$ at ten random points.
#
# ## References
#
# - S. Linnainmaa (1976). *Taylor expansion of the accumulated rounding error.* BIT 16, 146–160.
#   <https://doi.org/10.1007/BF01931367>. The reverse mode, first published in his thesis of 1970.
# - D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986). *Learning representations by back-propagating errors.*
#   Nature 323, 533–536. <https://doi.org/10.1038/323533a0>. The reverse mode comes to neural networks.
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul and J. M. Siskind (2018). *Automatic differentiation in machine
#   learning: a survey.* JMLR 18(153), 1–43. <https://jmlr.org/papers/v18/17-468.html>. Section 3 on both modes.
# - A. Paszke et al. (2019). *PyTorch: an imperative style, high-performance deep learning library.* NeurIPS 32.
#   <https://arxiv.org/abs/1912.01703>. Sections 4.3 and 5 on its engine.
# - A. Karpathy (2020). *micrograd.* <https://github.com/karpathy/micrograd>. The small scalar engine from which this
#   lab has its name, and the names `Value` and `MLP`.
