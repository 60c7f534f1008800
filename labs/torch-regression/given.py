"""References of the lab torch-regression, which stand in for the answers to earlier tasks, and tools that run the learner's code
where it lives, for what happens to a tensor's gradient or to a module cannot be seen from another process. `slip` names a mistake
to make, for the messages. This file needs only torch: its text is sent to the learner's kernel when a grader judges from
outside.
"""

import itertools

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

# What an answer may not consist of: PyTorch's finished losses, under the names that their calls have.
READY_MADE = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "soft_margin_loss",
    "cross_entropy",
    "cross_entropy_loss",
    "nll_loss",
    "nll_loss_nd",
    "multi_margin_loss",
)

# ---- step -------------------------------------------------------------------------------------------------------------


def gradient_step(X, y, w, b, lr, slip=""):
    """The slopes by formula, without autograd; changes w and b in place."""
    with torch.no_grad():
        error = X @ w + b - y
        if slip == "column":
            error = (X @ w + b)[:, None] - y
        loss = (error**2).sum() if slip == "sum" else (error**2).mean()
        scale = 1 if slip == "sum" else 1 / len(X)
        if slip == "column":
            error = error.mean(dim=1)
        slope_w, slope_b = 2 * scale * (X.T @ error), 2 * scale * error.sum()
        sign = -1 if slip == "uphill" else 1
        w -= sign * lr * slope_w
        if slip != "weights only":
            b -= sign * lr * slope_b
        if slip == "after":
            loss = ((X @ w + b - y) ** 2).mean()
    return loss.item()


def accumulating(X, y, w, b, lr, steps):
    """Steps whose gradients are never cleared."""
    sums, losses = [torch.zeros_like(w), torch.zeros_like(b)], []
    for _ in range(steps):
        old = w.clone(), b.clone()
        losses.append(gradient_step(X, y, w, b, 1.0))
        for total, before, after in zip(sums, old, (w, b), strict=True):
            total += before - after
            after.copy_(before - lr * total)
    return losses


def steps_taken(gradient_step, X, y, w, b, lr, steps, stale=False):
    """Take `steps` steps from copies of w and b. Returns what came back and what became of the two."""
    w, b, X, y = (each.detach().clone() for each in (w, b, X, y))
    w.requires_grad_(), b.requires_grad_()
    if stale:
        w.grad, b.grad = torch.full_like(w, 7.0), torch.full_like(b, -3.0)
    kept = X.clone(), y.clone()
    losses = [gradient_step(X, y, w, b, lr) for _ in range(steps)]
    return {
        "losses": [float(each) if isinstance(each, int | float | torch.Tensor) else each for each in losses],
        "kinds": [type(each).__name__ for each in losses],
        "w": w.detach().clone(),
        "b": b.detach().clone(),
        "leaves": w.requires_grad and b.requires_grad and w.is_leaf and b.is_leaf,
        "same data": torch.equal(kept[0], X) and torch.equal(kept[1], y),
    }


# ---- modules ----------------------------------------------------------------------------------------------------------


