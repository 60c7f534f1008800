# %% [markdown]
# # Three models in PyTorch
#
# In the lab *nn-xor* you derived every slope on paper. PyTorch does that part for you, and the rest becomes a pattern
# that you will use for years: a *model*, a *loss*, an *optimizer*, and one training loop that fits them all. You will
# write each of them and train three models on real data: one answers with a number, one with yes or no, one with a
# digit. For these problems others know the exact answer already, so you can settle a question that is harder than it
# sounds: **a training loop that runs without an error, how do you know that it has learned the right thing?**

# %% [markdown]
# ## You will learn
#
# - to use tensors, and to keep their types and shapes in order;
# - to let *autograd* find the slopes, and to take a step with them;
# - to write a layer and a network as an `nn.Module`, and a loop that trains any module with any loss;
# - to compute both cross-entropies from scores, so that no score is too large for them;
# - to standardize features without a look at the test split;
# - to compare what training found with the closed form and with scikit-learn, to four decimals;
# - to recognize three mistakes that raise no error, and what each of them costs.
#
# ## You need
#
# The labs *nn-perceptron* (weights, bias, score, training and test split) and *nn-xor* (loss, gradient, sigmoid,
# gradient descent). NumPy with shapes and broadcasting, and classes in Python: `__init__`, `self`, and calling an
# object. You need no PyTorch beyond the glimpse at the end of *nn-xor*. The page of this week derives what is only
# stated here, such as the losses and why a step can be too long.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import itertools
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from torch import Tensor, nn

import scratchlab
from scratchlab import plot

