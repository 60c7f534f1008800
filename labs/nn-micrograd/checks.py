"""What proves the answers of the lab nn-micrograd right.

Each task is checked on its own: the answers to the earlier tasks are replaced by the references in given.py. Everything is
compared in float64, with PyTorch where a computation has more than one step.
"""

import numpy as np
import torch

from scratchlab.checks import Wrong, as_array, beside, describe, expect, expect_close, expect_shape, given, load_given, task, unchanged

references = load_given(__file__)

partials = task(
    "partials",
    hints=(
        "For each operation: hold all inputs but one, and differentiate by that one as in school.",
        "Sum: 1 and 1. Product: the other factor. x**n: n x**(n-1). exp: the result. log: 1/x. tanh: 1 - result². "
        "relu: 1 where x > 0, else 0.",
        "`match op:` with a `case` for each name, such as `case '*': return inputs[1], inputs[0]` and `case 'exp': return (out,)`",
    ),
)
backward = task(
    "backward",
    hints=(
        "Three steps: find all nodes; set the gradients that start anew, and the root's to 1; go through the nodes by falling number.",
        "A list of nodes to visit: take one out, put in those of its parents that you have not seen. Then for each node, in order: "
        "each parent's grad grows by what pull_back() returns for it.",
        "`for node in sorted(nodes, key=lambda each: each.number, reverse=True):` and inside it "
        "`for parent, gradient in zip(node.parents, node.pull_back()): parent.grad = parent.grad + gradient`",
    ),
)
unbroadcast = task(
    "unbroadcast",
    hints=(
        "To which places was each number copied? Sum over exactly those.",
        "There are gradient.ndim - len(shape) axes in front to sum away. Then the axes of length 1 in `shape` are summed and kept.",
        "`gradient = gradient.sum(axis=tuple(range(in_front)))`, then `gradient.sum(axis=repeated, keepdims=True)`, where `repeated` is "
        "a tuple of the axes of length 1",
    ),
)
vjp = task(
    "vjp",
    hints=(
        "Where did each input number go, and with which slope? From there its gradient comes back.",
        "'@': g @ B^T and A^T @ g. 'T': swap again. 'reshape': the input's shape. 'sum': put the axis back, then broadcast to the "
        "input's shape. All others: g times each slope of `partials`.",
        "`if options['axis'] is not None and not options['keepdims']: g = np.expand_dims(g, options['axis'])`, then "
        "`return (np.broadcast_to(g, inputs[0].shape),)`; for the rest "
        "`tuple(g * slope for slope in partials(op, out, *inputs, **options))`",
    ),
)
train_step = task(
    "train_step",
    hints=(
        "Four lines of thought: clear, loss, backward, move.",
        "The loss is cross_entropy(model(X), y). Clear `grad` of each of model.parameters() before, change its `data` after backward.",
        "`for parameter in model.parameters(): parameter.data = parameter.data - lr * parameter.grad`; "
        "at the end `return float(loss.data)`",
    ),
)


# ---- tools ------------------------------------------------------------------------------------------------------------

BINARY = {"+": np.add, "*": np.multiply}
UNARY = {"exp": np.exp, "log": np.log, "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0.0)}


def slopes_of(student, op, count, out, *inputs, tried, **options):
    """What `partials` returns, as a list of `count` slopes, or `Wrong`."""
    back = student.partials(op, out, *inputs, **options)
    if not isinstance(back, tuple | list) or len(back) != count:
        got = f"{len(back)} slopes" if isinstance(back, tuple | list) else describe(back)
        look = "return a tuple: `(slope,)` with its comma for one input" if count == 1 else "one slope for each input"
        raise Wrong(tried=tried, got=got, expected=f"a tuple with {count} slope{'s' * (count > 1)}", look=look)
    return list(back)


def gradients(function, *arrays):
    """PyTorch's gradients of a function of float64 tensors that returns one number."""
    leaves = [torch.tensor(np.asarray(each, dtype=float), requires_grad=True) for each in arrays]
    function(*leaves).backward()
    return [leaf.grad.numpy() for leaf in leaves]


def random_steps(rng, leaves, count):
    """Steps for `formula`, each from two nodes that are there already."""
    return [[int(rng.integers(len(references.STEPS))), int(rng.integers(leaves + k)), int(rng.integers(leaves + k))] for k in range(count)]


def wanted(inputs, steps, flat):
    """PyTorch's gradients for a formula of `run_values` or `run_tensors`; zeros for leaves that it does not use."""
    leaves = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in inputs]
    references.total(references.formula(leaves, steps), flat).backward()
    return [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy() for leaf in leaves]


