"""What proves the answers of the lab torch-regression right.

Each task is checked on its own: where a task builds on an earlier one, the reference of given.py stands in for it. Everything is
compared in float64.
"""

import itertools
import math

import numpy as np
import torch

from scratchlab.checks import Wrong, beside, describe, expect, expect_close, expect_shape, given, load_given, task, unchanged

references = load_given(__file__)

step = task(
    "step",
    hints=(
        "Compute the loss from w and b, let backward() find the slopes, move both against them, return the loss as a number.",
        "loss = the mean of (X @ w + b - y)². Before backward(): w.grad = b.grad = None. After it, inside `with torch.no_grad():`, "
        "w loses lr * w.grad, and b loses lr * b.grad.",
        "`loss = ((X @ w + b - y) ** 2).mean()`; `w.grad = b.grad = None`; `loss.backward()`; `with torch.no_grad(): w -= ...; b -= ...`; "
        "`return loss.item()`",
    ),
)
linear = task(
    "linear",
    hints=(
        "Two parameters that the module owns, and a forward that multiplies and adds.",
        "weight has the shape (outputs, inputs), so x of shape (n, inputs) times weight transposed has the shape (n, outputs).",
        "`self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-r, r))` with r = inputs**-0.5, likewise `self.bias`; "
        "`def forward(self, x): return x @ self.weight.T + ...`",
    ),
)
fit = task(
    "fit",
    hints=(
        "Two loops: over epochs, and over the batches of an order that is drawn anew in each epoch. In the inner one, the five lines.",
        "Clear, predict and compare, backward, step. Add up loss.item() * len(rows); at the end of the epoch divide by len(X).",
        "`generator = torch.Generator().manual_seed(seed)` before both loops; `for rows in torch.randperm(len(X), generator=generator)"
        ".split(batch_size):`; `optimizer.zero_grad()`; `loss = loss_fn(model(X[rows]), y[rows])`; `loss.backward()`; `optimizer.step()`",
    ),
)
bce = task(
    "bce",
    hints=(
        "Do not compute the sigmoid at all: use the form log(1 + exp(z)) - t z, and let no exponent get large.",
        "log(1 + exp(z)) = log(exp(0) + exp(z)) = torch.logaddexp of zeros and z. Then the mean over all entries.",
        "`if logits.shape != targets.shape: raise ValueError(...)`; "
        "`return (torch.logaddexp(logits, torch.zeros_like(logits)) - ...).mean()`",
    ),
)
cross_entropy = task(
    "cross-entropy",
    hints=(
        "For each row: the logarithm of the sum of exponentials, minus the logit of the right class. Then the mean.",
        "torch.logsumexp(logits, dim=1) has the shape (n,), and so has logits[rows, labels] with rows = 0, 1, ..., n - 1.",
        "`rows = torch.arange(len(logits))`; `return (torch.logsumexp(logits, dim=1) - logits[...]).mean()`",
    ),
)
network = task(
    "network",
    hints=(
        "A list of layers that PyTorch can see, and a forward that sends x through them with a bend in between.",
        "One Linear for each pair of neighboring sizes. torch.relu after every layer but the last.",
        "`self.layers = nn.ModuleList(Linear(a, b) for a, b in itertools.pairwise(sizes))`; in forward: "
        "`for layer in self.layers[:-1]: x = torch.relu(layer(x))`, then the last layer",
    ),
)

# ---- tools ------------------------------------------------------------------------------------------------------------


def normal(rng, *shape) -> torch.Tensor:
    """Standard normal float64 numbers."""
    return torch.from_numpy(np.asarray(rng.standard_normal(shape)))


def same(got, want) -> bool:
    """Whether two tensors or arrays agree closely."""
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    return got.shape == want.shape and np.allclose(got, want, rtol=1e-10, atol=1e-10)


def blame(got, slips: dict, default: str) -> str:
    """The explanation of the mistake that gives exactly `got`; `slips` maps an explanation to what that mistake gives."""
    return next((look for look, value in slips.items() if same(got, value)), default)


# ---- step -------------------------------------------------------------------------------------------------------------

STEP_SLIPS = {
    "uphill": "uphill: the gradient points to where the loss rises; subtract it",
    "sum": "the slopes of the sum of squares: the loss is their mean",
    "weights only": "the bias b did not move",
    "column": "a column minus a row gives a table of all differences: X @ w has the shape (n,), as y has",
}


def regression(rng, n=7, d=3):
    """Random data and parameters: X (n, d), y (n,), w (d,), b ()."""
    return normal(rng, n, d), 3 * normal(rng, n), normal(rng, d), normal(rng)


def took(student, problem, lr, steps, tried, stale=False):
    """What the learner's steps did; PyTorch's complaint about a recorded update is explained."""
    try:
        return beside(student, references.steps_taken)(student.gradient_step, *problem, lr, steps, stale)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        if "in-place" not in str(error):
            raise
        look = "PyTorch takes notes of the update: put it inside `with torch.no_grad():`"
        raise Wrong(tried=tried, got=f"{type(error).__name__}: {error}", expected="no error", look=look) from error


def stepped(problem, lr, steps, slip=""):
    """Losses, w and b of the reference."""
    X, y, w, b = (each.clone() for each in problem)
    if slip == "accumulate":
        return references.accumulating(X, y, w, b, lr, steps), w, b
    return [references.gradient_step(X, y, w, b, lr, slip) for _ in range(steps)], w, b


