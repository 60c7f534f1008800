"""The classic way: a depth-first topological order with a stack, local slopes in a dictionary, leaves set aside in backward."""


def partials(op, out, *inputs, n=1.0):
    table = {
        "+": lambda a, b: (np.ones_like(a), np.ones_like(b)),
        "*": lambda a, b: (b, a),
        "**": lambda x: (n * np.power(x, n - 1.0),),
        "exp": lambda x: (np.exp(x),),
        "log": lambda x: (x**-1.0,),
        "tanh": lambda x: (np.cosh(x) ** -2.0,),
        "relu": lambda x: (np.heaviside(x, 0.0),),
    }
    return table[op](*inputs)


def backward(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    old = {node: node.grad for node in order if not node.parents}
    for node in order:
        node.grad = 0.0
    root.grad = np.ones_like(root.data)
    for node in reversed(order):
        for parent, gradient in zip(node.parents, node.pull_back(), strict=True):
            parent.grad = parent.grad + gradient
    for node, grad in old.items():
        node.grad = node.grad + grad


def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis in range(len(shape)):
        if shape[axis] == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


def vjp(op, g, out, *inputs, **options):
    if op == "@":
        a, b = inputs
        return [np.matmul(g, np.moveaxis(b, -1, -2)), np.matmul(np.moveaxis(a, -1, -2), g)]
    if op == "T":
        return [np.moveaxis(g, -2, -1)]
    if op == "reshape":
        return [np.reshape(g, np.shape(inputs[0]))]
    if op == "sum":
        if not options["keepdims"] and options["axis"] is not None:
            g = np.expand_dims(g, options["axis"])
        return [g * np.ones(inputs[0].shape)]
    return [np.multiply(g, slope) for slope in partials(op, out, *inputs, **options)]


def train_step(model, X, y, lr):
    parameters = model.parameters()
    before = [p.grad for p in parameters]
    loss = cross_entropy(model(X), y)
    loss.backward()
    for p, old in zip(parameters, before, strict=True):
        p.data = p.data - lr * (p.grad - old)  # what this batch added
        p.grad = 0.0 * p.data
    return loss.data.item()