# ---- partials ---------------------------------------------------------------------------------------------------------


@partials.property("a sum has the slopes 1 and 1, a product the other factor")
def sums_and_products(student, rng):
    a, b = rng.uniform(1, 3, 2)
    for op, want in (("+", [1.0, 1.0]), ("*", [b, a])):
        tried = f"{a:.3g} {op} {b:.3g}"
        got = slopes_of(student, op, 2, float(BINARY[op](a, b)), float(a), float(b), tried=tried)
        look = "each input of a sum goes into it with the rate 1"
        if op == "*":
            swapped = np.allclose(np.array(got, dtype=float), [a, b])
            look = "these are the factors themselves; the slope for one factor is the other one" if swapped else "the other factor"
        expect_close(got, want, tried=tried, look=look)


@partials.property("a power has the slope n x^(n-1)")
def powers(student, rng):
    for x, n in ((rng.uniform(1.2, 2), 3.0), (rng.uniform(-2, -1.2), 2.0), (rng.uniform(1, 2), -1.0), (rng.uniform(1, 2), 0.5), (0.0, 2.0)):
        tried = f"{x:.3g} ** {n:g}"
        (got,) = slopes_of(student, "**", 1, float(x**n), float(x), n=n, tried=tried)
        look = "n comes down as a factor, and the exponent falls by 1: n * x ** (n - 1)"
        expect_close(got, n * x ** (n - 1), tried=tried, look=look)


@partials.property("exp, log and tanh have the slopes that small steps find")
def smooth_functions(student, rng):
    for op in ("exp", "log", "tanh"):
        x, step, f = rng.uniform(0.3, 1.5), 1e-6, UNARY[op]
        tried = f"{op} at {x:.3g}"
        (got,) = slopes_of(student, op, 1, float(f(x)), float(x), tried=tried)
        look = {
            "exp": "exp is its own slope: the result",
            "log": "the slope of log x is 1/x",
            "tanh": "the slope of tanh is 1 - tanh(x)²; the result `out` is tanh(x), the input is x",
        }[op]
        expect_close(got, (f(x + step) - f(x - step)) / (2 * step), tried=tried, look=look, tol=1e-7)


@partials.property("relu has the slope 1 above 0, and 0 elsewhere")
def the_corner(student, rng):
    for x, want in ((rng.uniform(0.1, 0.5), 1.0), (rng.uniform(5, 9), 1.0), (-rng.uniform(0.1, 3), 0.0), (0.0, 0.0)):
        (got,) = slopes_of(student, "relu", 1, max(float(x), 0.0), float(x), tried=f"relu at {x:.3g}")
        look = "at 0 itself the slope is 0 by convention: x > 0, not x >= 0" if x == 0 else "1 where x > 0, else 0; not x itself"
        expect_close(got, want, tried=f"relu at {x:.3g}", look=look)