def compare_steps(got, problem, lr, steps, tried):
    """w and b after some steps against the reference."""
    _, w, b = stepped(problem, lr, steps)
    slips = {look: stepped(problem, lr, steps, slip) for slip, look in STEP_SLIPS.items()}
    if steps > 1:
        slips["the gradients add up from step to step: clear them (w.grad = b.grad = None) before backward()"] = stepped(
            problem, lr, steps, "accumulate"
        )
    slips["they did not move at all: `w -= ...` changes the tensor of the caller, `w = w - ...` makes a new one"] = (None, *problem[2:])
    named = (look for look, (_, *wrong) in slips.items() if same(got["w"], wrong[0]) and same(got["b"], wrong[1]))
    look = next(named, "each loses lr times its own .grad")
    expect_close(got["w"], w, tried=tried + "; w", look=look)
    expect_close(got["b"], b, tried=tried + "; b", look=look)


@step.property("one step moves w and b by minus the rate times their slopes, in place")
def one_step(student, rng):
    for n, d, lr in ((7, 3, 0.1), (1, 2, 0.05), (4, 1, 0.2)):
        problem = regression(rng, n, d)
        tried = f"one step on {n} random example{'s' if n > 1 else ''} with {d} feature{'s' if d > 1 else ''} and the rate {lr:g}"
        compare_steps(took(student, problem, lr, 1, tried), problem, lr, 1, tried)


@step.property("several steps follow gradient descent: no step remembers the gradients of another", after="one_step")
def several_steps(student, rng):
    problem = regression(rng)
    tried = "five steps in a row with the rate 0.1"
    compare_steps(took(student, problem, 0.1, 5, tried), problem, 0.1, 5, tried)


@step.property("gradients that were there before play no part", after="one_step")
def stale_gradients(student, rng):
    problem = regression(rng)
    tried = "one step, with something left in w.grad and b.grad"
    got = took(student, problem, 0.1, 1, tried, stale=True)
    _, w, b = stepped(problem, 0.1, 1)
    look = "backward() adds to what is in .grad: set w.grad and b.grad to None before it"
    expect_close(got["w"], w, tried=tried + "; w", look=look)
    expect_close(got["b"], b, tried=tried + "; b", look=look)


@step.property("it returns the loss before the step, as a plain number")
def step_loss(student, rng):
    problem = regression(rng)
    tried = "one step on 7 random examples with the rate 0.1; what it returns"
    got = took(student, problem, 0.1, 1, tried)
    kind = got["kinds"][0]
    look = "return loss.item(): a tensor would keep PyTorch's notes of this step alive" if kind == "Tensor" else "return loss.item()"
    expect(kind in ("float", "float64"), tried=tried, got=f"a value of type {kind}", expected="a float", look=look)
    want = stepped(problem, 0.1, 1)[0]
    slips = {
        "this is the loss after the step: compute it before w and b move": stepped(problem, 0.1, 1, "after")[0],
        "this is the sum of the squares: the loss is their mean": stepped(problem, 0.1, 1, "sum")[0],
        STEP_SLIPS["column"]: stepped(problem, 0.1, 1, "column")[0],
    }
    expect_close(got["losses"], want, tried=tried, look=blame(got["losses"], slips, "the mean of (X @ w + b - y)²"))


@step.property("w and b still require gradients, and the data stay as they are", after="one_step")
def still_leaves(student, rng):
    tried = "two steps"
    got = took(student, regression(rng), 0.1, 2, tried)
    look = "the update belongs inside torch.no_grad(); afterwards w and b must be ready for the next step"
    expect(got["leaves"], tried=tried, got="w or b does not require gradients any more", expected="both do, as before", look=look)
    expect(got["same data"], tried=tried, got="your code changed X or y", expected="X and y left as they were", look="work on new tensors")


# ---- modules: linear and network ---------------------------------------------------------------------------------------


def expect_parameters(module, wanted: dict, tried: str, look: str, orders: dict | None = None):
    """The module must have exactly the parameters in `wanted` (name: shape)."""
    found = {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}
    if not found:
        got, words = "no parameters at all", look
    else:
        got, words = ", ".join(f"{name} {shape}" for name, shape in found.items()), look
        words = next((why for why, shapes in (orders or {}).items() if found == shapes), look)
    expect(found == wanted, tried=tried, got=got, expected=", ".join(f"{n} {s}" for n, s in wanted.items()), look=words)


def random_state(rng, shapes: dict) -> dict:
    """Random float64 tensors with these names and shapes."""
    return {name: normal(rng, *shape) for name, shape in shapes.items()}


def run_both(make, reference, arguments, state, x, rng):
    """What the learner's module and the reference give for `x` with the same weights, and the slopes of a random sum of the outputs."""
    want = references.ran(reference, arguments, state, x, torch.zeros(()))["out"]
    r = normal(rng, *want.shape)
    return make(arguments, state, x, r), references.ran(reference, arguments, state, x, r)


def compare_slopes(got, want, tried, look):
    """The slopes of two modules."""
    expect(
        "slopes" in got, tried=tried, got="outputs through which no gradient flows", expected="outputs that require gradients", look=look
    )
    for name, slope in want["slopes"].items():
        mine = got["slopes"].get(name)
        expect(mine is not None, tried=f"{tried}; of {name}", got="None: nothing reaches it", expected="a slope", look=look)
        expect_close(mine, slope, tried=f"{tried}; of {name}", look=look)


NOT_REGISTERED = "a plain tensor in self is not registered: wrap it, self.weight = nn.Parameter(...), and likewise the bias"