lab = scratchlab.start("torch-regression", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The problem: three questions
#
# scikit-learn carries three sets of real measurements, and each asks a question of another kind:
#
# - **patients**: 442 people with diabetes, ten measurements each (age, sex, body-mass index, blood pressure, six blood
#   values). *How far* will the disease have progressed in a year, as a number from 25 to 346?
# - **tumors**: 569 breast tumors, thirty measurements of their cells under the microscope. *Is it* malignant (1) or
#   benign (0)?
# - **digits**: 1,797 handwritten digits of 8 by 8 pixels. *Which* of the ten is it?
#
# As always, a third of each is put away for testing before anything else happens.


# %%
def load(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One data set, split in two: training features (n, d), test features (m, d), training and test targets (n,) and (m,)."""
    if name == "patients":
        X, y = load_diabetes(return_X_y=True, scaled=False)
    elif name == "tumors":
        X, y = load_breast_cancer(return_X_y=True)
        y = 1 - y  # scikit-learn counts benign as 1
    else:
        X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=1 / 3, stratify=None if name == "patients" else y, random_state=seed)


# %%
for name in ("patients", "tumors", "digits"):
    X, _, y, _ = load(name, lab.seed)
    means = X.mean(axis=0)
    print(f"{name:9s} X {X.shape} {X.dtype}, y {y.shape} {y.dtype}: {y[:6]} ...")
    print(f"{'':9s} the means of the features go from {means.min():.4g} to {means.max():.4g}")
X_train, X_test, y_train, y_test = load("patients", lab.seed)
with plot.figure(
    caption="The training patients: how far the disease had progressed after a year, against the body-mass index at the start.",
    alt="A wide cloud of points that rises from lower left to upper right.",
    width=4.8,
) as ax:
    ax.scatter(X_train[:, 2], y_train, s=14, alpha=0.7, color=plot.COLORS[0])
    ax.set(xlabel="body-mass index in kg/m²", ylabel="progression")

# %% [markdown]
# You can see a trend, and you can see that the body-mass index alone will not give the answer. Two facts in the printed
# lines will matter soon: within one set, some features are more than a hundred times as large as others, and the
# targets of `patients` are `float64`, those of the other two `int64`.
#
# ## Tensors
#
# A *tensor* is PyTorch's array. Nearly everything you know from NumPy works: `X @ w`, `X[:, 2]`, `X.shape`, `mean`,
# broadcasting. What is new: a tensor can remember how it was computed (section 1), and it can live on a GPU. Three
# things differ, and each of them has cost people an afternoon. Read the next cell, and predict each line before you run
# it.

# %%
array = np.array([1.0, 2.0])
shared, copied = torch.from_numpy(array), torch.tensor(array)
array[0] = 99.0
print("from_numpy shares the memory:", shared.tolist(), "  torch.tensor copies:", copied.tolist())
print("types:", torch.tensor([1.0, 2.0]).dtype, "|", torch.tensor(array).dtype, "|", torch.tensor([1, 2]).dtype)
try:
    print(torch.tensor(array) @ torch.ones(2))
except RuntimeError as error:
    print("a product of two types:", error)
difference = torch.ones(3, 1) - torch.ones(3)
print("a column minus a row of three numbers:", difference.shape)
print("back to Python and NumPy:", difference.sum().item(), difference.numpy().dtype)

# %% [markdown]
# 1. **Types.** Numbers that you type become `float32`, half as long as NumPy's `float64` and what networks are usually
#    made of; an array keeps the type it has. In a matrix product PyTorch does not convert one into the other, it
#    refuses. `x.float()` makes `float32`, `x.double()` makes `float64`.
# 2. **Whole numbers.** Labels stay `int64`. A loss that picks a class wants them so; a loss that computes with a target
#    wants floats.
# 3. **Shapes.** A column `(3, 1)` minus a row `(3,)` is a `(3, 3)` table of all differences, and nobody complains.
#    Remember this one; it will come back.
#
# ## 1. Slopes without a derivation
#
# Mark a tensor with `requires_grad=True`, and PyTorch notes every operation that uses it. Call `backward()` on the
# result, a single number, and PyTorch walks back through its notes with the chain rule and leaves the slope in `.grad`.
# This is *autograd*. In *nn-xor* you used $\sigma' = \sigma\,(1 - \sigma)$ for the sigmoid; here it is without the
# formula.

# %%
x = torch.tensor(1.0, requires_grad=True)
p = torch.sigmoid(x)
p.backward()
print(f"by autograd {x.grad:.6f}, by the formula {p.item() * (1 - p.item()):.6f}")
torch.sigmoid(x).backward()
print(f"and after the same once more: {x.grad:.6f}")

# %% [markdown]
# Look at the last line. A second `backward()` does not replace `.grad`, it **adds** to it. That is the right thing when
# one weight is used in two places, and the wrong thing from one training step to the next. So clear it before:
# `x.grad = None`.
#
# Now a first model, *linear regression*: the prediction is the score itself, without a threshold or a sigmoid. Its loss
# is the *mean squared error*,
#
# $$L(\mathbf{w}, b) = \frac{1}{n}\sum_{k=1}^{n} (\mathbf{w}\cdot\mathbf{x}_k + b - y_k)^2,
# \qquad \mathbf{w} \leftarrow \mathbf{w} - \eta\,\frac{\partial L}{\partial \mathbf{w}},
# \quad b \leftarrow b - \eta\,\frac{\partial L}{\partial b},$$
#
# with the learning rate $\eta$. One thing is special about the update. It is not part of the model, so PyTorch must not
# take notes of it: it stands inside `with torch.no_grad():`. And it must change the tensor that the caller holds:
# `w -= ...` does, while `w = w - ...` gives the name `w` to a new tensor, of which the caller never hears.
#
# **Predict**: on the patients as they were loaded, with $\mathbf{w} = 0$, $b = 0$ and $\eta = 0.1$, what will the loss
# do in ten steps?
#
# **Write** `gradient_step`. `item()` turns a tensor with one entry into a Python number.


# %% solution="step"
def gradient_step(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float) -> float:
    """One step of gradient descent on the mean squared error of the predictions X @ w + b, with slopes from autograd.

    X: features, shape (n, d). y: targets, shape (n,). w: weights, shape (d,), and b: bias, shape (), both with
    requires_grad=True; they are changed in place and still require gradients afterwards. Whatever their .grad held
    before plays no part. lr: the learning rate. Returns the loss before the step as a plain Python float.
    """
    ### BEGIN SOLUTION
    loss = ((X @ w + b - y) ** 2).mean()
    w.grad = b.grad = None
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    return loss.item()
    ### END SOLUTION


# %%
w, b = torch.zeros(1, requires_grad=True), torch.zeros((), requires_grad=True)
assert gradient_step(torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 2.0]), w, b, lr=0.1) == 2.5  # (1² + 2²) / 2
assert torch.allclose(w, torch.tensor([0.5])) and torch.allclose(b, torch.tensor(0.3))  # the slopes were -5 and -3

# %% check="step" points=2
check("step")

# %% [markdown]
# **See it.** The patients, with three learning rates, from zero weights.


# %%
def descend(X: np.ndarray, y: np.ndarray, lr: float, steps: int) -> list[float]:
    """The losses before each of `steps` gradient steps of linear regression from zero weights; X: shape (n, d), y: (n,)."""
    X, y = torch.tensor(X), torch.tensor(y)
    w = torch.zeros(X.shape[1], dtype=X.dtype, requires_grad=True)
    b = torch.zeros((), dtype=X.dtype, requires_grad=True)
    return [gradient_step(X, y, w, b, lr) for _ in range(steps)]


# %%
for lr in (1e-1, 1e-3, 1e-5):
    losses = descend(X_train, y_train, lr, steps=1000)
    print(f"rate {lr:g}: loss {losses[0]:.0f} at first, {losses[10]:.4g} after 10 steps, {losses[-1]:.4g} after 1,000")

# %% [markdown]
# With the first two rates the loss explodes, up to `nan`, "not a number". With the third it falls, but then hardly
# moves. Why does no rate suit? For a single feature with weight $w$ and best value $w^*$, the slope of the loss is
# $2\,\overline{x^2}\,(w - w^*)$, where the bar means the average. A step overshoots, further each time, if
# $\eta\,\overline{x^2} > 1$. A blood value near 190 has $\overline{x^2} \approx 36{,}000$, so $\eta$ must be tiny. The
# bias, which belongs to a constant $x = 1$, then learns 36,000 times more slowly than it could.
#
# The cure is to *standardize*: subtract from each feature its mean, divide by its standard deviation,
#
# $$x'_j = \frac{x_j - \mu_j}{s_j},$$
#
# and every feature has $\overline{x^2} = 1$, as the constant of the bias has. One rule makes this honest: $\mu_j$ and
# $s_j$ come from the **training split alone**, and the same numbers are applied to the test split. Otherwise the test
# patients have had a say in the training, and are no strangers any more. (This is why the data were loaded with
# `scaled=False`: scikit-learn would have handed out features that were centered and scaled with the numbers of all 442
# patients.)


# %%
def standardize(X_train: np.ndarray, X_new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays, shapes (n, d) and (m, d), less the mean and divided by the standard deviation of X_train's columns."""
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    deviation[deviation == 0] = 1.0  # a feature that never changes, such as the corner of a picture
    return (X_train - mean) / deviation, (X_new - mean) / deviation


def least_squares(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights (d,) and bias with the smallest mean squared error, by linear algebra; X: shape (n, d), y: shape (n,)."""
    solution = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), y, rcond=None)[0]
    return solution[:-1], float(solution[-1])


# %%
X_train, X_test = standardize(X_train, X_test)
w_best, b_best = least_squares(X_train, y_train)
floor = np.mean((X_train @ w_best + b_best - y_train) ** 2)
losses = np.array(descend(X_train, y_train, lr=0.1, steps=1000))
print(f"loss after 100 steps {losses[100]:.1f}, after 1,000 steps {losses[-1]:.2f}; the least possible is {floor:.2f}")
claim("on standardized features, 1,000 steps come within half a percent of the least possible loss", losses[-1] < 1.005 * floor)
plot.lines(
    {"gradient descent": losses[:200], "least possible": np.full(200, floor)},
    log_y=True,
    x="step",
    y="mean squared error",
    caption="Linear regression on standardized features with the rate 0.1: the first 200 steps. Logarithmic axis.",
    alt="A curve that falls steeply within twenty steps and then runs along a horizontal line.",
)

# %% [markdown]
# The horizontal line is what linear algebra says: for linear regression the best weights have a *closed form*, the
# solution of a system of linear equations, and `least_squares` computes it. The curve lies on the line as far as the
# eye can see. Are the weights then the best weights? Keep your guess; section 3 answers.
#
# ## 2. A module owns its parameters
#
# Two loose tensors are fine for one model. A network has dozens, and somebody has to keep track of them. In PyTorch
# that is `nn.Module`, the class from which layers and models are made. What you store in `self` as an `nn.Parameter` (a
# tensor that requires gradients) is *registered*: the module lists it in `parameters()`, and
#
# - an optimizer is handed `model.parameters()` and changes nothing else;
# - `model.double()` and `model.to("cuda")` convert all of them at once;
# - `model.state_dict()` is a dictionary of all of them by name, to save or to load into another model.
#
# A plain tensor in `self` takes part in none of this. Calling the module, `model(x)`, runs its method `forward`.
#
# Write the layer that all of today's models are made of. With $k$ outputs, each output has weights of its own, one row
# of a matrix $W$ of shape $(k, d)$, so that for one example, or for the rows of `X`,
#
# $$\mathbf{z} = W\mathbf{x} + \mathbf{b}, \qquad Z = X W^\top + \mathbf{b}.$$
#
# For the start, use PyTorch's own recipe: all numbers even between $-1/\sqrt{d}$ and $+1/\sqrt{d}$. In *nn-xor* you saw
# why the square root stands there.
#
# **Predict**: how many numbers does a layer from 64 pixels to 10 digits hold?
#
# **Write** `Linear`. `torch.empty(shape).uniform_(-r, r)` makes a tensor of random numbers between $-r$ and $r$.


# %% solution="linear"
class Linear(nn.Module):
    """A layer with the parameters `weight`, shape (outputs, inputs), and `bias`, shape (outputs,).

    Both start at random, evenly between -1/sqrt(inputs) and +1/sqrt(inputs).
    Define forward(self, x): x of shape (..., inputs) -> x @ weight transposed + bias, shape (..., outputs).
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        ### BEGIN SOLUTION
        reach = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-reach, reach))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-reach, reach))

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        return x @ self.weight.T + self.bias
        ### END SOLUTION