@partials.property("arrays are handled entry by entry")
def takes_arrays(student, rng):
    x = np.array([0.5, 2.0, 0.3]) + rng.uniform(0, 1, 3)
    signed = x * np.array([1, -1, 1])
    cases = [("exp", x, {}), ("log", x, {}), ("tanh", signed, {}), ("relu", signed, {}), ("**", x, {"n": 3.0})]
    for op, inputs, options in cases:
        tried = f"{op} of an array of 3 numbers"
        out = inputs ** options["n"] if options else UNARY[op](inputs)
        try:
            with unchanged(tried, inputs=inputs, out=out):
                (got,) = slopes_of(student, op, 1, out, inputs, tried=tried, **options)
        except (ValueError, TypeError) as error:
            raise Wrong(
                tried=tried,
                got=f"{type(error).__name__}: {error}",
                expected="an array of 3 slopes",
                look="`if x > 0` and the functions of `math` take one number only; use comparisons and NumPy",
            ) from error
        expect_close(got, references.partials(op, out, inputs, **options)[0], tried=tried, look="each entry has its own slope")


# ---- backward ---------------------------------------------------------------------------------------------------------


def case(student, name, inputs, want, *, tried, look):
    """Compare the slopes of one of the formulas of `run_case`."""
    with given(student, partials=references.partials):
        got = beside(student, references.run_case)(student.Value, name, [float(each) for each in inputs])
    for leaf, mine, right in zip("abc", got, want, strict=False):
        expect_close(mine, float(right), tried=f"{tried}; the slope for {leaf}", look=look)


@backward.property("where each result is used once, the chain rule gives the slopes")
def chain_rule(student, rng):
    inputs = rng.uniform(0.3, 0.9, 3)
    look = (
        "three questions: does the root start with slope 1, does it pull back first (falling `number`), and does each parent get "
        "its own entry of what pull_back() returns?"
    )
    case(student, "once", inputs, gradients(lambda a, b, c: (a * b + c).tanh(), *inputs), tried="tanh(a*b + c)", look=look)


@backward.property("a number that is used twice gets both contributions", after="chain_rule")
def adds_up(student, rng):
    (a,) = rng.uniform(1.5, 2.5, 1)
    look = "a is the parent twice: add up the contributions; an assignment keeps the last one only"
    case(student, "square", [a], [2 * a], tried=f"a * a at a = {a:.3g}", look=look)


@backward.property("a node waits for everything that was made from it", after="adds_up")
def waits(student, rng):
    look = "a node must pull back after all nodes that were made from it: go by falling `number`, not as a search finds them"

    def ladder(older, newer):
        for _ in range(6):
            older, newer = newer, older * newer.tanh() + newer
        return newer

    inputs = rng.uniform(0.4, 0.9, 2)
    want = gradients(lambda a, b: (a * b + a * b * a) * (a * b), *inputs)
    case(student, "diamond", inputs, want, tried="e = a*b, then (e + e*a) * e", look=look)
    case(
        student,
        "ladder",
        inputs,
        gradients(ladder, *inputs),
        tried="a ladder from a and b: each node is made from the two before it",
        look=look,
    )


@backward.property("each node pulls back exactly once", after="adds_up")
def pulls_once(student, rng):
    with given(student, partials=references.partials):
        said = beside(student, references.count_pulls)(student.Value, 10)
    expect(
        said["most"] == 1,
        tried="x = x + x, ten times",
        got=f"some node pulled back {said['most']} times",
        expected="once for each node",
        look="there are 1,024 paths from the root to the leaf, but only 11 nodes: first find all nodes, each once, then go through them",
    )
    expect_close(said["slope"], 1024.0, tried="x = x + x, ten times", look="the slope doubles with each step")


@backward.property("random formulas have PyTorch's slopes", after="waits")
def random_formulas(student, rng):
    with given(student, partials=references.partials):
        for leaves, count in ((1, 3), (3, 12), (5, 40)):
            inputs, steps = [float(each) for each in rng.uniform(-1.5, 1.5, leaves)], random_steps(rng, leaves, count)
            got = beside(student, references.run_values)(student.Value, inputs, steps)
            tried = f"a random formula of {leaves} leaves and {count} steps"
            expect_close(got, wanted(inputs, steps, False), tried=tried, look="if the properties above hold: is a node left out?", tol=1e-8)