@linear.property("its parameters are weight, of shape (outputs, inputs), and bias, of shape (outputs,)")
def linear_parameters(student, rng):
    for inputs, outputs in ((3, 2), (1, 4), (5, 1)):
        look = NOT_REGISTERED if not list(student.Linear(inputs, outputs).named_parameters()) else "nn.Parameter, stored under these names"
        turned = {"one row of weights for each output: (outputs, inputs)": {"weight": (inputs, outputs), "bias": (outputs,)}}
        wanted = {"weight": (outputs, inputs), "bias": (outputs,)}
        expect_parameters(student.Linear(inputs, outputs), wanted, f"the parameters of Linear({inputs}, {outputs})", look, turned)


def linear_pair(student, rng, inputs, outputs, x):
    """Outputs and slopes of the learner's layer and of the reference."""
    state = random_state(rng, {"weight": (outputs, inputs), "bias": (outputs,)})

    def make(*rest):
        return beside(student, references.ran)(student.Linear, *rest)

    return *run_both(make, references.Linear, (inputs, outputs), state, x, rng), state


@linear.property("the outputs are x times weight transposed, plus bias, for one row or any stack of rows", after="linear_parameters")
def linear_outputs(student, rng):
    for shape, outputs in (((6, 3), 2), ((3,), 4), ((2, 5, 3), 3), ((1, 1), 1)):
        x = normal(rng, *shape[:-1], 2 * shape[-1])[..., ::2]  # not contiguous
        tried = f"x of shape {shape} and {outputs} output{'s' if outputs > 1 else ''}"
        got, want, state = linear_pair(student, rng, shape[-1], outputs, x)
        expect_shape(got["out"], (*shape[:-1], outputs), tried=tried, look="x @ weight.T has one column for each output")
        slips = {"the bias is missing": x @ state["weight"].T, "the bias must be added": x @ state["weight"].T - state["bias"]}
        if shape[-1] == outputs:
            slips["the weight must be transposed: x @ self.weight.T"] = x @ state["weight"] + state["bias"]
        expect_close(got["out"], want["out"], tried=tried, look=blame(got["out"], slips, "x @ self.weight.T + self.bias"))


@linear.property("gradients flow to the weight, to the bias and to the input", after="linear_outputs")
def linear_slopes(student, rng):
    got, want, _ = linear_pair(student, rng, 3, 2, normal(rng, 5, 3))
    look = "forward must use the parameters themselves: no detach, no .data, no torch.no_grad"
    compare_slopes(got, want, "the slopes of a random sum of the outputs, 5 rows", look)


def fresh(student, inputs, outputs):
    """Weight and bias of a new layer, as arrays."""
    found = dict(student.Linear(inputs, outputs).named_parameters())
    return {name: found[name].detach().double().numpy() for name in ("weight", "bias")}


@linear.property("they start evenly between -1/sqrt(inputs) and +1/sqrt(inputs)", after="linear_parameters")
def linear_start(student, rng):
    for inputs, outputs in ((100, 900), (9, 2500)):
        reach = inputs**-0.5
        for name, values in fresh(student, inputs, outputs).items():
            tried, values = f"{name} of a new Linear({inputs}, {outputs})", values.ravel()
            spread, root = float(values.std()), math.sqrt(values.size)
            wrong = {
                0.0: "all numbers are alike: the units of a hidden layer must start different",
                1.0: "the standard normal distribution: use uniform_(-r, r)",
                reach: "a normal distribution, or plus and minus r only: use uniform_(-r, r)",
                reach / math.sqrt(12): "between 0 and r: both signs, uniform_(-r, r)",
                1 / math.sqrt(12): "between 0 and 1: uniform_(-r, r) with r = inputs**-0.5",
                1 / math.sqrt(3): "between -1 and 1: r is inputs**-0.5",
                outputs**-0.5 / math.sqrt(3): "the reach is decided by the number of inputs, not of outputs",
                1 / inputs / math.sqrt(3): "1/inputs: take the square root, inputs**-0.5",
            }
            look = next((why for value, why in wrong.items() if abs(spread - value) <= 4 * value / root + 1e-12), "uniform_(-r, r)")
            look = look if np.isfinite(spread) else "torch.empty holds whatever lay in the memory: fill it with uniform_(-r, r)"
            want = reach / math.sqrt(3)
            expected = f"about {want:.4f}, that of even numbers up to {reach:.4g}"
            expect(
                abs(spread - want) <= 4 * want / root,
                tried=tried,
                got=f"a standard deviation of {spread:.4f}",
                expected=expected,
                look=look,
            )
            got = f"numbers from {values.min():.4f} to {values.max():.4f}, mean {values.mean():.4f}"
            even = 0.9 * reach < values.max() <= reach * (1 + 1e-6) and 0.9 * reach < -values.min() <= reach * (1 + 1e-6)
            expected = f"numbers from {-reach:.4g} to {reach:.4g}"
            expect(even and abs(values.mean()) <= 6 * want / root, tried=tried, got=got, expected=expected, look="uniform_(-r, r)")