# %%
layer = Linear(64, 10)
assert sum(parameter.numel() for parameter in layer.parameters()) == 650
assert layer(torch.ones(5, 64)).shape == (5, 10) and layer(torch.ones(64)).shape == (10,)
assert layer.double().weight.dtype == torch.float64

# %% check="linear" points=1
check("linear")

# %% [markdown]
# **See it.** What PyTorch knows about your layer, before and after a backward pass; and its weights in PyTorch's own.

# %%
torch.manual_seed(lab.seed)
layer = Linear(10, 1).double()
outputs = layer(torch.tensor(X_train))
outputs.mean().backward()
for name, parameter in layer.named_parameters():
    print(f"{name:7s} shape {tuple(parameter.shape)!s:8s} {parameter.dtype}, its gradient: shape {tuple(parameter.grad.shape)}")
print("the last operation that made the outputs:", type(outputs.grad_fn).__name__)
theirs = nn.Linear(10, 1).double()
print(theirs.load_state_dict(layer.state_dict()))
claim("PyTorch's Linear with your weights gives your outputs", torch.allclose(theirs(torch.tensor(X_train)), outputs, atol=1e-12))

# %% [markdown]
# ## 3. One loop for every model
#
# What `gradient_step` did by hand for two tensors, an *optimizer* does for any number of them. It holds the parameters
# and the rule of the step: `torch.optim.SGD(model.parameters(), lr=0.1)` is the rule from above. It offers two things,
# `optimizer.zero_grad()`, which clears all gradients, and `optimizer.step()`, which moves all parameters by what stands
# in their `.grad`. So every training step, for every model, is five lines: clear, predict, compare, backward, step.
#
# One more idea. A step needs a direction, and a few dozen examples show it nearly as well as all of them. So cut the
# examples into *mini-batches* of `batch_size` rows, in a new random order each time round, and take a step for each.
# Once through all examples is an *epoch*. This is *stochastic gradient descent*; with `batch_size = n` it is the plain
# one.
#
# So that numbers can be compared, the order is fixed: one generator, `torch.Generator().manual_seed(seed)`, for the
# whole training, and at the start of each epoch `torch.randperm(n, generator=generator)`. A tensor's method
# `split(batch_size)` cuts the order into pieces; the last piece may be shorter.
#
# **Predict**: 294 rows in batches of 32. How many steps does an epoch take, and how many rows has the last batch?
#
# **Write** `fit`. The loss of an epoch is the mean over its examples, so a short batch counts less than a full one.