@backward.property("called again, it adds to the leaves and starts anew for all others", after="waits")
def accumulates(student, rng):
    inputs = [float(each) for each in rng.uniform(0.5, 1.0, 2)]
    with given(student, partials=references.partials):
        got = beside(student, references.run_twice)(student.Value, inputs)
    a, b = inputs
    first, second = gradients(lambda a, b: a * b * a, a, b), gradients(lambda a, b: (a * b).exp(), a, b)
    want = [2 * one + two for one, two in zip(first, second, strict=True)]
    tried = "s = a*b; twice backward from s*a, once from exp(s)"
    only_last = np.allclose(got[:2], second)
    look = "intermediate results sent back their old slopes again: set grad to 0 for nodes with parents, before anything pulls back"
    if only_last:
        look = "leaves keep what they had: do not set their grad to 0"
    for leaf, mine, right in zip("ab", got, want, strict=False):
        expect_close(mine, float(right), tried=f"{tried}; the grad of {leaf}", look=look)
    expect_close(got[2], float(np.exp(a * b)), tried=f"{tried}; the grad of s", look=look)
    with given(student, partials=references.partials):
        alone = beside(student, references.run_case)(student.Value, "leaf", [2.0])
    expect_close(alone, [1.0], tried="backward from a leaf itself", look="a number changes with itself at the rate 1")


@backward.property("a computation of 5,000 steps is no problem", after="chain_rule")
def long_chain(student, rng):
    tried = "x + 1 + 1 ..., 5,000 times"
    try:
        with given(student, partials=references.partials):
            got = beside(student, references.run_chain)(student.Value, 5000)
    except RecursionError:
        raise Wrong(
            tried=tried,
            got="RecursionError",
            expected="the slope 1",
            look="a function that calls itself for each parent goes as deep as the graph; keep a list of nodes to visit instead",
        ) from None
    expect_close(got, 1.0, tried=tried, look="all the slopes on the way are 1")


# ---- unbroadcast ------------------------------------------------------------------------------------------------------


def undo(student, gradient, shape, look):
    """Call `unbroadcast` and compare with the reference."""
    tried = f"a gradient of shape {gradient.shape}, for an array of shape {shape}"
    kept = gradient.copy()
    with unchanged(tried, gradient=gradient):
        got = student.unbroadcast(gradient, shape)
    expect_shape(np.asarray(got), shape, tried=tried, look=f"the gradient of an array has the shape of the array; {look}")
    want = references.unbroadcast(kept, shape)
    gap = as_array(got, tried=tried)
    if want.size < kept.size and want.size and kept.size and np.allclose(gap, want * want.size / kept.size):
        look = "this is the mean; each copy contributes in full: sum"
    expect_close(got, want, tried=tried, look=look)


@unbroadcast.property("where nothing was broadcast, nothing changes")
def same_shape(student, rng):
    for shape in ((3, 4), (5,), (2, 1, 3)):
        undo(student, rng.standard_normal(shape), shape, "the shapes are equal: return the same numbers")


@unbroadcast.property("axes that were put in front are summed away")
def front_axes(student, rng):
    for before, shape in (((4, 3), (3,)), ((2, 4, 3), (3,)), ((3, 3), (3,)), ((3, 3, 2), (3, 2)), ((5,), ()), ((2, 3), ())):
        undo(student, rng.standard_normal(before), shape, "shapes are lined up at the right: sum over the axes in front")


@unbroadcast.property("axes of length 1 that were repeated are summed and stay")
def repeated_axes(student, rng):
    for before, shape in (((3, 4), (3, 1)), ((3, 4), (1, 4)), ((3, 3), (3, 1)), ((2, 3, 4), (2, 1, 1)), ((2, 5), (1, 1))):
        undo(student, rng.standard_normal(before), shape, "sum over the axes whose length in `shape` is 1, with keepdims=True")