@linear.property("two layers start with different numbers, and torch.manual_seed decides them", after="linear_parameters")
def linear_seed(student, rng):
    first, second = fresh(student, 4, 5), fresh(student, 4, 5)
    for name in ("weight", "bias"):
        look = "no seed inside the class: PyTorch's own generator goes on from layer to layer"
        if not np.ptp(first[name]):
            look = "all its numbers are alike: draw them at random"
        tried = f"{name} of two new layers, one after the other"
        expect(not np.array_equal(first[name], second[name]), tried=tried, got="the same numbers twice", expected="others", look=look)
    seed = int(rng.integers(1000))
    again = [seeded_layer(student, seed) for _ in range(2)]
    look = "draw with PyTorch's functions (uniform_, torch.rand), so that torch.manual_seed decides"
    for name in ("weight", "bias"):
        tried = f"{name} after torch.manual_seed({seed}), twice"
        expect(np.array_equal(again[0][name], again[1][name]), tried=tried, got="two different draws", expected="the same", look=look)


def seeded_layer(student, seed):
    """A new layer after torch.manual_seed(seed), in the process of the learner's code."""
    session = getattr(student, "session_", None)
    session.seed(seed) if session is not None else torch.manual_seed(seed)
    return fresh(student, 4, 5)


# ---- fit --------------------------------------------------------------------------------------------------------------

FIT_SLIPS = {
    "never clear": "the gradients add up from step to step: optimizer.zero_grad() before each backward()",
    "clear once": "the gradients are cleared once an epoch: optimizer.zero_grad() belongs inside the inner loop",
    "step first": "step() comes before backward(): it moves by the gradients of the batch before",
    "step once": "one step an epoch: optimizer.step() belongs inside the inner loop",
    "no order": "the rows are taken in the order of the data: torch.randperm in each epoch",
    "one order": "the same order in every epoch: draw it anew inside the outer loop",
    "new generator": "the same order in every epoch: make the generator once, before the loops",
    "drop last": "the last, shorter batch is left out",
}
ORDER_SLIPS = ("no order", "one order", "new generator")


def classes(rng, n, k):
    """Labels 0 to k - 1 as int64, each of them there."""
    return torch.from_numpy(rng.permutation(np.arange(n) % k))


def data_for(rng, loss, n=10, d=3):
    """Inputs, targets, weight and bias for a linear model with this loss."""
    k = 3 if loss == "cross-entropy" else 1
    y = {"cross-entropy": classes(rng, n, k), "bce": classes(rng, n, 2).double()[:, None]}.get(loss, normal(rng, n, 1))
    return normal(rng, n, d), y, normal(rng, k, d), normal(rng, k)


def trained(student, problem, how, tried, stale=False):
    """What the learner's loop did."""
    got = beside(student, references.fitted)(student.fit, *problem, how, stale)
    if not isinstance(got["losses"], list):
        raise Wrong(tried=tried, got=describe(got["losses"]), expected="a list with one loss for each epoch", look="return losses")
    return got


def wanted_fit(problem, how, slip=""):
    """What the reference's loop does."""

    def loop(*arguments, **named):
        return references.fit(*arguments, **named, slip=slip)

    return references.fitted(loop, *problem, how)


def compare_fits(got, problem, how, tried, default):
    """The weights after training against the reference."""
    want = wanted_fit(problem, how)
    if all(same(got[part], want[part]) for part in ("weight", "bias")):
        return
    slips = {look: wanted_fit(problem, how, slip) for slip, look in FIT_SLIPS.items()}
    still = "the model did not move: step() comes after backward(), and zero_grad() before it, so that something is left to step with"
    slips = {still: {"weight": problem[2], "bias": problem[3]}, **slips}
    named = (look for look, wrong in slips.items() if all(same(got[part], wrong[part]) for part in ("weight", "bias")))
    look = next(named, default)
    for part in ("weight", "bias"):
        expect_close(got[part], want[part], tried=f"{tried}; the model's {part}", look=look, tol=1e-10)


@fit.property("with one batch of all rows, an epoch is one step of the optimizer")
def fit_full_batch(student, rng):
    for epochs in (1, 4):
        problem, how = data_for(rng, "mse"), {"loss": "mse", "optimizer": "sgd", "epochs": epochs, "batch_size": 10}
        tried = f"10 rows in one batch, {epochs} epoch{'s' if epochs > 1 else ''}, plain gradient descent"
        compare_fits(trained(student, problem, how, tried), problem, how, tried, "clear, predict, compare, backward, step")


@fit.property("every epoch uses each row once, in batches of batch_size; the last may be shorter")
def fit_batches(student, rng):
    for n, size in ((10, 4), (9, 3), (5, 8)):
        problem, how = data_for(rng, "mse", n), {"loss": "mse", "optimizer": "sgd", "epochs": 2, "batch_size": size}
        tried = f"{n} rows in batches of {size}, 2 epochs"
        seen = [tuple(batch.shape) for batch in trained(student, problem, how, tried)["seen"]]
        want = 2 * [(len(rows), 3) for rows in torch.arange(n).split(size)]
        got = f"batches of {', '.join(str(shape[0]) if len(shape) == 2 else str(shape) for shape in seen)} rows"
        expected = ", ".join(str(rows) for rows, _ in want) + " rows"
        expect(seen == want, tried=tried, got=got if seen else "no batch at all", expected=expected, look="order.split(batch_size)")
        batches = trained(student, problem, how, tried)["seen"]
        half = len(batches) // 2
        for number, epoch in enumerate((batches[:half], batches[half:]), 1):
            rows = torch.cat(list(epoch))
            times = (rows[:, None] == problem[0][None]).all(-1).sum(0).tolist()
            odd = next((row for row in range(n) if times[row] != 1), 0)
            look = "every epoch needs a permutation of all rows: torch.randperm"
            got = f"row {odd} was used {times[odd]} times"
            expect(times == [1] * n, tried=f"{tried}; epoch {number}", got=got, expected="each row once", look=look)