class Linear(nn.Module):
    """A linear layer."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter((2 * torch.rand(outputs, inputs) - 1) / inputs**0.5)
        self.bias = nn.Parameter((2 * torch.rand(outputs) - 1) / inputs**0.5)

    def forward(self, x):
        return nn.functional.linear(x, self.weight, self.bias)


class FeedForward(nn.Module):
    """Linear layers with a ReLU between them."""

    def __init__(self, sizes, slip=""):
        super().__init__()
        self.layers = nn.ModuleList(Linear(a, b) for a, b in itertools.pairwise(sizes))
        self.slip = slip

    def forward(self, x):
        bend = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "no bend": lambda z: z}.get(self.slip, torch.relu)
        for number, layer in enumerate(self.layers):
            last = number == len(self.layers) - 1
            x = layer(x)
            if not last or self.slip == "last too":
                x = bend(x)
            if last and self.slip == "softmax":
                x = x.softmax(-1)
            if self.slip == "one bend" and number == 0:
                bend = lambda z: z  # noqa: E731
        return x


def ran(make, arguments, state, x, r):
    """Outputs of make(*arguments), in float64 and with the weights `state`, for `x`; and the slopes of the sum of r times them."""
    model = make(*arguments).double()
    model.load_state_dict(state)
    x = x.detach().clone().requires_grad_()
    out = model(x)
    found = {"out": out.detach().clone() if isinstance(out, torch.Tensor) else out}
    if isinstance(out, torch.Tensor) and out.requires_grad and out.shape == r.shape:
        names = ["x", *(name for name, _ in model.named_parameters())]
        slopes = torch.autograd.grad((out * r).sum(), [x, *model.parameters()], allow_unused=True)
        found["slopes"] = dict(zip(names, slopes, strict=True))
    return found


# ---- fit --------------------------------------------------------------------------------------------------------------


def fit(model, loss_fn, X, y, optimizer, epochs, batch_size, seed=0, slip=""):
    """The training loop."""
    generator = torch.Generator().manual_seed(seed)
    order, losses = torch.randperm(len(X), generator=generator), []
    generator.manual_seed(seed)
    for _ in range(epochs):
        if slip == "new generator":
            generator.manual_seed(seed)
        if slip != "one order":
            order = torch.randperm(len(X), generator=generator)
        if slip == "no order":
            order = torch.arange(len(X))
        batches, found = list(order.split(batch_size)), []
        if slip == "drop last" and len(batches[-1]) < batch_size:
            batches.pop()
        if slip == "clear once":
            optimizer.zero_grad()
        for rows in batches:
            if slip == "step first":
                optimizer.step()
            if slip not in ("never clear", "clear once"):
                optimizer.zero_grad()
            loss = loss_fn(model(X[rows]), y[rows])
            loss.backward()
            if slip not in ("step first", "step once"):
                optimizer.step()
            found.append((loss.item(), len(rows)))
        if slip == "step once":
            optimizer.step()
        total, count = sum(value * size for value, size in found), sum(size for _, size in found)
        losses.append({"unweighted": sum(v for v, _ in found) / len(found), "last": found[-1][0], "sum": total}.get(slip, total / count))
    return losses


def mse(predictions, targets):
    """The mean squared error."""
    return ((predictions - targets) ** 2).mean()


def bce_with_logits(logits, targets):
    """The binary cross-entropy."""
    return (nn.functional.softplus(logits, threshold=1e9) - logits * targets).mean()


def cross_entropy(logits, labels):
    """The cross-entropy."""
    return -logits.log_softmax(1).gather(1, labels[:, None]).mean()


class Watched(nn.Module):
    """A linear model that notes inputs and outputs of every pass on which a backward pass can follow."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer, self.seen, self.gave = nn.Linear(inputs, outputs).double(), [], []

    def forward(self, x):
        out = self.layer(x)
        if torch.is_grad_enabled():
            self.seen.append(x.detach().clone())
            self.gave.append(out.detach().clone())
        return out


def fitted(fit, X, y, weight, bias, how, stale=False):
    """Run `fit` on a linear model with these weights. how: "loss", "optimizer", "epochs", "batch_size", and perhaps "seed".

    Returns the losses and their types, the weights afterwards, and inputs and outputs of each batch.
    """
    model = Watched(weight.shape[1], weight.shape[0])
    model.load_state_dict({"layer.weight": weight, "layer.bias": bias})
    optimizer = {
        "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.05),
        "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
        "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.05),
    }[how["optimizer"]](model.parameters())
    loss_fn = {"mse": mse, "bce": bce_with_logits, "cross-entropy": cross_entropy}[how["loss"]]
    if stale:
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, 5.0)
    X, y = X.clone(), y.clone()
    kept = X.clone(), y.clone()
    seeds = {"seed": how["seed"]} if "seed" in how else {}
    losses = fit(model, loss_fn, X, y, optimizer, how["epochs"], how["batch_size"], **seeds)
    listed = list(losses) if isinstance(losses, list | tuple | torch.Tensor) or hasattr(losses, "tolist") else losses
    return {
        "losses": [float(each) for each in listed] if isinstance(listed, list) else listed,
        "kinds": [type(each).__name__ for each in listed] if isinstance(listed, list) else [],
        "weight": model.layer.weight.detach().clone(),
        "bias": model.layer.bias.detach().clone(),
        "seen": model.seen,
        "gave": model.gave,
        "same data": torch.equal(kept[0], X) and torch.equal(kept[1], y),
    }


# ---- losses -----------------------------------------------------------------------------------------------------------


class Listening(TorchFunctionMode):
    """Context that notes the names of the functions of PyTorch that are called in it."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.names.append(getattr(function, "__name__", ""))
        return function(*args, **(kwargs or {}))


def ready_made(loss_fn, logits, targets):
    """The finished losses of PyTorch that `loss_fn` calls."""
    with Listening() as heard:
        loss_fn(logits, targets)
    return [name for name in heard.names if name in READY_MADE]