# %% solution="fit"
def fit(
    model: nn.Module, loss_fn: Callable, X: Tensor, y: Tensor, optimizer: torch.optim.Optimizer, epochs: int, batch_size: int, seed: int = 0
) -> list[float]:
    """Train `model` in place, by a step of `optimizer` for every batch on loss_fn(model(X_batch), y_batch).

    X: inputs, n rows. y: targets, n rows. Every epoch takes a new order of the rows, torch.randperm(n, generator=generator)
    with one generator = torch.Generator().manual_seed(seed) for all epochs, and cuts it into batches of `batch_size`;
    the last may be shorter. Returns one plain float for each epoch: the mean loss over its examples, each batch's
    loss being the one before its step. Gradients left from before play no part.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(X), generator=generator).split(batch_size):
            optimizer.zero_grad()
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses
    ### END SOLUTION


# %%
def mse(predictions: Tensor, targets: Tensor) -> Tensor:
    """The mean squared error, a tensor of shape (). Both arguments must have the same shape, such as (n, 1)."""
    return ((predictions - targets) ** 2).mean()


# %%
model = nn.Linear(1, 1)
history = fit(model, mse, torch.ones(10, 1), torch.zeros(10, 1), torch.optim.SGD(model.parameters(), lr=0.1), epochs=20, batch_size=4)
assert len(history) == 20 and history[-1] < 1e-4  # every input is 1, every target 0: this can be learned exactly

# %% check="fit" points=3
check("fit")


# %% [markdown]
# **See it.** Back to the question: are the weights the best ones? Train on all patients at once, and every 100 epochs
# compare all eleven parameters with the closed form. Two more settings are tried. `float32`, because that is PyTorch's
# habit. And *momentum*: the step follows not the gradient but a running sum in which each older gradient counts nine
# tenths of the next, as a ball keeps rolling. In a valley that is steep across and nearly flat along, speed builds up
# along the valley, and the pushes across cancel.
#
# The layer's output has the shape $(n, 1)$, so the targets become a column too: `y[:, None]`.


# %%
def gaps_to_closed_form(dtype: torch.dtype, momentum: float, pieces: int) -> list[float]:
    """The largest difference of a parameter from the closed form, after every 100 epochs of linear regression on the patients."""
    X, y = torch.tensor(X_train, dtype=dtype), torch.tensor(y_train, dtype=dtype)[:, None]
    torch.manual_seed(lab.seed)
    model = Linear(10, 1).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
    gaps = []
    for _ in range(pieces):
        fit(model, mse, X, y, optimizer, epochs=100, batch_size=len(X))
        weights, bias = model.weight.detach().numpy()[0], model.bias.item()
        gaps.append(max(np.abs(weights - w_best).max(), abs(bias - b_best)))
    return gaps


# %%
pieces = lab.params["pieces"]
curves = {
    "plain, float64": gaps_to_closed_form(torch.float64, 0.0, pieces),
    "momentum, float32": gaps_to_closed_form(torch.float32, 0.9, pieces),
    "momentum, float64": gaps_to_closed_form(torch.float64, 0.9, pieces),
}
print(f"the parameters themselves go up to {max(np.abs(w_best).max(), abs(b_best)):.0f}")
print("largest difference at the end:  " + "   ".join(f"{name}: {gaps[-1]:.1e}" for name, gaps in curves.items()))
record("plain_gap", curves["plain, float64"][-1])
record("float32_gap", curves["momentum, float32"][-1])
record("closed_form_gap", curves["momentum, float64"][-1])
claim("your loop finds the closed form to four decimals", curves["momentum, float64"][-1] <= 1e-4)
claim("without momentum, a parameter is still off by more than 0.1", curves["plain, float64"][-1] > 0.1)
claim(
    "float64 comes at least a thousand times closer than float32", 1000 * curves["momentum, float64"][-1] < curves["momentum, float32"][-1]
)
plot.lines(
    curves,
    xs=100 * np.arange(1, pieces + 1),
    log_y=True,
    x="epoch",
    y="largest gap of a parameter",
    caption="How far the parameters are from the closed form during training. Logarithmic axis.",
    alt="One line falls very slowly and stays highest. Two fall steeply together; one of them flattens out, the other goes on far deeper.",
)

# %% [markdown]
# That is the first answer to the question of this lab. The plain run, whose loss curve lay on the least possible loss,
# still has weights that are visibly wrong: some blood values nearly repeat each other, so along some directions the
# loss hardly changes, and **a flat loss curve does not prove that the parameters have arrived**. Momentum gets there.
# And `float32` knows about seven digits: read off where it stops. For networks this is plenty; when you compare with an
# exact answer, use `float64`, so that the gap that you see is your own.
#
# ## 4. Yes or no
#
# Is the tumor malignant? Take the same layer with one output, call it the *logit* $z$, and send it through the sigmoid:
# $p = \sigma(z)$ is the probability of "yes". This is *logistic regression*. Its loss for a target $t$, 1 or 0, is the
# negative logarithm of the probability that the model gave to what happened, the *binary cross-entropy*
#
# $$L = -\,t\,\log \sigma(z) - (1 - t)\,\log\big(1 - \sigma(z)\big).$$
#
# It punishes confidence in the wrong answer without limit. And it cannot be computed like this. In `float32`,
# $\sigma(17)$ is rounded to exactly 1, and for $t = 0$ the loss becomes $-\log 0 = \infty$ instead of 17. So put the
# sigmoid into the formula and simplify on paper, with $1 - \sigma(z) = 1/(1 + e^{z})$:
#
# $$L = \log\,(1 + e^{z}) - t\,z .$$
#
# Better, but $e^{z}$ is too large for `float32` beyond $z \approx 88$. The last trick: pull the larger of the two terms
# out of the logarithm,
#
# $$\log\,(e^{a} + e^{b}) = m + \log\,(e^{a - m} + e^{b - m}), \qquad m = \max(a, b),$$
#
# and no exponent is positive any more. PyTorch has this as `torch.logaddexp(a, b)`; here $a = 0$ (a tensor of zeros)
# and $b = z$. Therefore the model returns the *logit*, not the probability, and the loss works *from logits*: that is
# what "with logits" means in PyTorch's names.
#
# Its slope is pleasant: $\partial L/\partial z = \sigma(z) - t$, probability minus target. If you build the formula
# from `clamp` and `abs` instead, test it at $z = 0$: there both have a corner, and autograd must pick a slope for each
# by a convention that knows nothing about the other.
#
# **Predict**: what is the loss for $z = 0$? For $z = 1000$ and $t = 0$, and for $z = 1000$ and $t = 1$?
#
# **Write** `bce_with_logits`. Since a column and a row would broadcast, refuse shapes that differ with a `ValueError`.


# %% solution="bce"
def bce_with_logits(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean binary cross-entropy of sigmoid(logits), computed without overflow for logits of any size.

    logits, targets: the same shape, whatever it is; targets are between 0 and 1. Made of elementary operations: none of
    PyTorch's finished losses. Returns a tensor of shape (). Raises ValueError if the two shapes differ.
    """
    ### BEGIN SOLUTION
    if logits.shape != targets.shape:
        raise ValueError(f"logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must have the same shape")
    return (torch.logaddexp(logits, torch.zeros_like(logits)) - targets * logits).mean()
    ### END SOLUTION


# %%
assert torch.isclose(bce_with_logits(torch.tensor([0.0]), torch.tensor([1.0])), torch.tensor(0.6931), atol=1e-4)  # log 2
assert bce_with_logits(torch.tensor([1000.0, 1000.0]), torch.tensor([0.0, 1.0])) == 500.0  # the mean of 1,000 and 0

# %% check="bce" points=2
check("bce")

# %% [markdown]
# **See it.** The loss for $t = 0$ against the logit, in `float32`, computed as the definition says and as you do.

# %%
z = torch.linspace(-20, 120, 281)
naive = -torch.log(1 - torch.sigmoid(z))
middle = torch.log(1 + torch.exp(z))
stable = torch.stack([bce_with_logits(each, torch.tensor(0.0)) for each in z])
for name, values in (("definition", naive), ("log(1 + exp(z))", middle), ("stable", stable)):
    finite = z[torch.isfinite(values)]
    print(f"{name:16s} finite up to z = {finite.max():.1f}")
plot.lines(
    {"stable": (z.numpy(), stable.numpy()), "definition": (z.numpy(), naive.masked_fill(naive.isinf(), torch.nan).numpy())},
    x="logit z",
    y="loss for the target 0",
    caption="The binary cross-entropy of one example with the target 0, in float32. Where the curve of the definition ends, it is infinite.",
    alt="A curve near 0 on the left that rises as a straight line on the right; the second curve covers it and ends soon after z = 16.",
)
claim("your loss is finite and equal to z for large logits", bool(torch.isfinite(stable).all()) and torch.isclose(stable[-1], z[-1]))

# %% [markdown]
# Now train. One detail decides whether there is an exact answer to compare with. In thirty dimensions the training
# tumors can be separated by a plane. Twice the weights then give every tumor a better probability, four times the
# weights a still better one, and the loss has no lowest point. A small *penalty* on the weights gives it one:
# scikit-learn minimizes $\tfrac12\lVert W\rVert^2 + C\sum_k L_k$, which is, divided by $Cn$,
#
# $$\frac1n\sum_k L_k + \frac{\lambda}{2}\lVert W\rVert^2 \quad\text{with } \lambda = \frac{1}{Cn} .$$
#
# The penalty's slope is $\lambda W$, and adding this to the gradient is a setting of the optimizer: `weight_decay`. The
# bias is not penalized, so the two parameters go to the optimizer in two groups.


# %%
def train_layer(outputs: int, loss_fn: Callable, X: np.ndarray, y: np.ndarray, decay: float, lr: float) -> tuple[Linear, list[float]]:
    """A Linear layer in float64, trained on all rows at once with momentum and with weight decay on its weight; and its losses."""
    torch.manual_seed(lab.seed)
    model = Linear(X.shape[1], outputs).double()
    groups = [{"params": [model.weight], "weight_decay": decay}, {"params": [model.bias]}]
    optimizer = torch.optim.SGD(groups, lr=lr, momentum=0.9)
    losses = fit(model, loss_fn, torch.tensor(X), torch.tensor(y), optimizer, lab.params["epochs"], len(X))
    return model, losses