@fit.property("the order of the rows is the one that the seed decides, new in every epoch", after="fit_batches")
def fit_order(student, rng):
    for seeds in ({}, {"seed": int(rng.integers(1, 1000))}):
        problem, how = data_for(rng, "mse", 9), {"loss": "mse", "optimizer": "sgd", "epochs": 3, "batch_size": 4, **seeds}
        tried = f"9 rows in batches of 4, 3 epochs, {'seed=' + str(how['seed']) if seeds else 'the default seed'}"
        rows = torch.cat(list(trained(student, problem, how, tried)["seen"]))
        want, slips = torch.cat(wanted_fit(problem, how)["seen"]), {}
        if not same(rows, want):
            slips = {FIT_SLIPS[slip]: torch.cat(wanted_fit(problem, how, slip)["seen"]) for slip in ORDER_SLIPS}
        look = blame(rows, slips, "torch.randperm(len(X), generator=generator), with one generator = torch.Generator().manual_seed(seed)")
        expect_close(rows, want, tried=f"{tried}; the inputs in their order", look=look)


@fit.property("many batches follow the optimizer all the way", after="fit_order")
def fit_trajectory(student, rng):
    problem, how = data_for(rng, "mse"), {"loss": "mse", "optimizer": "momentum", "epochs": 5, "batch_size": 4}
    tried = "10 rows in batches of 4, 5 epochs, gradient descent with momentum"
    compare_fits(trained(student, problem, how, tried), problem, how, tried, "clear, predict, compare, backward, step; in every batch")


@fit.property("any loss and any optimizer will do, and targets reach the loss as they are", after="fit_order")
def fit_generality(student, rng):
    for loss, optimizer in (("cross-entropy", "adam"), ("bce", "momentum")):
        problem, how = data_for(rng, loss), {"loss": loss, "optimizer": optimizer, "epochs": 3, "batch_size": 4}
        words = {"cross-entropy": "labels in int64 and cross-entropy", "bce": "a column of targets and binary cross-entropy"}[loss]
        tried = f"{words}, the optimizer {optimizer}"
        look = "loss_fn(model(X[rows]), y[rows]), in this order, and nothing that knows which loss or optimizer it is"
        compare_fits(trained(student, problem, how, tried), problem, how, tried, look)


@fit.property("gradients that were there before play no part", after="fit_full_batch")
def fit_stale(student, rng):
    problem, how = data_for(rng, "mse"), {"loss": "mse", "optimizer": "sgd", "epochs": 1, "batch_size": 10}
    tried = "one epoch, with something left in the gradients from before"
    got, want = trained(student, problem, how, tried, stale=True), wanted_fit(problem, how)
    for part in ("weight", "bias"):
        look = "backward() adds to what is there: optimizer.zero_grad() before it, in the first step, too"
        expect_close(got[part], want[part], tried=f"{tried}; the model's {part}", look=look)


@fit.property("it returns the mean loss of each epoch, before the steps, as plain numbers", after="fit_batches")
def fit_losses(student, rng):
    for size in (10, 4):
        problem, how = data_for(rng, "mse"), {"loss": "mse", "optimizer": "sgd", "epochs": 3, "batch_size": size}
        tried = f"10 rows in batches of {size}, 3 epochs; the losses"
        got = trained(student, problem, how, tried)
        expect(
            len(got["losses"]) == 3,
            tried=tried,
            got=f"{len(got['losses'])} losses",
            expected="3, one for each epoch",
            look="append once an epoch",
        )
        kinds = sorted(set(got["kinds"]) - {"float", "float64"})
        look = "use loss.item(): a list of tensors keeps PyTorch's notes of every step alive"
        expect(not kinds, tried=tried, got=f"values of type {', '.join(kinds)}", expected="floats", look=look)
        # Judged by what the learner's own model gave: batches, order and steps have properties of their own.
        want = epoch_losses(got["seen"], got["gave"], problem, size)
        slips = {
            "a short batch counts less: weight each loss with its number of rows, and divide by len(X)": want["unweighted"],
            "this is the loss of the last batch only": want["last"],
            "this is a sum: divide by the number of rows, len(X)": want["sum"],
        }
        default = "add up loss.item() * len(rows), taken before the step, and divide by len(X)"
        expect_close(got["losses"], want["mean"], tried=tried, look=blame(got["losses"], slips, default))


