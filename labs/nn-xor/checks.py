"""What proves the answers of the lab nn-xor right.

Each task is checked on its own: the answers to earlier tasks are replaced by those of given.py while a later task is checked, so
that one mistake costs one task.
"""

import numpy as np

from scratchlab.checks import Wrong, as_array, beside, describe, expect, expect_close, expect_shape, given, load_given, task, unchanged

references = load_given(__file__)

forward = task(
    "forward",
    hints=(
        "The same thing twice: a weighted sum plus a bias, then the sigmoid. The second layer reads what the first one gave.",
        "X @ W has the shape (n, m), and b is added to each row. H @ v has the shape (n,).",
        '`H = sigmoid(X @ net["W"] + net["b"])`, then `return H, sigmoid(...)` with H, "v" and "c" in place of the dots',
    ),
)
numeric = task(
    "numeric",
    hints=(
        "One entry at a time: a copy of x with this entry up, another with it down, and f of both.",
        "slopes[index] = (f(up) - f(down)) / (2 * step), for each index of np.ndindex(x.shape); slopes is shaped like x.",
        "`x = np.array(x, dtype=float)`; `slopes = np.zeros_like(x)`; in the loop `up, down = x.copy(), x.copy()`, "
        "`up[index] += step`, `down[index] -= step`",
    ),
)
gradients = task(
    "gradients",
    hints=(
        "Walk back as in the text: delta at the output's score first, then one blame for each hidden unit, then the weights.",
        "delta = (p - t) p (1 - p) / n, shape (n,). Hidden: np.outer(delta, v) * H * (1 - H), shape (n, m).",
        '`{"W": X.T @ delta_hidden, "b": delta_hidden.sum(axis=0), "v": H.T @ delta, "c": ...}`',
    ),
)
train = task(
    "train",
    hints=(
        "In each step: note the loss, compute all gradients for the network as it is, then move all its parts at once.",
        "Each part becomes net[name] - rate * slopes[name]; a new dictionary holds the four of them.",
        "`losses.append(loss(X, t, net))`; `slopes = gradients(X, t, net)`; "
        "`net = {name: net[name] - rate * slopes[name] for name in net}`",
    ),
)
init = task(
    "init",
    hints=(
        "Random weights, scaled by the number of inputs of the unit that they belong to; biases of zero.",
        "A hidden unit has d inputs, the output unit has m. rng.standard_normal(shape) times gain / sqrt(inputs).",
        '`"W": gain / np.sqrt(d) * rng.standard_normal((d, m))`, and likewise "v" with m in place of d',
    ),
)

PARTS = ("W", "b", "v", "c")

# ---- inputs and tools -------------------------------------------------------------------------------------------------


def random_net(rng, d, m, scale=1.0):
    """A network with d inputs and m hidden units and normal numbers everywhere."""
    return {
        "W": scale * rng.standard_normal((d, m)),
        "b": scale * rng.standard_normal(m),
        "v": scale * rng.standard_normal(m),
        "c": float(scale * rng.standard_normal()),
    }


def problem(rng, n=7, d=3, m=4, scale=1.0):
    """Random examples, targets 0 and 1 (both occur), and a network."""
    t = rng.permutation(np.arange(n) % 2).astype(float)
    return rng.standard_normal((n, 2 * d))[:, ::2], t, random_net(rng, d, m, scale)


def copied(net):
    """A copy of a network with arrays of its own."""
    return {name: np.array(part) if np.ndim(part) else part for name, part in net.items()}