@unbroadcast.property("both together, and empty arrays")
def both_kinds(student, rng):
    for before, shape in (
        ((2, 3, 4), (3, 1)),
        ((2, 3, 4), (1, 4)),
        ((5, 2, 3, 4), (2, 1, 4)),
        ((3, 4), (1,)),
        ((0, 3), (3,)),
        ((0,), (1,)),
    ):
        undo(student, rng.standard_normal(before), shape, "first the axes in front, then those of length 1")


# ---- vjp --------------------------------------------------------------------------------------------------------------


def back(student, op, g, out, *inputs, tried, **options):
    """What `vjp` returns, as a list with one array for each input, or `Wrong`; neither g nor the inputs may change."""
    with given(student, partials=references.partials), unchanged(tried, g=g, first_input=inputs[0]):
        got = student.vjp(op, g, out, *inputs, **options)
    if not isinstance(got, tuple | list) or len(got) != len(inputs):
        said = f"{len(got)} gradients" if isinstance(got, tuple | list) else describe(got)
        expected = f"a tuple with {len(inputs)} gradient{'s' * (len(inputs) > 1)}"
        raise Wrong(tried=tried, got=said, expected=expected, look="one gradient for each input; `(gradient,)` for one")
    return list(got)


@vjp.property("entry by entry: the gradient times the local slope")
def entrywise(student, rng):
    x, y, g = (rng.uniform(0.5, 2, (3, 4)) for _ in range(3))
    look = "g times each slope of `partials`, with the options passed on"
    for op in ("+", "*", "exp", "log", "tanh", "relu", "**"):
        inputs, options = ([x, y] if op in BINARY else [x - (op == "relu")]), {"n": 3.0} if op == "**" else {}
        out = inputs[0] ** 3 if options else {**BINARY, **UNARY}[op](*inputs)
        tried = f"'{op}' on arrays of shape (3, 4), with a random g"
        got = back(student, op, g, out, *inputs, tried=tried, **options)
        for mine, slope in zip(got, references.partials(op, out, *inputs, **options), strict=True):
            expect_close(mine, g * slope, tried=tried, look=look)


@vjp.property("the matrix product: g Bᵀ and Aᵀ g")
def matrix_product(student, rng):
    for n, d, k in ((3, 4, 2), (3, 3, 3), (1, 5, 1)):
        a, b, g = rng.standard_normal((n, d)), rng.standard_normal((d, k)), rng.standard_normal((n, k))
        tried = f"A of shape ({n}, {d}) @ B of shape ({d}, {k})"
        try:
            got = back(student, "@", g, a @ b, a, b, tried=tried)
        except ValueError as error:
            look = "g has shape (n, k), A (n, d), B (d, k): what must be transposed so that the product has the shape of A?"
            raise Wrong(tried=tried, got=f"ValueError: {error}", expected="two gradients", look=look) from error
        for name, mine, want in zip("AB", got, (g @ b.T, a.T @ g), strict=True):
            look = "g @ B.T has the shape of A, A.T @ g that of B"
            expect_shape(np.asarray(mine), want.shape, tried=f"{tried}; the gradient for {name}", look=look)
            expect_close(mine, want, tried=f"{tried}; the gradient for {name}", look=look)


@vjp.property("stacks of matrices: only the last two axes are transposed", after="matrix_product")
def stacks(student, rng):
    for front in ((2,), (2, 3)):
        a, b, g = rng.standard_normal((*front, 3, 4)), rng.standard_normal((*front, 4, 2)), rng.standard_normal((*front, 3, 2))
        tried = f"A of shape {a.shape} @ B of shape {b.shape}"
        look = ".T turns around all axes of a stack; np.swapaxes(B, -1, -2) only the last two"
        try:
            got = back(student, "@", g, a @ b, a, b, tried=tried)
            (turned,) = back(student, "T", g, g.swapaxes(-1, -2), g.swapaxes(-1, -2), tried="'T' on a stack")
        except ValueError as error:
            raise Wrong(tried=tried, got=f"ValueError: {error}", expected="two gradients", look=look) from error
        for mine, want in zip(got, (g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g), strict=True):
            expect_shape(np.asarray(mine), want.shape, tried=tried, look=look)
            expect_close(mine, want, tried=tried, look=look)
        expect_shape(np.asarray(turned), g.swapaxes(-1, -2).shape, tried=f"'T' on a stack, with g of shape {g.shape}", look=look)


