"""References of the lab nn-micrograd: they stand in for the answers to earlier tasks while a later task is checked. Beside them
stand the functions that put the learner's engine through a computation; they run where the learner's code is.
This file needs nothing but NumPy: its text is sent to the learner's kernel when a grader asks for it.
"""

import numpy as np


def partials(op, out, *inputs, n=1.0):
    """The local slopes, one operation a line."""
    x = inputs[0]
    slopes = {
        "+": lambda: (1.0, 1.0),
        "*": lambda: (inputs[1], x),
        "**": lambda: (n * np.power(x, n - 1),),
        "exp": lambda: (np.exp(x),),
        "log": lambda: (1 / x,),
        "tanh": lambda: (1 - np.tanh(x) ** 2,),
        "relu": lambda: (np.where(x > 0, 1.0, 0.0),),
    }
    return slopes[op]()


def backward(root):
    """Reverse order of creation; leaves accumulate, all others start anew."""
    nodes, waiting = {root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in nodes:
                nodes.add(parent)
                waiting.append(parent)
    for node in nodes:
        node.grad = 0.0 if node.parents else node.grad
    root.grad = root.grad + np.ones(np.shape(root.data))
    for node in sorted(nodes, key=lambda each: -each.number):
        for parent, gradient in zip(node.parents, node.pull_back(), strict=True):
            parent.grad = parent.grad + gradient


def unbroadcast(gradient, shape):
    """Pad the shape with ones, sum over them, reshape."""
    padded = (1,) * (np.ndim(gradient) - len(shape)) + tuple(shape)
    return np.sum(gradient, axis=tuple(i for i, length in enumerate(padded) if length == 1), keepdims=True).reshape(shape)


def vjp(op, g, out, *inputs, **options):
    """The step back, by einsum where it can be."""
    if op == "@":
        a, b = inputs
        return np.einsum("...ik,...jk->...ij", g, b), np.einsum("...ij,...ik->...jk", a, g)
    if op == "T":
        return (np.moveaxis(g, -1, -2),)
    if op == "reshape":
        return (np.reshape(g, inputs[0].shape),)
    if op == "sum":
        axis = options["axis"]
        if axis is not None:
            axes = {i % inputs[0].ndim for i in np.atleast_1d(axis)}
            g = np.reshape(g, [1 if i in axes else length for i, length in enumerate(inputs[0].shape)])
        return (np.broadcast_to(g, inputs[0].shape),)
    return tuple(g * slope for slope in partials(op, out, *inputs, **options))


# ---- computations, written for Values, Tensors and PyTorch's tensors alike ---------------------------------------------

STEPS = (
    lambda a, b: a + b,
    lambda a, b: a * b.tanh(),
    lambda a, b: a - b,
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: (a * b).tanh(),
    lambda a, b: (a.tanh() * 0.5).exp(),
    lambda a, b: (a * a + 1.0).log() + b,
    lambda a, b: (b * b + 1.0) ** -0.5,
    lambda a, b: a.relu() + 2.0 * b,
    lambda a, b: 1.0 - a,
    lambda a, b: a * a,
)


def formula(leaves, steps):
    """All nodes of a formula: each step (what, i, j) makes one more of the nodes i and j."""
    pool = list(leaves)
    for what, i, j in steps:
        pool.append(STEPS[what](pool[i], pool[j]))
    return pool


def total(pool, flat):
    """The sum of the last three nodes as one number; `flat` if they are arrays."""
    last = [node.tanh().sum() if flat else node.tanh() for node in pool[-3:]]
    return last[0] + last[1] + last[2]


def numbers(items):
    """Plain floats, which can be sent."""
    return [float(each) for each in items]


def run_values(Value, inputs, steps):
    """Slopes of the leaves of a formula of Values."""
    leaves = [Value(each) for each in inputs]
    total(formula(leaves, steps), False).backward()
    return numbers(leaf.grad for leaf in leaves)


def run_tensors(Tensor, inputs, steps):
    """Gradients of the leaves of a formula of Tensors, as arrays."""
    leaves = [Tensor(each) for each in inputs]
    total(formula(leaves, steps), True).backward()
    return [np.array(leaf.grad, dtype=float) for leaf in leaves]


def run_case(Value, case, inputs):
    """Slopes for small formulas that each find one mistake."""
    leaves = [Value(each) for each in inputs]
    if case == "once":
        a, b, c = leaves
        (a * b + c).tanh().backward()
    if case == "square":
        (leaves[0] * leaves[0]).backward()
    if case == "diamond":  # `early` is used at once and once more, later: it must wait for the later use
        a, b = leaves
        early = a * b
        ((early + early * a) * early).backward()
    if case == "ladder":  # each node is used by the next two: a search in breadth or depth visits them too early
        older, newer = leaves
        for _ in range(6):
            older, newer = newer, older * newer.tanh() + newer
        newer.backward()
    if case == "leaf":
        leaves[0].backward()
    return numbers(leaf.grad for leaf in leaves)


def run_twice(Value, inputs):
    """Slopes after two losses that share leaves and an intermediate result, and that intermediate result's own slope."""
    a, b = (Value(each) for each in inputs)
    shared = a * b
    first, second = shared * a, shared.exp()
    first.backward()
    first.backward()
    second.backward()
    return numbers((a.grad, b.grad, shared.grad))


def run_chain(Value, length):
    """The slope of a leaf at the far end of a chain."""
    leaf = Value(1.0)
    node = leaf
    for _ in range(length):
        node = node + 1.0
    node.backward()
    return float(leaf.grad)


def count_pulls(Value, doublings):
    """How often the node that was asked most had to pull back, when each node is used twice by the next."""
    counts = {}

    class Counted(Value):
        def pull_back(self):
            counts[self.number] = counts.get(self.number, 0) + 1
            return super().pull_back()

    leaf = Counted(1.0)
    node = leaf
    for _ in range(doublings):
        node = node + node
    node.backward()
    return {"most": max(counts.values(), default=0), "slope": float(leaf.grad)}


def back_from_total(vjp, g, x):
    """The gradient for an array whose sum over everything has the gradient g."""
    back = vjp("sum", np.array(g), np.array(x.sum()), x, axis=None, keepdims=False)
    return np.array(back[0], dtype=float)


def run_network(Tensor, arrays):
    """Gradients of a computation with stacks of matrix products, transposes, reshapes and sums."""
    a, b, c, d = (Tensor(each) for each in arrays)
    stacked = (a @ b + c).tanh()  # (2, 3, 4)
    weights = (stacked @ stacked.T).exp()  # (2, 3, 3)
    weights = weights / weights.sum(axis=-1, keepdims=True)
    mixed = (weights @ stacked).reshape(6, 4).sum(axis=0)
    (mixed * d * mixed.sum()).sum().backward()
    return [np.array(each.grad, dtype=float) for each in (a, b, c, d)]


def run_training(train_step, MLP, weights, X, y, lr, steps, stale):
    """Losses and last weights of a network with one hidden layer; `stale` is what the gradients hold at first."""
    model = MLP([weights[0].shape[0], weights[0].shape[1], weights[2].shape[1]], np.random.default_rng(0))
    before = model.parameters()
    for parameter, start in zip(before, weights, strict=True):
        parameter.data, parameter.grad = start.copy(), np.full(start.shape, float(stale))
    losses = [train_step(model, X, y, lr) for _ in range(steps)]
    kind = sorted({type(loss).__name__ for loss in losses})
    same = all(one is two for one, two in zip(before, model.parameters(), strict=True))
    held = [np.array(parameter.data, dtype=float) for parameter in model.parameters()]
    plain = [float(getattr(loss, "data", loss)) if loss is not None else float("nan") for loss in losses]
    return {"losses": plain, "kind": kind, "same": same, "weights": held}
