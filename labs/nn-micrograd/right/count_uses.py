"""By counting uses (Kahn's order): a node pulls back when the last of its uses has contributed; arrays updated in place."""

from collections import Counter, deque


def partials(op, out, *inputs, n=1.0):
    if op == "+":
        return 1, 1
    if op == "*":
        a, b = inputs
        return b, a
    (x,) = inputs
    if op == "**":
        return (n * x ** (n - 1),)
    if op == "exp":
        return (np.exp(x),)
    if op == "log":
        return (np.reciprocal(x),)
    if op == "tanh":
        return ((1 - np.tanh(x)) * (1 + np.tanh(x)),)
    return (np.asarray(x > 0, dtype=float),)


def backward(root):
    uses, seen, queue = Counter(), {id(root)}, deque([root])
    while queue:
        node = queue.popleft()
        if node.parents:
            node.grad = np.zeros_like(node.data)
        for parent in node.parents:
            uses[id(parent)] += 1
            if id(parent) not in seen:
                seen.add(id(parent))
                queue.append(parent)
    root.grad += np.ones_like(root.data)
    ready = [root]
    while ready:
        node = ready.pop()
        for parent, gradient in zip(node.parents, node.pull_back(), strict=True):
            parent.grad += gradient
            uses[id(parent)] -= 1
            if uses[id(parent)] == 0:
                ready.append(parent)


def unbroadcast(gradient, shape):
    aligned = (1,) * (gradient.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (old, new) in enumerate(zip(aligned, gradient.shape, strict=True)) if old != new)
    return gradient.sum(axis=axes, keepdims=True).reshape(shape)


def vjp(op, g, out, *inputs, **options):
    x = inputs[0]
    if op == "@":
        return np.einsum("...ik,...jk->...ij", g, inputs[1]), np.einsum("...ij,...ik->...jk", x, g)
    if op == "sum":
        keep = x.sum(axis=options["axis"], keepdims=True).shape
        return (np.broadcast_to(np.reshape(g, keep), x.shape).copy(),)
    if op == "T":
        return (np.einsum("...ij->...ji", g),)
    if op == "reshape":
        return (g.ravel().reshape(x.shape),)
    return tuple(np.asarray(slope) * g for slope in partials(op, out, *inputs, **options))


def train_step(model, X, y, lr):
    for p in model.parameters():
        p.grad[...] = 0
    loss = cross_entropy(model(X), y)
    loss.backward()
    for p in model.parameters():
        p.data -= lr * p.grad
    return float(loss.data)