# %%
X_tumors, X_tumors_test, t_tumors, t_tumors_test = load("tumors", lab.seed)
X_tumors, X_tumors_test = standardize(X_tumors, X_tumors_test)
t_column = t_tumors[:, None].astype(float)  # (n, 1), floats: the loss computes with the targets
tumor_model, _ = train_layer(1, bce_with_logits, X_tumors, t_column, decay=1 / len(X_tumors), lr=0.5)  # C = 1
with torch.no_grad():  # nothing is learned here, so nothing need be noted
    logits = tumor_model(torch.tensor(X_tumors_test))[:, 0].numpy()
record("tumor_accuracy", np.mean((logits > 0) == t_tumors_test))
with plot.figure(
    caption="The logits of the test tumors. Above 0 the model says malignant.",
    alt="Two histograms: benign tumors lie mostly left of the line at 0, malignant ones right of it; few lie on the wrong side.",
) as ax:
    bins = np.linspace(-20, 20, 41)
    for target, name in ((0, "benign"), (1, "malignant")):
        ax.hist(np.clip(logits[t_tumors_test == target], -20, 20), bins, alpha=0.65, label=name)
    ax.axvline(0, color=plot.NEUTRAL)
    ax.set(xlabel="logit (beyond ±20 drawn at ±20)", ylabel="number of tumors")
    ax.legend()

# %% [markdown]
# The distance from 0 is the model's confidence: at $z = 5$ it gives odds of $e^5 \approx 150$ to 1. Look where the
# wrong ones lie, near 0 or far from it? A doctor would ask for another test where $|z|$ is small. Whether these are
# scikit-learn's weights comes below.
#
# ## 5. One of ten
#
# For ten classes take ten outputs, a row of logits $z_1, \dots, z_{10}$ for each example. *Softmax* turns them into
# probabilities, and the *cross-entropy* is again the negative logarithm of the probability of the right class $y$:
#
# $$p_c = \frac{e^{z_c}}{\sum_j e^{z_j}}, \qquad L = -\log p_y = \log \sum_j e^{z_j} - z_y .$$
#
# The last form is the one to compute. The first part has the same remedy as before, with the largest logit of the row
# as $m$: `torch.logsumexp(logits, dim=1)`. For the second part pick one entry from each row. A pair of index tensors
# does that, `logits[rows, labels]` with `rows = torch.arange(n)`, and this is why labels must be whole numbers. The
# slope is the old one: $\partial L/\partial z_c = p_c - 1$ for the right class, and $p_c$ for the others.
#
# **Predict**: what is the loss of a model that finds all ten digits equally probable? What becomes of $L$ if you add
# 100 to all logits of a row?
#
# **Write** `cross_entropy`.