def epoch_losses(seen, gave, problem, size):
    """The mean squared errors of each epoch from the inputs and outputs of its batches, reckoned in four ways."""
    X, y, *_ = problem
    per_epoch, found = -(-len(X) // size), {"mean": [], "unweighted": [], "last": [], "sum": []}
    for start in range(0, len(seen), per_epoch):
        parts = []
        for inputs, outputs in zip(seen[start : start + per_epoch], gave[start : start + per_epoch], strict=True):
            targets = torch.stack([y[(row == X).all(1)][0] for row in inputs])
            parts.append((float(((outputs - targets) ** 2).mean()), len(inputs)))
        total, rows = sum(value * count for value, count in parts), sum(count for _, count in parts)
        each = {"mean": total / rows, "unweighted": sum(value for value, _ in parts) / len(parts), "last": parts[-1][0], "sum": total}
        for name, value in each.items():
            found[name].append(value)
    return found


@fit.property("without an epoch nothing happens, and the data always stay as they are")
def fit_leaves_alone(student, rng):
    problem, how = data_for(rng, "mse"), {"loss": "mse", "optimizer": "sgd", "epochs": 0, "batch_size": 4}
    got = trained(student, problem, how, "epochs=0")
    expect(got["losses"] == [], tried="epochs=0", got=f"{len(got['losses'])} losses", expected="an empty list", look="range(epochs)")
    expect_close(got["weight"], problem[2], tried="epochs=0; the model's weight", look="no step outside the loops")
    got = trained(student, problem, {**how, "epochs": 2}, "2 epochs")
    look = "do not shuffle X and y themselves: take X[rows] and y[rows]"
    expect(got["same data"], tried="2 epochs", got="your code changed X or y", expected="X and y left as they were", look=look)


# ---- bce --------------------------------------------------------------------------------------------------------------


def sigmoid(z):
    """The sigmoid of float64 logits."""
    return 0.5 * (1 + torch.tanh(z.double() / 2))


def true_bce(z, t):
    """The mean binary cross-entropy, exact in float64 for logits of any size."""
    z, t = z.double(), t.double()
    return (torch.clamp(z, min=0) - t * z + torch.log1p(torch.exp(-z.abs()))).mean()


def loss_of(value, tried):
    """`value` as a tensor of shape (), or `Wrong`."""
    if not isinstance(value, torch.Tensor):
        raise Wrong(tried=tried, got=describe(value), expected="a tensor of shape ()", look="end with .mean(), and return the tensor")
    expect_shape(value, (), tried=tried, look="one number for all examples: .mean()")
    return value


def nearly(got, want, default):
    """The explanation of a loss that is nearly right."""
    close = abs(float(got) - float(want)) < 1e-4
    return "close, but not right: no clamp and no small constant inside a logarithm" if close else default


def slope_at(function, logits, targets, tried):
    """The slope of a loss for its logits, by autograd."""
    logits = logits.clone().requires_grad_()
    value = loss_of(function(logits, targets.clone()), tried)
    look = "the result must come from `logits` by PyTorch's operations: no item(), no detach(), no NumPy"
    expect(value.requires_grad, tried=tried, got="a result without a gradient", expected="one that requires gradients", look=look)
    value.backward()
    return logits.grad


@bce.property("it is the mean of -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)), also for targets between 0 and 1")
def bce_value(student, rng):
    for shape in ((6,), (5, 1), (2, 3), (1,)):
        z, t = 2 * normal(rng, *shape), torch.from_numpy(rng.uniform(size=shape))
        p, tried = sigmoid(z), f"random logits and targets of shape {shape}"
        got = loss_of(student.bce_with_logits(z.clone(), t.clone()), tried)
        parts = -t * p.log() - (1 - t) * (1 - p).log()
        slips = {"this is the sum: take the mean": parts.sum(), "the sign is turned round": -parts.mean()} if z.numel() > 1 else {}
        slips |= {
            "the logits went through the sigmoid twice": true_bce(p, t),
            "targets and logits have changed places": true_bce(t, z),
            "the part of the target 0 is missing": (-t * p.log()).mean(),
            "targets may lie between 0 and 1: use the formula for all of them": true_bce(z, (t > 0.5).double()),
        }
        default = nearly(got, parts.mean(), "the mean of log(1 + exp(z)) - t z")
        expect_close(got, parts.mean(), tried=tried, look=blame(got.detach(), slips, default))


@bce.property("it is right for logits of any size", after="bce_value")
def bce_extremes(student, rng):
    sizes = ((torch.float64, 1e4), (torch.float32, 200.0), (torch.float32, 30.0))
    for dtype, size in sizes:
        z = torch.tensor([size, -size, size, -size], dtype=dtype)
        t = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=dtype)
        for chosen in ([0, 1], [2, 3], [0, 1, 2, 3]):
            tried = f"logits of ±{size:g} in {str(dtype).removeprefix('torch.')}, targets {t[chosen].tolist()}"
            got = loss_of(student.bce_with_logits(z[chosen].clone(), t[chosen].clone()), tried)
            look = "exp(z) of a large z is infinite, and log(1 - sigmoid(z)) is log(0): pull the larger term out, as torch.logaddexp does"
            if abs(float(got) - 100.0) < 1e-3 or (torch.isfinite(got) and size > 20):
                look = "no clamp and no small constant inside a logarithm: for a wrong, large logit the loss is the logit's size"
            expect_close(got, true_bce(z[chosen], t[chosen]), tried=tried, look=look, tol=1e-6)


@bce.property("its slope is (sigmoid(z) - t) / n, for logits of any size", after="bce_extremes")
def bce_slope(student, rng):
    for scale in (2.0, 1e4):
        z, t = scale * (normal(rng, 3, 4).abs() + 0.1) * torch.tensor([1.0, -1.0, 1.0, -1.0]), classes(rng, 12, 2).double().reshape(3, 4)
        tried = f"the slopes for 12 random logits of the order of {scale:g}"
        got = slope_at(student.bce_with_logits, z, t, tried)
        expect(got is not None, tried=tried, got="None", expected="a slope for each logit", look="the result does not depend on the logits")
        look = "the loss is right, its slope is not: an infinite value in a branch that is not taken spoils it, so avoid torch.where"
        expect_close(got, (sigmoid(z) - t) / 12, tried=tried, look=look)


@bce.property("at a logit of exactly 0 the slope is (1/2 - t) / n", after="bce_value")
def bce_corner(student, rng):
    z, t = torch.zeros(4, dtype=torch.float64), torch.tensor([0.0, 1.0, 0.25, 1.0], dtype=torch.float64)
    tried = "the slopes at four logits of 0, as at zero weights"
    got = slope_at(student.bce_with_logits, z, t, tried)
    look = "clamp (or relu) and abs have corners at 0, and autograd's choices there do not fit together: use torch.logaddexp"
    expect_close(got, (0.5 - t) / 4, tried=tried, look=look)