def pair(value, names, tried):
    """`value` as a pair, or `Wrong`."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        got = f"{len(value)} values" if isinstance(value, tuple | list) else describe(value)
        raise Wrong(tried=tried, got=got, expected=f"two values: {names}", look=f"return {names}")
    return value


def parts(value, tried):
    """`value` as a dictionary with the four parts of a network as arrays, or `Wrong`."""
    if not isinstance(value, dict):
        raise Wrong(tried=tried, got=describe(value), expected='a dictionary with the keys "W", "b", "v", "c"')
    missing = [name for name in PARTS if name not in value]
    expect(not missing, tried=tried, got=f"no {', '.join(missing)} in the dictionary", expected='the keys "W", "b", "v", "c"')
    return {name: one_number(as_array(value[name], tried=tried)) if name == "c" else as_array(value[name], tried=tried) for name in PARTS}


def one_number(array):
    """An array with one entry as a number; others as they are."""
    return array.reshape(()) if array.size == 1 else array


def same(got, want):
    """Whether two arrays agree closely."""
    return got.shape == np.shape(want) and np.allclose(got, want, atol=1e-9, rtol=1e-9)


def blame(got, slips, default):
    """The explanation of the mistake that gives exactly `got`; `slips` maps an explanation to what the mistake gives."""
    return next((look for look, value in slips.items() if same(got, value)), default)


# ---- forward ----------------------------------------------------------------------------------------------------------

FORWARD_SLIPS = {
    "b": "the bias b is missing from the scores of the hidden units",
    "c": "the bias c is missing from the score of the output",
    "no bend": "the hidden values must go through the sigmoid, too; else two layers are no more than one",
    "threshold": "a threshold instead of the sigmoid: no slope, no learning",
    "tanh": "tanh instead of the sigmoid in the hidden layer",
    "score": "this is the score s; the output is sigmoid(s)",
}


def ran_forward(student, x, net, tried):
    h, p = pair(student.forward(x.copy(), copied(net)), "H, p", tried)
    return as_array(h, tried=tried), as_array(p, tried=tried)


@forward.property("n examples and m hidden units give H of shape (n, m) and p of shape (n,)")
def forward_shapes(student, rng):
    for n, d, m in ((5, 3, 4), (1, 2, 3), (4, 5, 1)):
        tried = f"X of shape ({n}, {d}) and W of shape ({d}, {m})"
        h, p = ran_forward(student, rng.standard_normal((n, d)), random_net(rng, d, m), tried)
        expect_shape(h, (n, m), tried=tried + "; H", look="one row for each example: X @ W")
        expect_shape(p, (n,), tried=tried + "; p", look="v has the shape (m,), so H @ v has the shape (n,)")


@forward.property("the hidden values are the sigmoid of the hidden scores")
def hidden_values(student, rng):
    for scale in (1.0, 1e4):
        x, _, net = problem(rng, scale=scale)
        tried = f"7 random examples, 3 inputs, 4 hidden units{', weights of the order of 10,000' if scale > 1 else ''}; H"
        h, _ = ran_forward(student, x, net, tried)
        slips = {look: references.forward(x, net, slip)[0] for slip, look in FORWARD_SLIPS.items() if slip in ("b", "no bend", "tanh")}
        if scale == 1:
            slips[FORWARD_SLIPS["threshold"]] = references.forward(x, net, "threshold")[0]
        expect_close(h, references.forward(x, net)[0], tried=tried, look=blame(h, slips, 'sigmoid(X @ net["W"] + net["b"])'))


@forward.property("the outputs are the sigmoid of the weighted hidden values")
def outputs(student, rng):
    for scale in (1.0, 1e4):
        x, _, net = problem(rng, scale=scale)
        tried = f"7 random examples, 3 inputs, 4 hidden units{', weights of the order of 10,000' if scale > 1 else ''}; p"
        h, p = ran_forward(student, x, net, tried)
        expect_shape(h, (7, 4), tried=tried + " (and H)", look="X @ W")
        # Judged from the learner's own hidden values, so that a mistake there is not counted again.
        score = h @ net["v"]
        slips = {FORWARD_SLIPS["c"]: references.sigmoid(score), FORWARD_SLIPS["score"]: score + net["c"]}
        expect_close(
            p, references.sigmoid(score + net["c"]), tried=tried, look=blame(p, slips, "sigmoid(H @ v + c), with H after the sigmoid")
        )


@forward.property("each example is computed for itself")
def rows_are_independent(student, rng):
    x, _, net = problem(rng)
    tried = "7 examples together, then the third of them alone"
    together, alone = ran_forward(student, x, net, tried), ran_forward(student, x[2:3], net, tried)
    for name, many, one in zip(("H", "p"), together, alone, strict=True):
        expect(
            many[2:3].shape == one.shape and np.allclose(many[2:3], one, atol=1e-12),
            tried=tried,
            got=f"another {name}",
            expected=f"the same {name}",
            look="no sum or mean over the examples belongs here",
        )


@forward.property("the examples and the network stay as they are")
def forward_leaves_all(student, rng):
    x, _, net = problem(rng)
    with unchanged("one forward run", X=x, **net):
        student.forward(x, net)


# ---- numeric ----------------------------------------------------------------------------------------------------------


def slopes_of(student, f, x, tried, *step):
    value = as_array(student.numerical_gradient(f, np.array(x), *step), tried=tried)
    expect_shape(value, np.shape(x), tried=tried, look="one slope for each entry: np.zeros_like(x), then fill it in")
    return value


@numeric.property("the result has the shape of x, whatever that is")
def numeric_shape(student, rng):
    for shape in ((4,), (2, 3), (1, 2, 2)):
        slopes_of(student, lambda x: float(np.sum(x)), rng.standard_normal(shape), f"a function of an array of shape {shape}")
    x = float(rng.uniform(1, 2))
    shape, _ = beside(student, references.slope_of_a_square)(student.numerical_gradient, x)
    tried = "a function of a single number, x of shape ()"
    expect(
        tuple(shape) == (), tried=tried, got=f"shape {tuple(shape)}", expected="shape ()", look="np.zeros_like(x) and np.ndindex(x.shape)"
    )


@numeric.property("it measures the slope along each entry")
def numeric_slopes(student, rng):
    a, x = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    tried = "f(x) = the sum of a * x², for random a and x of shape (2, 3)"
    got = slopes_of(student, lambda x: float(np.sum(a * x**2)), x, tried)
    want = 2 * a * x
    slips = {
        "all entries were nudged at once: nudge one, and leave the others where they are": np.full((2, 3), want.sum()),
        "twice too large: up and down lie 2 * step apart": 2 * want,
        "the sign is turned round: f(up) - f(down)": -want,
    }
    look = next((words for words, value in slips.items() if np.allclose(got, value, atol=1e-5)), "(f(up) - f(down)) / (2 * step)")
    expect_close(got, want, tried=tried, look=look, tol=1e-5)
    number = float(rng.uniform(1, 2))
    _, slope = beside(student, references.slope_of_a_square)(student.numerical_gradient, number)
    look = "np.ndindex(()) gives one index, the empty tuple, and x[()] is the number"
    expect_close(slope, 2 * number, tried="f(x) = x² at a single number, x of shape ()", look=look, tol=1e-5)


@numeric.property("the slope of one entry is measured with all others at their places", after="numeric_shape")
def numeric_others_stay(student, rng):
    x, seen = rng.standard_normal(3), []

    def f(point):
        seen.append(np.array(point))
        return float(np.sum(np.sin(point)))

    tried = "a function that notes where it is called, x of shape (3,)"
    slopes_of(student, f, x, tried, 1e-3)
    moved = [int(np.sum(np.abs(point - x) > 1e-9)) for point in seen]
    look = "begin each entry from a fresh copy of x, or put the old value back"
    if max(moved, default=0) == 3 and min(moved) == 3:
        look = "all entries were nudged at once: nudge one, and leave the others where they are"
    expect(
        max(moved, default=0) == 1,
        tried=tried,
        got=f"a call in which {max(moved, default=0)} entries were moved",
        expected="one",
        look=look,
    )


@numeric.property("it nudges up and down (central differences), so that a bend does not matter")
def numeric_central(student, rng):
    x = rng.uniform(0.5, 1.5, size=4)
    for step in ((), (1e-4,)):
        tried = "f(x) = the sum of exp(x), " + (f"with step = {step[0]:g}" if step else "with the default step")
        got = slopes_of(student, lambda x: float(np.sum(np.exp(x))), x, tried, *step)
        size = step[0] if step else 1e-5
        one_sided = (np.exp(x + size) - np.exp(x)) / size
        look = "compare with the formula: up and down by the same step, divided by 2 * step"
        if np.allclose(got, one_sided, rtol=size / 50) or np.allclose(got, (np.exp(x) - np.exp(x - size)) / size, rtol=size / 50):
            look = "this is a one-sided difference: nudge down as well, and divide by 2 * step"
        expect_close(got, np.exp(x), tried=tried, look=look, tol=2e-8)


@numeric.property("it uses the step that it is given")
def numeric_step(student, rng):
    a = float(rng.uniform(1, 2))
    for step in (0.5, 0.1):
        tried = f"f(x) = a x³ at x = 1 with step = {step:g}, where the central difference is a (3 + step²)"
        got = slopes_of(student, lambda x: float(a * np.sum(np.asarray(x) ** 3)), np.array([1.0]), tried, step)
        look = "(f(x + step) - f(x - step)) / (2 * step), with the step of the argument"
        expect_close(got, [a * (3 + step**2)], tried=tried, look=look, tol=1e-7)


@numeric.property("an array of integers works as well", after="numeric_others_stay")
def numeric_integers(student, rng):
    x = rng.integers(1, 5, size=3)
    tried = "f(x) = the sum of x² at an x of integers"
    got = slopes_of(student, lambda x: float(np.sum(np.asarray(x, dtype=float) ** 2)), x, tried)
    look = "in an array of integers a small nudge is rounded away: copy with np.array(x, dtype=float)"
    expect_close(got, 2.0 * x, tried=tried, look=look, tol=1e-5)


@numeric.property("the caller's array stays as it is")
def numeric_leaves_x(student, rng):
    x = rng.standard_normal((2, 2))
    with unchanged("one call of numerical_gradient", x=x):
        student.numerical_gradient(lambda x: float(np.sum(x**2)), x)


# ---- gradients --------------------------------------------------------------------------------------------------------

GRADIENT_SLIPS = {
    "output slope": "the factor p (1 - p), the slope of the output's sigmoid, is missing from delta",
    "slope of the output": "p has been through the sigmoid already: its slope is p * (1 - p)",
    "hidden slope": "the factor H * (1 - H), the slope of the hidden sigmoids, is missing",
    "slope of the value": "H has been through the sigmoid already: its slope is H * (1 - H)",
    "v": "the blame reaches hidden unit j through its weight v[j]: delta times v",
    "sum": "the loss is a mean: divide delta by the number of examples",
    "sign": "the sign is turned round: the slope of (p - t)²/2 is p - t",
}


def backward(student, x, t, net, tried):
    with given(student, forward=references.forward, loss=references.loss):
        return parts(student.gradients(x.copy(), t.copy(), copied(net)), tried)


def compare(student, rng, names):
    """Compare some parts of the gradient with the reference on several problems."""
    for n, d, m in ((7, 3, 4), (1, 2, 3), (6, 4, 1)):
        x, t, net = problem(rng, n, d, m)
        tried = f"{n} random example{'s' if n > 1 else ''}, {d} inputs, {m} hidden unit{'s' if m > 1 else ''}"
        got, want = backward(student, x, t, net, tried), references.gradients(x, t, net)
        slipped = {look: references.gradients(x, t, net, slip) for slip, look in GRADIENT_SLIPS.items()}
        for name in names:
            slips = {look: wrong[name] for look, wrong in slipped.items() if not same(wrong[name], want[name])}
            look = blame(got[name], slips, f"what does numerical_gradient say, entry by entry, when only {name} is nudged?")
            expect_close(got[name], want[name], tried=f'{tried}; the gradient of "{name}"', look=look)


@gradients.property("each gradient has the shape of the part that it belongs to")
def gradient_shapes(student, rng):
    for n, d, m in ((7, 3, 4), (1, 2, 3)):
        x, t, net = problem(rng, n, d, m)
        tried = f"{n} examples, {d} inputs, {m} hidden units"
        got = backward(student, x, t, net, tried)
        for name in PARTS:
            look = "a part and its gradient have the same shape; which product has it, and over what must be summed?"
            expect_shape(got[name], np.shape(net[name]), tried=f'{tried}; the gradient of "{name}"', look=look)


@gradients.property("the gradients of the output's v and c are right")
def outer_gradients(student, rng):
    compare(student, rng, ("v", "c"))


@gradients.property("the gradients of the hidden W and b are right")
def inner_gradients(student, rng):
    compare(student, rng, ("W", "b"))


@gradients.property("central differences measure the same gradients", after="gradient_shapes")
def agrees_with_nudging(student, rng):
    x, t, net = problem(rng, 5, 2, 3)
    tried = "5 random examples, 2 inputs, 3 hidden units, each number nudged by 1e-5 up and down"
    got = backward(student, x, t, net, tried)
    for name in PARTS:
        nudged = np.zeros(np.shape(net[name]))
        for index in np.ndindex(nudged.shape):
            ends = []
            for sign in (1, -1):
                part = np.array(net[name], dtype=float)
                part[index] += sign * 1e-5
                ends.append(references.loss(x, t, {**net, name: part}))
            nudged[index] = (ends[0] - ends[1]) / 2e-5
        look = "the measurement knows nothing of the derivation; go through the chain of section 3 link by link"
        expect_close(got[name], nudged, tried=f'{tried}; the gradient of "{name}"', look=look, tol=1e-6)


@gradients.property("showing every example twice changes nothing, for the loss is a mean", after="gradient_shapes")
def gradient_of_a_mean(student, rng):
    x, t, net = problem(rng)
    tried = "7 examples, then each of them twice"
    once, twice = backward(student, x, t, net, tried), backward(student, np.repeat(x, 2, axis=0), np.repeat(t, 2), net, tried)
    for name in PARTS:
        look = "divide by the number of examples, len(X)"
        expect_close(twice[name], once[name], tried=f'{tried}; the gradient of "{name}"', look=look)


@gradients.property("if all v are zero, no blame reaches the hidden layer")
def blame_goes_through_v(student, rng):
    x, t, net = problem(rng)
    net["v"] = np.zeros(4)
    tried = "7 random examples and v = 0"
    got = backward(student, x, t, net, tried)
    for name in ("W", "b"):
        look = "a hidden unit reaches the loss only through v: its blame is delta * v[j] * ..."
        expect_close(got[name], 0.0, tried=f'{tried}; the gradient of "{name}"', look=look)


@gradients.property("examples, targets and network stay as they are")
def gradients_leave_all(student, rng):
    x, t, net = problem(rng)
    with given(student, forward=references.forward, loss=references.loss), unchanged("one call of gradients", X=x, t=t, **net):
        student.gradients(x, t, net)


# ---- train ------------------------------------------------------------------------------------------------------------

TRAIN_SLIPS = {
    "uphill": "uphill: the gradient points to where the loss rises; subtract it",
    "one after another": "one part was moved before the gradient of the next was computed: take all gradients first",
    "outer only": "the hidden layer did not move: W and b need their steps, too",
    "no biases": "the biases b and c did not move",
}


def trained(student, x, t, net, rate, steps, tried):
    with given(student, forward=references.forward, loss=references.loss, gradients=references.gradients):
        after, losses = pair(student.train(x.copy(), t.copy(), copied(net), rate, steps), "net, losses", tried)
    return parts(after, tried), as_array(losses, tried=tried + "; the losses")


def compare_nets(got, x, t, net, rate, steps, tried, default):
    want = references.train(x, t, net, rate, steps)[0]
    slipped = {look: references.train(x, t, net, rate, steps, slip)[0] for slip, look in TRAIN_SLIPS.items()}
    named = next((look for look, wrong in slipped.items() if all(same(got[name], wrong[name]) for name in PARTS)), default)
    for name in PARTS:
        expect_close(got[name], want[name], tried=f'{tried}; "{name}"', look=named)


@train.property("one step moves each part by minus rate times its gradient")
def one_step(student, rng):
    for rate in (0.5, 3.0):
        x, t, net = problem(rng)
        tried = f"one step with the rate {rate:g}"
        got, _ = trained(student, x, t, net, rate, 1, tried)
        compare_nets(got, x, t, net, rate, 1, tried, "the new part is net[name] - rate * slopes[name]")


@train.property("many steps follow gradient descent all the way")
def many_steps(student, rng):
    x, t, net = problem(rng)
    for steps in (2, 30):
        tried = f"{steps} steps with the rate 1"
        got, _ = trained(student, x, t, net, 1.0, steps, tried)
        compare_nets(got, x, t, net, 1.0, steps, tried, "are the gradients computed anew in every step, for the network as it is then?")


@train.property("it takes exactly as many steps as asked, also none")
def number_of_steps(student, rng):
    x, t, net = problem(rng)
    for steps in (0, 1, 5):
        tried = f"steps = {steps}"
        got, losses = trained(student, x, t, net, 0.5, steps, tried)
        look = "append one loss in every step, and no more"
        expect_shape(losses, (steps,), tried=tried + "; the losses", look=look)
        if steps == 0:
            for name in PARTS:
                expect_close(got[name], net[name], tried=tried + f'; "{name}"', look="without a step nothing moves")


@train.property("the losses are those before each step", after="many_steps")
def losses_before(student, rng):
    x, t, net = problem(rng)
    tried = "6 steps with the rate 1; the losses"
    _, losses = trained(student, x, t, net, 1.0, 6, tried)
    want = np.array(references.train(x, t, net, 1.0, 7)[1])
    look = "losses[0] belongs to the network that training starts from"
    if same(losses, want[1:]):
        look = "these are the losses after each step: note the loss first, then move"
    expect_close(losses, want[:6], tried=tried, look=look)


@train.property("training lowers the loss")
def goes_down(student, rng):
    x, t, net = problem(rng, 8, 3, 6)
    tried = "50 steps with the rate 0.5 on 8 examples"
    got, _ = trained(student, x, t, net, 0.5, 50, tried)
    before, after = references.loss(x, t, net), references.loss(x, t, got)
    expect(
        after < before, tried=tried, got=f"a loss of {after:.4f} after {before:.4f}", expected="a lower loss", look="subtract the gradient"
    )


@train.property("data and the network at the start stay as they are")
def train_leaves_all(student, rng):
    x, t, net = problem(rng)
    with (
        given(student, forward=references.forward, loss=references.loss, gradients=references.gradients),
        unchanged("training for 3 steps", X=x, t=t, **net),
    ):
        student.train(x, t, net, 0.5, 3)


# ---- init -------------------------------------------------------------------------------------------------------------


def begun(student, d, m, seed, *gain):
    tried = f"initialize({d}, {m}, seed={seed}{''.join(f', gain={each:g}' for each in gain)})"
    return parts(student.initialize(d, m, seed, *gain), tried), tried


@init.property("the four parts have their shapes, and the biases are zero")
def init_shapes(student, rng):
    for d, m in ((2, 8), (5, 3), (1, 1)):
        net, tried = begun(student, d, m, int(rng.integers(1000)))
        for name, shape in (("W", (d, m)), ("b", (m,)), ("v", (m,)), ("c", ())):
            expect_shape(net[name], shape, tried=f'{tried}; "{name}"', look="one column of W, one entry of b and of v for each hidden unit")
        for name in ("b", "c"):
            expect_close(net[name], 0.0, tried=f'{tried}; "{name}"', look="the biases start at zero")


def expect_spread(values, want, tried, slips):
    mean, spread, close = float(np.mean(values)), float(np.std(values)), 6 / np.sqrt(values.size)  # six standard errors of a mean
    look = "both signs, equally likely: rng.standard_normal, not numbers that are all positive"
    if spread > 1e-12 and abs(mean) > close * spread:
        raise Wrong(tried=tried, got=f"a mean of {mean:.4f}", expected="a mean of about 0", look=look)
    look = next(
        (words for words, value in slips.items() if abs(spread - value) <= close * value + 1e-12), "gain / sqrt(inputs of the unit)"
    )
    expect(
        abs(spread - want) <= close * want,
        tried=tried,
        got=f"a standard deviation of {spread:.4f}",
        expected=f"about {want:.4f}",
        look=look,
    )


@init.property("the hidden weights have the standard deviation gain / sqrt(d)")
def hidden_spread(student, rng):
    for d, m, gain in ((100, 900, ()), (400, 50, (3.0,))):
        net, tried = begun(student, d, m, int(rng.integers(1000)), *gain)
        g = gain[0] if gain else 1.0
        slips = {
            "all weights are alike: units that start equal stay equal": 0.0,
            "the weights are not scaled at all: divide by the square root of the number of inputs": g,
            "divided by d: variances add up, not standard deviations, so divide by its square root": g / d,
            "scaled by the number of hidden units; the inputs of a hidden unit are the d features": g / np.sqrt(m),
            "the gain is not used": 1 / np.sqrt(d) if gain else 0.0,
        }
        expect_spread(net["W"], g / np.sqrt(d), f'{tried}; "W"', slips)


@init.property("the output's weights have the standard deviation gain / sqrt(m)")
def output_spread(student, rng):
    for d, m, gain in ((100, 2500, ()), (2, 900, (3.0,))):
        net, tried = begun(student, d, m, int(rng.integers(1000)), *gain)
        g = gain[0] if gain else 1.0
        slips = {
            "all weights are alike: units that start equal stay equal": 0.0,
            "the weights are not scaled at all: divide by the square root of the number of inputs": g,
            "divided by m: variances add up, not standard deviations, so divide by its square root": g / m,
            "scaled by d; the inputs of the output unit are the m hidden values": g / np.sqrt(d),
            "the gain is not used": 1 / np.sqrt(m) if gain else 0.0,
        }
        expect_spread(net["v"], g / np.sqrt(m), f'{tried}; "v"', slips)


@init.property("no two hidden units start alike")
def no_twins(student, rng):
    net, tried = begun(student, 3, 6, int(rng.integers(1000)))
    columns = np.vstack([net["W"], net["v"]]).T
    gaps = [np.abs(columns[i] - columns[j]).max() for i in range(6) for j in range(i)]
    expect(
        min(gaps) > 1e-9,
        tried=tried,
        got="two hidden units with equal weights",
        expected="all different",
        look="a number of its own for each",
    )


@init.property("the two layers do not share their numbers", after="no_twins")
def layers_differ(student, rng):
    net, tried = begun(student, 50, 50, int(rng.integers(1000)))
    directions = np.vstack([net["W"], net["W"].T])
    lengths = np.linalg.norm(directions, axis=1) * np.linalg.norm(net["v"])
    alike = np.abs(directions @ net["v"]) / np.where(lengths > 0, lengths, 1)
    look = "one generator for both: a second default_rng(seed) gives the same numbers again"
    expect(alike.max() < 0.98, tried=tried, got="v is a row or column of W once more", expected="new numbers", look=look)


@init.property("the seed decides: the same numbers again, and others for another seed")
def seed_decides(student, rng):
    seed = int(rng.integers(1000))
    first, tried = begun(student, 3, 4, seed)
    again, other = begun(student, 3, 4, seed)[0], begun(student, 3, 4, seed + 1)[0]
    for name in ("W", "v"):
        look = "all numbers come from np.random.default_rng(seed)"
        expect(
            np.array_equal(first[name], again[name]),
            tried=f'{tried}, twice; "{name}"',
            got="two different draws",
            expected="one",
            look=look,
        )
        got = "the same numbers for another seed"
        expect(not np.allclose(first[name], other[name]), tried=f'{tried}; "{name}"', got=got, expected="others", look=look)