# %% solution="cross-entropy"
def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean cross-entropy of softmax(logits) along each row, computed without overflow for logits of any size.

    logits: shape (n, classes). labels: int64, the right class of each row, 0 to classes - 1, shape (n,). Made of
    elementary operations: none of PyTorch's finished losses. Returns a tensor of shape ().
    """
    ### BEGIN SOLUTION
    rows = torch.arange(len(logits), device=logits.device)
    return (torch.logsumexp(logits, dim=1) - logits[rows, labels]).mean()
    ### END SOLUTION


# %%
assert torch.isclose(cross_entropy(torch.zeros(3, 10), torch.tensor([0, 5, 9])), torch.tensor(10.0).log())
assert cross_entropy(torch.tensor([[1000.0, 0.0]]), torch.tensor([1])) == 1000.0

# %% check="cross-entropy" points=1
check("cross-entropy")

# %% [markdown]
# **See it.** Train ten outputs on the digits: *softmax regression*. The call is the one from above, with another loss.
# Then look at what each output looks for, as you did with the perceptron. (A pixel that was never inked in training is
# 0 in all standardized rows, and the decay pulls its weights to 0.)


# %%
def show_weights(weight: np.ndarray, caption: str, alt: str) -> None:
    """Draw the rows of a weight matrix, shape (10, 64), as pictures; red is positive, blue negative, gray zero."""
    limit = np.abs(weight).max()
    with plot.figure(caption=caption, alt=alt, rows=2, columns=5, width=6.4, height=2.9) as axes:
        for digit, ax in enumerate(axes.flat):
            ax.imshow(weight[digit].reshape(8, 8), cmap="coolwarm", vmin=-limit, vmax=limit)
            ax.set_title(str(digit), fontsize=9)
            ax.axis("off")


# %%
X_digits, X_digits_test, y_digits, y_digits_test = load("digits", lab.seed)
X_digits, X_digits_test = standardize(X_digits, X_digits_test)
digit_model, digit_losses = train_layer(10, cross_entropy, X_digits, y_digits, decay=10 / len(X_digits), lr=0.5)  # C = 0.1
with torch.no_grad():
    answers = digit_model(torch.tensor(X_digits_test)).argmax(dim=1).numpy()
print(f"loss {digit_losses[0]:.3f} before the first step, {digit_losses[-1]:.3f} at the end")
record("digit_accuracy", np.mean(answers == y_digits_test))
show_weights(
    digit_model.weight.detach().numpy(),
    caption="The weights of the ten outputs at their pixels. Red: ink here speaks for this digit. Blue: ink here speaks against it.",
    alt="Ten pictures of 8 by 8 weights. For the digit 0 the middle is blue; the others show red strokes and blue gaps of their digits.",
)


# %% [markdown]
# Find the hole of the zero. The other pictures are harder to read, because an output does not ask "what does a 3 look
# like?" but "what tells a 3 from the nine others?".
#
# ## 6. A bend in the middle
#
# So far one layer, and *nn-xor* showed what one layer cannot do. The third model is a *feed-forward network*: several
# layers, and a bend after each but the last. The usual bend today is not the sigmoid but $\operatorname{relu}(z) =
# \max(z, 0)$, applied to each number: `torch.relu`. It has slope 1 wherever it is active, so blame passes through it
# undiminished. After the **last** layer there is no bend, for the loss wants logits of either sign.
#
# A module may hold other modules, and then their parameters count as its own. But only where PyTorch can see them: a
# plain Python list in `self` is invisible. `nn.ModuleList([...])` is a list that registers what it holds.
#
# **Predict**: how many parameters has a network with sizes `[64, 32, 10]`?
#
# **Write** `FeedForward` with your `Linear`. `itertools.pairwise([64, 32, 10])` gives `(64, 32)` and `(32, 10)`.


# %% solution="network"
class FeedForward(nn.Module):
    """Linear layers with a ReLU between any two of them, and none after the last.

    sizes: the numbers of inputs, of the units of each hidden layer, and of outputs; two sizes make a single layer.
    `layers` is an nn.ModuleList of the Linear layers, in order.
    Define forward(self, x): x of shape (..., sizes[0]) -> logits of shape (..., sizes[-1]).
    """

    def __init__(self, sizes: list[int]):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList(Linear(inputs, outputs) for inputs, outputs in itertools.pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        """(..., sizes[0]) -> (..., sizes[-1])."""
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)
        ### END SOLUTION


# %%
network = FeedForward([64, 32, 10])
assert [name for name, _ in network.named_parameters()][:2] == ["layers.0.weight", "layers.0.bias"]
assert sum(parameter.numel() for parameter in network.parameters()) == 64 * 32 + 32 + 32 * 10 + 10
assert network(torch.zeros(7, 64)).shape == (7, 10)

# %% check="network" points=1
check("network")


# %% [markdown]
# **See it.** The network against softmax regression, which is a network without a hidden layer: same digits, same loop,
# same loss, same batches of 32. In `float32` now, as is usual, with labels that stay `int64`.


# %%
def train_network(sizes: list[int], X: np.ndarray, y: np.ndarray) -> tuple[FeedForward, list[float]]:
    """A FeedForward network in float32, trained in batches of 32 without a penalty, and its loss in each epoch."""
    torch.manual_seed(lab.seed)
    model = FeedForward(sizes)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = fit(model, cross_entropy, torch.tensor(X).float(), torch.tensor(y), optimizer, lab.params["network_epochs"], 32)
    return model, losses


# %%
runs = {
    "no hidden layer": train_network([64, 10], X_digits, y_digits),
    "one hidden layer": train_network([64, lab.params["hidden"], 10], X_digits, y_digits),
}
correct = {}
for name, (model, losses) in runs.items():
    with torch.no_grad():
        answers = model(torch.tensor(X_digits_test).float()).argmax(dim=1).numpy()
    correct[name] = np.mean(answers == y_digits_test)
    print(f"{name:16s} training loss {losses[-1]:.4f}, {correct[name]:.1%} of the test digits are right")
record("network_accuracy", correct["one hidden layer"])
claim("the hidden layer ends with a lower training loss", runs["one hidden layer"][1][-1] < runs["no hidden layer"][1][-1])
plot.lines(
    {name: np.array(losses) for name, (_, losses) in runs.items()},
    log_y=True,
    x="epoch",
    y="training loss",
    caption="Mean cross-entropy on the training digits in each epoch. Logarithmic axis.",
    alt="Two falling curves; the one with a hidden layer ends far below the other.",
)

# %% [markdown]
# On the training digits the difference is large, on the test digits small: most of what the network learned beyond the
# single layer is about digits that it has seen. Whether the small difference is more than luck takes several splits;
# the lab *nn-micrograd* does that comparison.
#
# ## Experiment: three mistakes without an error message
#
# Everything so far was compared with something. Suppose you had not, and suppose one line were wrong. Train linear
# regression on the patients in four ways: as above, and with one of these mistakes, none of which raises an error.
#
# - **no `zero_grad`**: each step follows the sum of all gradients so far;
# - **not standardized**: the features as they were measured;
# - **targets as a row**: predictions of shape $(n, 1)$ minus targets of shape $(n,)$, the $(n, n)$ table from the
#   beginning.
#
# Every run gets a random number of steps between 40 and 80, and the best of three learning rates by its own training
# loss, so that none is helped or harmed by a rate chosen for another. What counts is the error on test patients: the
# root of the mean squared error (RMSE), in the units of the progression. For scale, a last line gives the error of
# answering everyone with the mean of the training patients.
#
# **Predict**: rank the three mistakes. Which one does worse than answering the mean?


# %%
def train_wrongly(mistake: str, X: np.ndarray, y: np.ndarray, lr: float, steps: int, seed: int) -> tuple[Linear, list[float]]:
    """Linear regression on all rows at once, with a `mistake` or with "none"; returns the model and the loss of each step."""
    X, y = torch.tensor(X), torch.tensor(y)
    torch.manual_seed(seed)
    model = Linear(X.shape[1], 1).double()
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(steps):
        if mistake != "no zero_grad":
            optimizer.zero_grad()
        loss = mse(model(X), y if mistake == "targets as a row" else y[:, None])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


# %%
def test_error(mistake: str, seed: int) -> float:
    """RMSE on the test patients of one split, with the learning rate that gave the lowest training loss."""
    X, X_new, y, y_new = load("patients", seed)
    if mistake != "not standardized":
        X, X_new = standardize(X, X_new)
    steps = int(np.random.default_rng(seed).integers(40, 80))
    runs = [train_wrongly(mistake, X, y, lr, steps, seed) for lr in (1e-1, 1e-3, 1e-5)]
    best, _ = min(runs, key=lambda run: np.nan_to_num(run[1][-1], nan=np.inf))
    with torch.no_grad():
        return float(mse(best(torch.tensor(X_new)), torch.tensor(y_new)[:, None]).sqrt())


def constant_error(seed: int) -> float:
    """RMSE on the test patients of one split, if everyone is answered with the mean of the training patients."""
    _, _, y, y_new = load("patients", seed)
    return float(np.sqrt(np.mean((y_new - y.mean()) ** 2)))


# %%
def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


# %%
ways = ("none", "not standardized", "targets as a row", "no zero_grad")
seeds = lab.seeds(lab.params["seeds"])
errors = {way: np.array([test_error(way, seed) for seed in seeds]) for way in ways}
ends = {way: bootstrap_interval(values) for way, values in errors.items()}
costs = {way: errors[way] - errors["none"] for way in ways[1:]}  # paired: the same split, the same number of steps
for way, values in errors.items():
    print(f"{way:17s} RMSE {values.mean():6.1f}, 95 % interval {ends[way][0]:6.1f} to {ends[way][1]:6.1f}", end="")
    low, high = bootstrap_interval(costs[way]) if way in costs else (0.0, 0.0)
    print(f"   costs {costs[way].mean():5.1f}, {low:5.1f} to {high:5.1f}" if way in costs else "")
print(f"the mean for all  RMSE {np.mean([constant_error(seed) for seed in seeds]):6.1f}")
plot.bars(
    {way: values.mean() for way, values in errors.items()},
    errors=ends,
    y="RMSE on test patients",
    caption="Linear regression without a mistake and with three: mean test error over 20 splits, with 95 % intervals.",
    alt="Four bars with intervals: no mistake is lowest, then not standardized, then targets as a row, and no zero_grad is highest.",
)

# %%
record("rmse_right", errors["none"].mean())
for name, way in (("cost_scale", "not standardized"), ("cost_row", "targets as a row"), ("cost_zero_grad", "no zero_grad")):
    record(name, costs[way].mean())
claim("each mistake costs: the 95 % interval of its paired cost lies above 0", all(bootstrap_interval(c)[0] > 0 for c in costs.values()))

# %% [markdown]
# Read the bars from left to right. Features of different sizes leave the model half trained. With the targets as a row
# it can do no better than one answer for everybody; you will say why in your own words. And without `zero_grad` the run
# does not settle at all. See its loss step by step:

# %%
with plot.figure(
    caption="Training loss of linear regression on the patients, with and without clearing the gradients.",
    alt="One curve falls to a low level and stays there; the other swings up and down between low and high values again and again.",
) as ax:
    for name, mistake in (("without zero_grad", "no zero_grad"), ("with zero_grad", "none")):
        ax.plot(train_wrongly(mistake, X_train, y_train, 0.1, 60, lab.seed)[1], label=name)
    ax.set(xlabel="step", ylabel="training loss")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

# %% [markdown]
# A pendulum without friction: the sum of all gradients acts like a speed that nothing brakes. (Momentum is the same
# idea with a brake: the factor 0.9.) The loss *was* low, several times. Stop by chance at such a moment and you will
# believe that all is well; that is why the runs above stopped at random.
#
# ## Against the real thing
#
# Time to compare everything that has an exact answer. scikit-learn's `Ridge` is linear regression with the penalty
# $\alpha\lVert\mathbf{w}\rVert^2$ on the *sum* of squared errors, which is a weight decay of $2\alpha/n$ for the mean.
# `LogisticRegression` is both of the others. Each has a solver of its own that shares no line with your loop. One thing
# to know about softmax: adding the same number to all ten biases changes no probability, so biases are compared up to
# that.


# %%
def largest_gap(model: Linear, weight: np.ndarray, bias: np.ndarray) -> float:
    """The largest difference between a layer's parameters and weight (k, d), bias (k,); several biases up to a common number."""
    own_weight, own_bias = model.weight.detach().numpy(), model.bias.detach().numpy()
    if len(bias) > 1:
        own_bias, bias = own_bias - own_bias.mean(), bias - bias.mean()
    return float(max(np.abs(own_weight - weight).max(), np.abs(own_bias - bias).max()))