@bce.property("shapes that differ are refused with a ValueError")
def bce_shapes(student, rng):
    for shapes in (((4, 1), (4,)), ((4,), (1,)), ((3,), (4,))):
        tried = f"logits of shape {shapes[0]} and targets of shape {shapes[1]}"
        look = "compare logits.shape with targets.shape first; a column and a row would be broadcast to a table"
        try:
            value = student.bce_with_logits(normal(rng, *shapes[0]), torch.from_numpy(rng.uniform(size=shapes[1])))
        except NotImplementedError:
            raise
        except ValueError:
            continue
        except Exception as error:
            raise Wrong(tried=tried, got=f"{type(error).__name__}: {error}", expected="a ValueError", look=look) from error
        raise Wrong(tried=tried, got=f"{describe(value)} and no error", expected="a ValueError", look=look)


@bce.property("it is made of elementary operations, and leaves its arguments alone", after="bce_value")
def bce_own(student, rng):
    z, t = normal(rng, 4), torch.from_numpy(rng.uniform(size=4))
    expect_own(student, student.bce_with_logits, z, t)


def expect_own(student, function, logits, targets):
    """No finished loss of PyTorch is called, and the arguments stay as they are."""
    tried = "one call, listening to what it calls"
    used = beside(student, references.ready_made)(function, logits.clone(), targets.clone())
    look = "build it from exp, log, logaddexp, logsumexp, sums and means; the finished one is what you compare with later"
    expect(not used, tried=tried, got=f"PyTorch's own {', '.join(sorted(set(used)))}", expected="elementary operations", look=look)
    with unchanged("one call", logits=logits, targets=targets):
        function(logits, targets)


# ---- cross-entropy ----------------------------------------------------------------------------------------------------


def true_cross_entropy(z, labels):
    """The mean cross-entropy, exact in float64."""
    z = z.double()
    shifted = z - z.max(dim=1, keepdim=True).values
    return (shifted.exp().sum(1).log() - shifted[torch.arange(len(z)), labels]).mean()


@cross_entropy.property("it is the mean over the rows of -log(softmax) at the label")
def ce_value(student, rng):
    for n, k in ((6, 3), (1, 4), (3, 5), (4, 4), (5, 1)):
        z, labels = 2 * normal(rng, k, n).mT, torch.from_numpy(rng.integers(k, size=n))
        tried = f"random logits of shape ({n}, {k})"
        got = loss_of(student.cross_entropy(z, labels.clone()), tried)
        log_p, rows = z.log_softmax(1), torch.arange(n)
        parts = -log_p[rows, labels]
        slips = {
            "softmax goes along each row: dim=1": -z.log_softmax(0)[rows, labels].mean(),
            "this is the sum over the rows: take the mean": parts.sum(),
            "this is the mean over all entries: one term for each row": parts.sum() / z.numel(),
            "the sign is turned round: minus the logarithm": -parts.mean(),
            "the logits went through softmax twice": true_cross_entropy(z.softmax(1), labels),
            "the logarithm is missing": -z.softmax(1)[rows, labels].mean(),
            "logits[:, labels] picks whole columns: one entry from each row is logits[rows, labels]": -log_p[:, labels].mean(),
            "the logit of the right class must be subtracted": (z.logsumexp(1) + z[rows, labels]).mean(),
        }
        slips = {why: value for why, value in slips.items() if not same(value, parts.mean())}
        default = nearly(got, parts.mean(), "logsumexp of the row, minus the label's logit")
        expect_close(got, parts.mean(), tried=tried, look=blame(got.detach(), slips, default))


@cross_entropy.property("it is right for logits of any size, and a number added to a whole row changes nothing", after="ce_value")
def ce_extremes(student, rng):
    for dtype, size, tol in ((torch.float64, 1e4, 1e-9), (torch.float32, 200.0, 1e-5)):
        z = torch.tensor([[size, 0.0, -size], [-size, -size, -size], [size, size, size]], dtype=dtype)
        for labels in ([0, 1, 2], [2, 0, 0], [1, 2, 1]):
            tried = f"rows of 0 and ±{size:g} in {str(dtype).removeprefix('torch.')}, labels {labels}"
            got = loss_of(student.cross_entropy(z.clone(), torch.tensor(labels)), tried)
            look = "exp of a large logit and log of a vanished probability are infinite: torch.logsumexp, or subtract each row's maximum"
            if torch.isfinite(got):
                look = "no clamp and no small constant inside a logarithm: they cut the loss off"
            expect_close(got, true_cross_entropy(z, torch.tensor(labels)), tried=tried, look=look, tol=tol)
    z, labels = normal(rng, 4, 3), torch.from_numpy(rng.integers(3, size=4))
    moved = z + torch.tensor([[1000.0], [-1000.0], [700.0], [0.0]])
    got, tried = loss_of(student.cross_entropy(moved, labels), "rows with 1,000, -1,000, 700 and 0 added"), "rows with a number added"
    look = "subtract the maximum of each row, not one maximum for all: torch.logsumexp(logits, dim=1)"
    expect_close(got, true_cross_entropy(z, labels), tried=tried, look=look, tol=1e-7)