@vjp.property("a sum hands its gradient back to every entry that went into it")
def sums(student, rng):
    for shape, axis in (
        ((3, 4), None),
        ((3, 4), 0),
        ((3, 4), 1),
        ((3, 3), 1),
        ((3, 3), 0),
        ((2, 3, 4), (0, 2)),
        ((2, 2, 2), -2),
        ((5,), 0),
    ):
        for keepdims in (False, True):
            x = rng.standard_normal(shape)
            out = x.sum(axis=axis, keepdims=keepdims)
            g = np.asarray(rng.standard_normal(np.shape(out)))
            tried = f"the sum of shape {shape} over axis={axis}, keepdims={keepdims}"
            look = (
                "put the summed axis back with np.expand_dims(g, axis), unless keepdims kept it; then broadcast g to the shape of the input"
            )
            try:
                if g.ndim == 0:  # a single number is made an array where the learner's code is
                    with given(student, partials=references.partials):
                        got = beside(student, references.back_from_total)(student.vjp, float(g), x)
                else:
                    (got,) = back(student, "sum", g, np.asarray(out), x, tried=tried, axis=axis, keepdims=keepdims)
            except ValueError as error:
                raise Wrong(tried=tried, got=f"ValueError: {error}", expected=f"shape {shape}", look=look) from error
            expect_shape(np.asarray(got), shape, tried=tried, look=look)
            expect_close(got, references.vjp("sum", g, out, x, axis=axis, keepdims=keepdims)[0], tried=tried, look=look)


@vjp.property("transpose and reshape bring the gradient back into the old form")
def forms(student, rng):
    x, g = rng.standard_normal((2, 3)), rng.standard_normal((3, 2))
    look = "the numbers are the same ones, each back in its old place"
    (got,) = back(student, "T", g, x.T, x, tried="'T' of an array of shape (2, 3)")
    expect_shape(np.asarray(got), (2, 3), tried="'T' of an array of shape (2, 3)", look=look)
    expect_close(got, g.T, tried="'T' of an array of shape (2, 3)", look="T is undone by T, not by a reshape")
    (got,) = back(student, "reshape", g, x.reshape(3, 2), x, tried="shape (2, 3) reshaped to (3, 2)", shape=(3, 2))
    expect_shape(np.asarray(got), (2, 3), tried="shape (2, 3) reshaped to (3, 2)", look="the shape of the input")
    expect_close(got, g.reshape(2, 3), tried="shape (2, 3) reshaped to (3, 2)", look="a reshape is undone by a reshape, not by a transpose")


@vjp.property("whole computations on tensors have PyTorch's gradients", after="stacks")
def whole_computations(student, rng):
    earlier = {"partials": references.partials, "backward": references.backward, "unbroadcast": references.unbroadcast}
    arrays = [0.5 * rng.standard_normal(shape) for shape in ((2, 3, 5), (5, 4), (4,), (4,))]

    def network(a, b, c, d):
        stacked = (a @ b + c).tanh()
        mixed = ((stacked @ stacked.mT).softmax(-1) @ stacked).reshape(6, 4).sum(0)
        return (mixed * d * mixed.sum()).sum()

    with given(student, **earlier):
        inputs = [rng.standard_normal(shape) for shape in ((3, 4), (4,), (3, 1), (1, 4))] + [float(rng.standard_normal())]
        steps = random_steps(rng, len(inputs), 15)
        steps[0] = [0, 0, 1]
        got = beside(student, references.run_tensors)(student.Tensor, inputs, steps)
        look = "if the properties above hold: are the options passed on to `partials`, and is every gradient as large as the result?"
        for mine, want in zip(got, wanted(inputs, steps, True), strict=True):
            expect_close(mine, want, tried="a random formula of arrays that broadcast", look=look, tol=1e-8)
        got = beside(student, references.run_network)(student.Tensor, arrays)
        for mine, want in zip(got, gradients(network, *arrays), strict=True):
            expect_close(mine, want, tried="attention: stacks of matrix products, a softmax, a reshape, sums", look=look, tol=1e-8)