# %%
ridge_model, _ = train_layer(1, mse, X_train, y_train[:, None], decay=2 * 10.0 / len(X_train), lr=0.1)
ridge = Ridge(alpha=10.0).fit(X_train, y_train)
exact = {"solver": "newton-cholesky", "tol": 1e-10}
logistic = LogisticRegression(C=1.0, **exact).fit(X_tumors, t_tumors)
softmax = LogisticRegression(C=0.1, **exact).fit(X_digits, y_digits)
gaps = {
    "ridge_gap": largest_gap(ridge_model, ridge.coef_[None], np.array([ridge.intercept_])),
    "logistic_gap": largest_gap(tumor_model, logistic.coef_, logistic.intercept_),
    "softmax_gap": largest_gap(digit_model, softmax.coef_, softmax.intercept_),
}
for name, gap in gaps.items():
    record(name, gap)
print(f"steps of scikit-learn's solver: {logistic.n_iter_[0]} on the tumors, {softmax.n_iter_[0]} on the digits")
claim("all three linear models have scikit-learn's parameters, to four decimals", max(gaps.values()) <= 1e-4)

# %% [markdown]
# The network has no exact answer: its loss has many low places. But parts of it can be compared. Let scikit-learn's
# `MLPClassifier` learn the digits, put *its* weights into your network, and both must compute the same probabilities.
# And let PyTorch's own layers and its own loss learn with *your* loop from the same start: all losses must agree.

# %%
peer = MLPClassifier((32,), random_state=lab.seed)
for _ in range(5):
    peer.partial_fit(X_digits, y_digits, classes=range(10))
mine = FeedForward([64, 32, 10]).double()
pairs = enumerate(zip(peer.coefs_, peer.intercepts_, strict=True))
state = {f"layers.{k}.{part}": torch.tensor(v) for k, (w, b) in pairs for part, v in (("weight", w.T), ("bias", b))}
mine.load_state_dict(state)
probabilities = mine(torch.tensor(X_digits_test)).softmax(dim=1).detach().numpy()
record("probability_gap", np.abs(probabilities - peer.predict_proba(X_digits_test)).max())

theirs = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).double()
theirs.load_state_dict({f"{2 * k}.{part}": state[f"layers.{k}.{part}"] for k in (0, 1) for part in ("weight", "bias")})
X_torch, y_torch = torch.tensor(X_digits), torch.tensor(y_digits)
histories = [
    fit(model, loss_fn, X_torch, y_torch, torch.optim.Adam(model.parameters(), lr=1e-3), epochs=5, batch_size=32)
    for model, loss_fn in ((mine, cross_entropy), (theirs, nn.CrossEntropyLoss()))
]
record("history_gap", np.abs(np.subtract(*histories)).max())

# %%
generator = torch.Generator().manual_seed(lab.seed)
z = 100 * torch.randn(500, 10, generator=generator, dtype=torch.float64)
t, labels = torch.rand(500, 10, generator=generator, dtype=torch.float64), torch.randint(10, (500,), generator=generator)
own = torch.stack([bce_with_logits(z, t), cross_entropy(z, labels)])
theirs = torch.stack([F.binary_cross_entropy_with_logits(z, t), F.cross_entropy(z, labels)])
print("binary cross-entropy and cross-entropy, yours:     ", own.tolist())
print("binary cross-entropy and cross-entropy, PyTorch's: ", theirs.tolist())
claim("your losses are PyTorch's, to twelve digits", torch.allclose(own, theirs, rtol=1e-12, atol=0))

# %% [markdown]
# The second comparison changed the optimizer as well: `Adam`, which adapts the step of every parameter by itself, went
# into your loop without a change to it. That is what the division into model, loss and optimizer is for.
#
# What do the professionals' versions do better? The solver chosen here uses second derivatives: look at its number of
# steps, where your loop took hundreds. For linear models on data that fit into memory, use it. `nn.Linear` runs on
# every device and in every type, and `nn.CrossEntropyLoss` takes class weights, smoothed labels and rows to ignore.
# `DataLoader` makes the batches, in several processes; you build it in the lab *torch-datasets*. The loop itself is
# still written by hand in most research code, and it looks like yours.