@cross_entropy.property("its slope is softmax minus 1 at the label, divided by n", after="ce_extremes")
def ce_slope(student, rng):
    for scale in (1.0, 1e4):
        z, labels = scale * normal(rng, 5, 3), torch.from_numpy(rng.integers(3, size=5))
        tried = f"the slopes for 15 random logits of the order of {scale:g}"
        got = slope_at(student.cross_entropy, z, labels, tried)
        expect(got is not None, tried=tried, got="None", expected="a slope for each logit", look="the result does not depend on the logits")
        want = (z.softmax(1) - torch.eye(3, dtype=torch.float64)[labels]) / 5
        expect_close(got, want, tried=tried, look="no detach() and no no_grad() on the way from the logits to the loss")


@cross_entropy.property("with the logits 0 and z it is the binary cross-entropy of z", after="ce_value")
def ce_binary(student, rng):
    z, labels = 3 * normal(rng, 6), classes(rng, 6, 2)
    tried = "six rows with the logits 0 and z"
    got = loss_of(student.cross_entropy(torch.stack([torch.zeros_like(z), z], dim=1), labels), tried)
    expect_close(
        got, true_bce(z, labels), tried=tried, look="softmax of (0, z) is (1 - sigmoid(z), sigmoid(z)); two classes are no special case"
    )


@cross_entropy.property("it is made of elementary operations, and leaves its arguments alone", after="ce_value")
def ce_own(student, rng):
    expect_own(student, student.cross_entropy, normal(rng, 4, 3), torch.from_numpy(rng.integers(3, size=4)))


# ---- network ----------------------------------------------------------------------------------------------------------

NETWORK_SLIPS = {
    "no bend": "there is no bend: without ReLU between them, the layers are one linear layer",
    "last too": "ReLU after the last layer, too: logits may be negative, so the last layer ends the network",
    "softmax": "softmax at the end: the loss works from logits and applies it itself",
    "sigmoid": "the bend here is ReLU, not the sigmoid",
    "tanh": "the bend here is ReLU, not tanh",
    "one bend": "only the first hidden layer is followed by a ReLU",
}


def shapes_of(sizes):
    """The parameters of a network, name and shape."""
    found = {}
    for number in range(len(sizes) - 1):
        found |= {f"layers.{number}.weight": (sizes[number + 1], sizes[number]), f"layers.{number}.bias": (sizes[number + 1],)}
    return found


@network.property("its parameters are those of `layers`, one Linear for each pair of neighboring sizes")
def network_parameters(student, rng):
    with given(student, Linear=references.Linear):
        for sizes in ([3, 4, 2], [5, 2], [2, 3, 4, 1]):
            made = student.FeedForward(list(sizes))
            listed = list(made.named_parameters())
            pairs = ", ".join(map(str, itertools.pairwise(sizes)))
            look = f"self.layers = nn.ModuleList(...) of one Linear for each pair: {pairs}"
            if not listed:
                look = "PyTorch does not see into a plain list: self.layers = nn.ModuleList(...)"
            expect_parameters(made, shapes_of(sizes), f"the parameters of FeedForward({sizes})", look)


def network_pair(student, rng, sizes, x):
    """Outputs and slopes of the learner's network and of the reference, and the weights."""
    state = random_state(rng, shapes_of(sizes))

    def make(*rest):
        with given(student, Linear=references.Linear):
            return beside(student, references.ran)(student.FeedForward, *rest)

    return *run_both(make, references.FeedForward, (list(sizes),), state, x, rng), state


@network.property("the outputs: a ReLU after each layer but the last", after="network_parameters")
def network_outputs(student, rng):
    for shape, sizes in (((6, 3), [3, 5, 2]), ((4, 4), [4, 6, 5, 3]), ((7, 3), [3, 2]), ((3,), [3, 4, 1]), ((1, 2), [2, 5, 4, 3, 2])):
        x = normal(rng, *shape)
        tried = f"x of shape {shape} and sizes {sizes}"
        got, want, state = network_pair(student, rng, sizes, x)
        expect_shape(got["out"], (*shape[:-1], sizes[-1]), tried=tried, look="return what the last layer gives")
        slips = {}
        for slip, look in NETWORK_SLIPS.items() if not same(got["out"], want["out"]) else ():
            wrong = references.ran(references.FeedForward, (sizes, slip), state, x, torch.zeros(()))["out"]
            if not same(wrong, want["out"]):
                slips[look] = wrong
        default = "layer by layer: x = torch.relu(layer(x)), and the last layer without it"
        expect_close(got["out"], want["out"], tried=tried, look=blame(got["out"], slips, default))


@network.property("gradients flow to every parameter", after="network_outputs")
def network_slopes(student, rng):
    got, want, _ = network_pair(student, rng, [3, 6, 4, 2], normal(rng, 8, 3))
    look = "every layer takes part, and nothing on the way is detached"
    compare_slopes(got, want, "the slopes of a random sum of the outputs, sizes [3, 6, 4, 2]", look)


@network.property("two hidden units do not start alike", after="network_parameters")
def network_start(student, rng):
    with given(student, Linear=references.Linear):
        found = dict(student.FeedForward([3, 4, 4, 2]).named_parameters())
    rows = found["layers.0.weight"].detach().double().numpy()
    gaps = [np.abs(rows[i] - rows[j]).max() for i in range(4) for j in range(i)]
    tried = "the weights of the first layer of a new FeedForward([3, 4, 4, 2])"
    look = "leave the start to Linear: units that start equal stay equal"
    expect(min(gaps) > 1e-9, tried=tried, got="two units with equal weights", expected="all different", look=look)