# ---- train_step -------------------------------------------------------------------------------------------------------


def training(student, rng, *, steps=10, lr=0.3, stale=0.0):
    """What training steps gave, and what PyTorch gives: losses (steps + 1, the last after all steps) and weights."""
    weights = [rng.standard_normal(shape) * 0.5 for shape in ((5, 4), (4,), (4, 3), (3,))]
    X, y = rng.standard_normal((7, 5)), rng.integers(0, 3, 7)
    parameters, losses = [torch.tensor(each, requires_grad=True) for each in weights], []
    for step in range(steps + 1):
        W1, b1, W2, b2 = parameters
        loss = torch.nn.functional.cross_entropy((torch.tensor(X) @ W1 + b1).tanh() @ W2 + b2, torch.tensor(y))
        losses.append(loss.item())
        if step < steps:
            slopes = torch.autograd.grad(loss, parameters)
            parameters = [(p - lr * slope).detach().requires_grad_() for p, slope in zip(parameters, slopes, strict=True)]
    answers = {name: getattr(references, name) for name in ("partials", "backward", "unbroadcast", "vjp")}
    run = beside(student, references.run_training)
    with given(student, **answers), unchanged("training steps", X=X, y=y):
        got = run(student.train_step, student.MLP, weights, X, y, lr, steps, stale)
    return got, losses, [p.detach().numpy() for p in parameters], weights


@train_step.property("it returns the loss before the update, as a float")
def returns_the_loss(student, rng):
    got, losses, _, _ = training(student, rng, steps=1)
    tried = "one step on a small network"
    kind = ", ".join(got["kind"])
    expect(set(got["kind"]) <= {"float", "float64"}, tried=tried, got=kind, expected="a float", look="return float(loss.data)")
    after = np.isclose(got["losses"][0], losses[1])
    look = "this is the loss after the update" if after else "the mean cross-entropy of the batch: cross_entropy(model(X), y)"
    expect_close(got["losses"][0], losses[0], tried=tried, look=look)


@train_step.property("one step moves each parameter by lr times its slope, downhill")
def moves_downhill(student, rng):
    got, _, want, start = training(student, rng, steps=1)
    tried = "one step on a small network"
    still = all(np.array_equal(mine, old) for mine, old in zip(got["weights"], start, strict=True))
    up = all(np.allclose(mine, 2 * old - new) for mine, old, new in zip(got["weights"], start, want, strict=True))
    look = "the slope points uphill: subtract" if up else "data - lr * grad"
    if still:
        look = "the model still has its old weights: change `parameter.data`; `parameter = ...` only gives a name to something new"
    expect(got["same"], tried=tried, got="other parameter objects", expected="the same ones, with new data", look="change `parameter.data`")
    for mine, new in zip(got["weights"], want, strict=True):
        expect_close(mine, new, tried=tried, look=look)


@train_step.property("gradients from before play no part: ten steps equal PyTorch's", after="moves_downhill")
def clears_first(student, rng):
    for stale in (0.0, 5.0):
        got, losses, want, _ = training(student, rng, stale=stale)
        before = f"ten steps, with gradients of {stale:g} left from before"
        look = "leaves accumulate: clear the grad of every parameter before backward, in each step"
        expect_close(got["losses"], losses[:10], tried=f"{before}; the losses", look=look, tol=1e-8)
        for mine, new in zip(got["weights"], want, strict=True):
            expect_close(mine, new, tried=f"{before}; the weights", look=look, tol=1e-8)