# %% [markdown] answer="silent" points=2
# ## In your own words
#
# 1. With predictions $p_i$ of shape $(n, 1)$ and targets $y_k$ of shape $(n,)$, the loss is $\frac{1}{n^2}\sum_i\sum_k
#    (p_i - y_k)^2$. Which value of $p_i$ makes it smallest, and why does the model then answer the same for every
#    patient?
# 2. Standardizing is a change of units: $x'_j = (x_j - \mu_j)/s_j$. Show that the *closed form* of linear regression
#    gives the same predictions with and without it. Why then did gradient descent need it?
#
# ### BEGIN SOLUTION
# 1. For a fixed $i$, only $\sum_k (p_i - y_k)^2$ depends on $p_i$. Its derivative, $2\sum_k (p_i - y_k)$, is 0 at $p_i
#    = \bar y$, the mean of all targets. This is the same value for every $i$: the pairing of patient and target is
#    lost. With $\mathbf{w} = 0$ and $b = \bar y$ the model reaches this value for all patients at once, so that is
#    where training goes.
# 2. For every choice of weights on the raw features there are weights on the standardized ones with the same
#    predictions, $w'_j = s_j w_j$ and $b' = b + \sum_j w_j \mu_j$, and the other way round. So both problems offer the
#    same set of predictions with the same errors, and the best of them is the same. Gradient descent does not compare
#    predictions, it takes steps in the space of weights: how far a step may go is decided by the largest feature, and
#    the others (and the bias) then crawl. Standardizing takes away the differences in steepness that come from the
#    units alone.
#
# *Rubric*: 1 point for the mean as the minimum with a reason (derivative, or "the mean is the best constant") and for
# saying that it is the same for each patient; half of it without the reason. 1 point for the correspondence of weights
# (in formulas or in clear words) and for naming the step size or the different steepness; half of it if one of the two
# is missing.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **No `zero_grad`.** Gradients add up from step to step, and the loss swings. Clear them before every `backward()`.
# - **A column against a row.** `(n, 1)` minus `(n,)` is `(n, n)`. Print `predictions.shape` and `targets.shape` once.
# - **`w = w - lr * w.grad`.** That makes a new tensor; the old one, which the model or the caller holds, stays as it
#   was.
# - **Keeping `loss` instead of `loss.item()`.** A list of loss tensors keeps the notes of every step alive, and memory
#   grows.
# - **Softmax or a sigmoid before a loss that works from logits.** The model still learns, slowly and worse. The last
#   layer ends without a bend.
# - **Layers in a plain list.** `parameters()` does not find them, so the optimizer never moves them; no error tells, as
#   long as it finds something else.
# - **`float64` data into a `float32` model.** This one does raise an error. Convert the data once, at the beginning:
#   `torch.tensor(X, dtype=torch.float32)`.
# - **Standardizing before splitting.** The test set has then shaped the training features. Fit on the training split,
#   apply to both.
# - **`.numpy()` on a tensor that requires gradients.** PyTorch refuses; `x.detach().numpy()` says that you mean the
#   values.
#
# ## Scale it up
#
# This lab has a `cpu` profile only: its largest product is 1,198 by 64 by 10, and a GPU would spend its time on being
# called. But your code is already written for one. Put the model and the data on the same device,
#
#     model.to("cuda")
#     X, y = X.to("cuda"), y.to("cuda")
#
# and `fit`, both losses and all three models run there as they are (for `fit`, the order of the rows may stay on the
# CPU). What changes at scale is everything around the loop: data that do not fit into memory (*torch-datasets*), a run
# that must survive being interrupted and should announce its price (*torch-first-cloud-run*), and tracking of what was
# tried.
#
# ## Exercises
#
# 1. [conceptual] Without `zero_grad`, the bias of linear regression on standardized features follows $b_{t+1} - 2 b_t +
#    b_{t-1} = -2\eta\,(b_t - \bar y)$. Show this, and that it swings with a period of $\pi/\arcsin\sqrt{\eta/2}$ steps.
#    *Success*: for $\eta = 0.1$ your period agrees with that of the bias in a copy of `train_wrongly` that notes it, to
#    half a step. (The loss swings twice as fast. Why?)
# 2. [short-code] Write the *Huber loss*: $\tfrac12 e^2$ for an error $|e| \le 1$ and $|e| - \tfrac12$ beyond, averaged.
#    *Success*: its values and gradients agree with `F.huber_loss` to $10^{-12}$ on 100 random errors, and `fit` trains
#    a `Linear` with it without a change.
# 3. [short-code] Use `torch.optim.LBFGS`, whose `step` takes a function that computes the loss anew. *Success*: on the
#    standardized patients in `float64`, the gap to the closed form is below $10^{-4}$ after at most five calls of
#    `step`.
# 4. [short-code] Standardize with the means and deviations of *all* patients, and compare the test RMSE of
#    `least_squares` and of `Ridge(alpha=10)` with the honest way, over 20 splits. *Success*: one of the two does not
#    change at all (say which and why); for the other you report a paired interval and say why you would not cheat even
#    if it contains 0.
# 5. [extended] Write `class Adam` with `zero_grad` and `step` from algorithm 1 of Kingma and Ba, with its bias
#    corrections. *Success*: `fit` takes it as it is, and after 5 epochs on the digits its losses agree with
#    `torch.optim.Adam`'s to $10^{-8}$ in `float64`.
#
# ## References
#
# - A. Paszke et al. (2019). *PyTorch: an imperative style, high-performance deep learning library.* NeurIPS 32.
#   <https://arxiv.org/abs/1912.01703>. Section 4 on what a program in PyTorch looks like, and why.
# - I. Goodfellow, Y. Bengio and A. Courville (2016). *Deep Learning.* MIT Press. <https://www.deeplearningbook.org>.
#   Sections 5.1.4 (linear regression), 6.2.2 (output units and their losses).
# - Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller (1998). *Efficient BackProp.* In Neural Networks: Tricks of the
#   Trade, Springer. <https://doi.org/10.1007/3-540-49430-8_2>. Section 4.3, normalizing the inputs.
# - B. T. Polyak (1964). *Some methods of speeding up the convergence of iteration methods.* USSR Computational
#   Mathematics and Mathematical Physics 4(5), 1–17. <https://doi.org/10.1016/0041-5553(64)90137-5>. Momentum.
# - D. P. Kingma and J. Ba (2015). *Adam: a method for stochastic optimization.* ICLR.
#   <https://arxiv.org/abs/1412.6980>. Algorithm 1.
# - P. Blanchard, D. J. Higham and N. J. Higham (2021). *Accurately computing the log-sum-exp and softmax functions.*
#   IMA Journal of Numerical Analysis 41(4), 2311–2330. <https://doi.org/10.1093/imanum/draa038>.
# - A. E. Hoerl and R. W. Kennard (1970). *Ridge regression: biased estimation for nonorthogonal problems.*
#   Technometrics 12(1), 55–67. <https://doi.org/10.1080/00401706.1970.10488634>.
# - The data: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani (2004), *Least angle regression*, Annals of Statistics
#   32(2), 407–499, <https://doi.org/10.1214/009053604000000067> (patients); W. Wolberg, O. Mangasarian, N. Street and
#   W. Street (1995), *Breast Cancer Wisconsin (Diagnostic)*, <https://doi.org/10.24432/C5DW2B> (tumors); E. Alpaydin
#   and C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, <https://doi.org/10.24432/C50P49> (digits), both
#   UCI Machine Learning Repository.
# - PyTorch, *Autograd mechanics*: <https://docs.pytorch.org/docs/stable/notes/autograd.html>.
