"""What proves the answers of the lab cnn-transfer right.

Every answer is tried on a small network in stages from given.py, in float64. While `unfreeze` is checked, `freeze` and
`parameter_groups` are the references in given.py, so that a mistake in those costs one task.
"""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

from scratchlab.checks import Wrong, beside, describe, expect, expect_close, expect_shape, given, load_given, task, unchanged

references = load_given(__file__)
PARTS = ("stage 0", "stage 1", "stage 2", "head")


def seed_of(rng) -> int:
    """A seed for given.py."""
    return int(rng.integers(2**31))


def named(flags, names=PARTS) -> str:
    """The names whose flag is set, for a message."""
    return ", ".join(name for name, flag in zip(names, flags, strict=True) if flag) or "none"


def few(names) -> str:
    """At most four names, for a message."""
    names = list(names)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "") if names else "none"


def of_stages(names, until) -> list[str]:
    """Those names of weights and buffers that belong to the first `until` stages."""
    return [name for name in names if name.startswith("stages.") and int(name.split(".")[1]) < until]


# ---------------------------------------------------------------- 1. freeze

freeze = task(
    "freeze",
    hints=(
        "Freezing has two halves: no gradients for the parameters, and evaluation mode for BatchNorm and dropout. Set both for every "
        "part of the model, the free parts included, for the call before may have left them frozen.",
        "Stage number i is free if i >= until. module.requires_grad_(flag) sets all of its parameters, module.train(flag) the mode of it "
        "and of all modules inside; both take True or False.",
        "`model.train()`, then `for i, stage in enumerate(model.stages): stage.requires_grad_(i >= until); stage.train(i >= until)`, and "
        "the head: `model.head.requires_grad_(True)`",
    ),
)
NOT_EVAL = "requires_grad = False stops gradients only; in training mode the forward pass itself moves running_mean: stage.eval()"


def frozen(student, rng, calls):
    return beside(student, references.frozen)(student.freeze, seed_of(rng), calls)


def said(calls):
    """The calls of `frozen` in words."""
    words = {"off": "model.requires_grad_(False)", "eval": "model.eval()", "train": "model.train()"}
    return " then ".join(words.get(each) or f"freeze(model, {each})" for each in calls)


@freeze.property("the frozen stages get no gradients")
def no_gradients(student, rng):
    for until in (1, 2, 3):
        got = frozen(student, rng, [until])["gradients"]
        expect(
            not any(got[:until]),
            tried=f"freeze(model, {until}) on three stages, then a backward pass",
            got=f"gradients in {named(got)}",
            expected=f"none in the first {until}",
            look="requires_grad_(False) on each of the stages 0 ... until - 1; eval() alone does not stop gradients",
        )


@freeze.property("everything else gets gradients, whatever was frozen before")
def rest_gets_gradients(student, rng):
    for calls in ([2], [0], [3, 1], [3, 2, 0], [1, 3], ["off", 1]):
        got, until = frozen(student, rng, calls)["all_gradients"], calls[-1]
        expect(
            all(got[until:]),
            tried=said(calls) + ", then a backward pass",
            got=f"gradients in {named(got)}",
            expected=named([place >= until for place in range(4)]),
            look="an earlier call may have frozen more: set requires_grad to True in the free stages and the head, not only to False below",
        )


@freeze.property("the running statistics of frozen stages stay as they are, bit for bit")
def statistics_stay(student, rng):
    for until in (1, 3):
        moved = of_stages(frozen(student, rng, [until])["moved"], until)
        expect(
            not moved,
            tried=f"freeze(model, {until}), then one forward and backward pass, without an optimizer",
            got=f"changed: {few(moved)}",
            expected="no change in frozen stages",
            look=NOT_EVAL,
        )


@freeze.property("dropout in frozen stages is off")
def no_dropout(student, rng):
    gap = beside(student, references.noise)(student.freeze, seed_of(rng), 2)
    expect(
        gap == 0,
        tried="the same inputs twice through two frozen stages, which hold dropout",
        got=f"outputs that differ by {gap:.2g}",
        expected="the same outputs",
        look="put the whole stage into evaluation mode, not just its BatchNorm",
    )


@freeze.property("everything else is in training mode, also after a validation")
def rest_trains(student, rng):
    for calls in ([2], ["eval", 1], [3, 1], ["eval", 3]):
        got, until = frozen(student, rng, calls)["training"], calls[-1]
        expect(
            all(got[until:]),
            tried=said(calls),
            got=f"training mode in {named(got)}",
            expected=named([place >= until for place in range(4)]),
            look="freeze opens every epoch: it calls train() for the free stages and the head, and eval() for the frozen ones",
        )


@freeze.property("three epochs of training and validation leave frozen stages untouched")
def frozen_for_good(student, rng):
    for until in (1, 2):
        changed = beside(student, references.epochs)(student.freeze, seed_of(rng), until)
        expect(
            not of_stages(changed, until) and changed,
            tried=f"three epochs, each model.train(), freeze(model, {until}), a step of AdamW on all parameters, model.eval()",
            got=f"changed: {few(of_stages(changed, until))}" if changed else "nothing changed anywhere",
            expected="the free stages changed, the frozen ones equal bit for bit",
            look="what differs tells you which half is missing: weights need requires_grad_(False), running statistics need eval()",
        )


@freeze.property("freezing itself changes no weight")
def changes_nothing(student, rng):
    touched = frozen(student, rng, [2])["touched"]
    expect(not touched, tried="freeze(model, 2)", got=f"changed: {few(touched)}", expected="no change", look="set flags and modes only")


# ---------------------------------------------------------------- 2. features

features = task(
    "features",
    hints=(
        "Evaluation mode, no gradients, batch after batch through the first stages, all results joined; then every module back in its "
        "mode.",
        "Note the modes first: {module: module.training for module in model.modules()}. x.split(batch_size) gives the batches, the last "
        "one may be smaller; torch.cat joins results along the first axis.",
        "`model.eval()`, `with torch.no_grad():` a loop over x.split(batch_size), `for stage in model.stages[:until]: part = stage(part)`, "
        "`done.append(part)`; at the end `for module, mode in modes.items(): module.training = mode`",
    ),
)


def featured(student, rng, until=2, batch_size=3, count=7):
    got = beside(student, references.featured)(student.features, seed_of(rng), until, batch_size, count)
    tried = f"{count} inputs in batches of {batch_size} through the first {until} of three stages"
    expect(got["tensor"], tried=tried, got="something else", expected="a tensor", look="torch.cat(list of results)")
    return got, tried


@features.property("they are what the first stages give in evaluation mode")
def as_in_evaluation(student, rng):
    for until in (0, 1, 3):
        got, tried = featured(student, rng, until, 7)
        expect_shape(got["got"], tuple(got["want"].shape), tried=tried, look="only the first `until` stages: no pooling, no head")
        look = "is the whole model in evaluation mode? Stages in training mode normalize with the batch, and drop values"
        expect_close(got["got"], got["want"], tried=tried, look=look)


@features.property("all inputs come back in order, for every batch size")
def any_batch_size(student, rng):
    for batch_size, count in ((1, 4), (3, 7), (4, 8), (50, 5)):
        got, tried = featured(student, rng, 2, batch_size, count)
        expect_shape(got["got"], tuple(got["want"].shape), tried=tried, look="the last batch may be smaller than the others: keep it")
        look = "a result must not depend on the batch it came in; are the batches joined in order, with torch.cat?"
        expect_close(got["got"], got["want"], tried=tried, look=look)


@features.property("no batch is larger than batch_size")
def small_batches(student, rng):
    got, tried = featured(student, rng, 2, 3, 7)
    expect(
        bool(got["seen"]) and max(got["seen"]) <= 3,
        tried=tried,
        got=f"batches of {got['seen']}",
        expected="at most 3 at a time",
        look="memory is why there are batches: send x.split(batch_size) through the stages one after another",
    )


@features.property("each input passes once")
def once(student, rng):
    got, tried = featured(student, rng, 2, 3, 7)
    expect(sum(got["seen"]) == 7, tried=tried, got=f"batches of {got['seen']}", expected="7 inputs in all", look="one pass is enough")


@features.property("weights and running statistics stay as they are")
def leaves_statistics(student, rng):
    got, tried = featured(student, rng)
    look = "no_grad does not stop BatchNorm: without eval() its running statistics move with every batch"
    expect(not got["changed"], tried=tried, got=f"changed: {few(got['changed'])}", expected="no change", look=look)


@features.property("every module is left in the mode in which it was")
def leaves_modes(student, rng):
    got, tried = featured(student, rng)
    expect(
        got["modes"],
        tried=tried + ", on a model in training mode whose stage 1 was in evaluation mode",
        got="other modes afterwards",
        expected="the modes of before, module by module",
        look="note module.training of all model.modules() before eval(); model.train() at the end would wake frozen stages",
    )


@features.property("the flags requires_grad of the parameters stay as they are")
def leaves_flags(student, rng):
    got, tried = featured(student, rng)
    expect(
        got["asked"], tried=tried, got="other flags", expected="the flags of before", look="use torch.no_grad(), which ends with its block"
    )


@features.property("no graph hangs on to them")
def no_graph(student, rng):
    got, tried = featured(student, rng)
    look = "inside `with torch.no_grad():` nothing is noted for a backward pass, so memory is freed stage by stage"
    expect(not got["graph"], tried=tried, got="features that require gradients", expected="plain numbers", look=look)


@features.property("a later stage can be trained on them")
def can_be_trained_on(student, rng):
    error = beside(student, references.trained_on)(student.features, seed_of(rng))
    expect(
        not error,
        tried="a backward pass through the last stage, with features of the first two as its inputs",
        got=error,
        expected="gradients in the last stage",
        look="tensors made in torch.inference_mode() cannot take part in a backward pass later: use torch.no_grad()"
        if "nference" in error
        else "what comes back must be just what the next stage takes: no pooling, no head",
    )


# ---------------------------------------------------------------- 3. the probe

probe = task(
    "probe",
    hints=(
        "One linear layer, one loss, all examples at once. It is convex, so any optimizer that runs to the end finds the same layer.",
        "J = F.cross_entropy(head(X), y) + penalty / 2 * (head.weight ** 2).sum(). The bias is not penalized. LBFGS calls a function that "
        "clears the gradients, computes J, calls backward and returns J.",
        "`head = nn.Linear(X.shape[1], classes, dtype=X.dtype)`, `optimizer = torch.optim.LBFGS(head.parameters(), max_iter=500, "
        'tolerance_grad=1e-8, tolerance_change=1e-12, line_search_fn="strong_wolfe")`, and `optimizer.step(closure)` once',
    ),
)


def problem(rng, n=40, d=6, classes=4):
    """Features (n, d) of unequal size and offset, and labels with unequal frequencies."""
    X = rng.standard_normal((n, d)) * rng.uniform(0.5, 1.5, d) + rng.uniform(0, 1, d)
    y = np.concatenate([np.arange(classes), rng.choice(classes, n - classes, p=(np.arange(classes) + 1) / (classes * (classes + 1) / 2))])
    return torch.from_numpy(X), torch.from_numpy(y)


def probed(student, X, y, classes, penalty, tried):
    """Weight and bias of the learner's probe."""
    head = student.fit_probe(X.clone(), y.clone(), classes, penalty)
    if not hasattr(head, "weight") or not hasattr(head, "bias"):
        raise Wrong(tried=tried, got=describe(head), expected="an nn.Linear", look="return the layer itself, `head`")
    weight, bias = head.weight.detach(), head.bias.detach()
    expect_shape(weight, (classes, X.shape[1]), tried=tried, look="nn.Linear(X.shape[1], classes) holds a weight (classes, d)")
    expect_shape(bias, (classes,), tried=tried, look="one bias for each class")
    return weight, bias


@probe.property("the gradient of J is zero where it ends")
def at_the_minimum(student, rng):
    X, y = problem(rng)
    for penalty in (0.01, 0.3):
        tried = f"40 examples, 6 features, 4 classes, penalty {penalty}"
        weight, bias = (each.double().requires_grad_() for each in probed(student, X, y, 4, penalty, tried))
        plain = F.cross_entropy(X @ weight.T + bias, y)
        slopes = torch.autograd.grad(plain + penalty / 2 * weight.square().sum(), [weight])[0]
        bare = torch.autograd.grad(F.cross_entropy(X @ weight.T + bias, y), [weight])[0].detach()
        size = slopes.abs().max().item()
        look = "did the optimizer run to the end? LBFGS wants max_iter in the hundreds and a closure"
        for factor, words in (
            (0, "there is no penalty in your J"),
            (2, "the penalty is penalty / 2 times the sum of squares; the 2 is missing"),
            (1 / len(y), "cross_entropy averages over examples; yours seems to sum, which makes the penalty n times too weak"),
            (1 / weight.numel(), "the penalty takes the sum of the squared weights, not their mean"),
        ):
            if size > 1e-4 and (bare + factor * penalty * weight.detach()).abs().max() < 1e-4:
                look = words
        expect(size <= 1e-4, tried=tried, got=f"a slope of {size:.2g} in the weights", expected="0 (within 1e-4)", look=look)


@probe.property("the bias is not penalized")
def free_bias(student, rng):
    X, y = problem(rng)
    tried = "so large a penalty (1,000) that the weights vanish"
    _, bias = probed(student, X, y, 4, 1000.0, tried)
    expect_close(
        bias.double().softmax(0),
        torch.bincount(y, minlength=4) / len(y),
        tried=tried + "; here are the probabilities that the bias alone gives",
        look="the penalty is on head.weight only: weight_decay in the optimizer would shrink the bias, too",
        tol=2e-3,
        expected="the frequencies of the classes",
    )


@probe.property("its probabilities are those of scikit-learn's LogisticRegression")
def as_scikit_learn(student, rng):
    for penalty, classes in ((0.02, 4), (0.2, 3)):
        X, y = problem(rng, classes=classes)
        tried = f"40 examples, {classes} classes, penalty {penalty}"
        weight, bias = probed(student, X, y, classes, penalty, tried)
        peer = LogisticRegression(C=1 / (len(y) * penalty), tol=1e-10, max_iter=2000).fit(X.numpy(), y.numpy())
        got = (X @ weight.double().T + bias.double()).softmax(1)
        look = "scikit-learn's C is 1 / (n * penalty); penalty on the weights only, cross-entropy averaged over the examples"
        expect_close(got, peer.predict_proba(X.numpy()), tried=tried, look=look, tol=2e-4)


@probe.property("training data that can be separated give finite weights")
def separable(student, rng):
    X, y = problem(rng, 12, 20, 3)
    tried = "12 examples with 20 features and a small penalty (0.001)"
    weight, bias = probed(student, X, y, 3, 1e-3, tried)
    fine = bool(
        torch.isfinite(weight).all() and torch.isfinite(bias).all() and ((X @ weight.double().T + bias.double()).argmax(1) == y).all()
    )
    look = "take the penalty into J and a line search into LBFGS, else the steps explode"
    expect(fine, tried=tried, got="wrong answers or weights that are not finite", expected="all 12 right, finite weights", look=look)


@probe.property("X and y stay as they are")
def leaves_data(student, rng):
    X, y = problem(rng)
    with unchanged("40 examples", X=X, y=y):
        student.fit_probe(X, y, 4, 0.1)


# ---------------------------------------------------------------- 4. parameter groups

groups = task(
    "groups",
    hints=(
        "Walk from the head down: head, last stage, the stage below, ... One factor more in the rate for every step down. In each part, "
        "matrices and kernels go into one group, vectors (biases and BatchNorm's parameters) into another.",
        "The rate at distance k from the head is lr / factor ** k. A parameter takes part if requires_grad is set; it is decayed if its "
        "ndim is larger than 1. Leave out groups without parameters.",
        "`for distance, part in enumerate([model.head, *reversed(model.stages)]):` choose from part.parameters() those with requires_grad, "
        'and append {"params": [...], "lr": lr / factor**distance, "weight_decay": ...} twice, once with decay and once with 0.0',
    ),
)


def grouped(student, rng, until, stages=3):
    lr, factor, decay = float(rng.uniform(0.01, 0.1)), float(rng.uniform(1.5, 3)), float(rng.uniform(0.01, 0.1))
    got = beside(student, references.grouped)(student.parameter_groups, seed_of(rng), until, lr, factor, decay, stages)
    tried = f"{stages} stages, the first {until} of them frozen"
    look = 'optimizers take [{"params": [...], "lr": ..., "weight_decay": ...}, ...]; append one dictionary after another to a list'
    expect(got["places"] is not None, tried=tried, got="something else", expected="a list of dictionaries", look=look)
    return got, (lr, factor, decay), tried


@groups.property("every trainable parameter is in exactly one group")
def exactly_once(student, rng):
    for until in (0, 1, 3):
        got, _, tried = grouped(student, rng, until)
        for name in got["trainable"]:
            count = len(got["places"][name])
            look = "the head belongs to it, and weights as well as biases of every free stage" if count == 0 else "two groups hold it"
            expect(count == 1, tried=tried, got=f"{name} in {count} groups", expected="1", look=look)


@groups.property("no frozen parameter is in a group")
def frozen_left_out(student, rng):
    for until in (1, 3):
        got, _, tried = grouped(student, rng, until)
        found = [name for name, places in got["places"].items() if places and name not in got["trainable"]]
        expect(
            not found,
            tried=tried,
            got=f"in a group: {few(found)}",
            expected="trainable parameters only",
            look="ask parameter.requires_grad; a parameter that is listed now cannot be added when its turn comes",
        )


@groups.property("each stage learns at its upper neighbor's rate divided by the factor")
def rates_by_depth(student, rng):
    for until, stages in ((0, 3), (2, 3), (0, 5)):
        got, (lr, factor, _), tried = grouped(student, rng, until, stages)
        tried += f", lr = {lr:.3g}, factor = {factor:.3g}"
        for name, places in got["places"].items():
            if not places or name not in got["trainable"]:
                continue
            distance = 0 if name.startswith("head") else stages - int(name.split(".")[1])
            have, want = places[0][0], lr / factor**distance
            look = "the head learns at lr, the last stage at lr / factor, the stage below it at lr / factor**2"
            if have < 0:
                look = 'a group is a dictionary with the keys "params", "lr" and "weight_decay"'
            elif distance and any(np.isclose(have, lr / factor ** (stages - distance + shift)) for shift in (0, 1)):
                look = "the wrong way round: the stages near the input learn most slowly"
            elif np.isclose(have, want * factor):
                look = "the last stage is one step below the head already: lr / factor"
            expect(np.isclose(have, want, rtol=1e-6), tried=tried, got=f"{name}: rate {have:.4g}", expected=f"{want:.4g}", look=look)


@groups.property("biases and BatchNorm's parameters are not decayed, all other weights are")
def decay_for_matrices(student, rng):
    got, (_, _, decay), tried = grouped(student, rng, 1)
    for name in got["trainable"]:
        vector = name in got["vectors"]
        for _, have in got["places"][name]:
            look = "BatchNorm's gain and shift and all biases are vectors: ndim == 1" if vector else "decay what has ndim > 1"
            want = 0.0 if vector else decay
            expect(np.isclose(have, want), tried=tried, got=f"{name}: decay {have:.3g}", expected=f"{want:.3g}", look=look)


@groups.property("no group is empty, and each can be read twice")
def real_lists(student, rng):
    for until in (0, 3):
        got, _, tried = grouped(student, rng, until)
        expect(
            got["empty"] == 0,
            tried=tried,
            got=f"{got['empty']} empty groups",
            expected="0",
            look="append a group only if it has parameters",
        )
    again = beside(student, references.twice_readable)(student.parameter_groups, seed_of(rng))
    look = "a generator is used up after one look: make a list of it"
    expect(again, tried="reading a group's parameters twice", got="nothing the second time", expected="the same parameters", look=look)


# ---------------------------------------------------------------- 5. unfreeze

unfreeze = task(
    "unfreeze",
    hints=(
        "Freeze up to the new depth. Then make the groups of all that is trainable now, take out of them what the optimizer has already, "
        "and give it the rest.",
        "What it has: the parameters in optimizer.param_groups. Tensors must be compared by identity, id(parameter). "
        "optimizer.add_param_group(group) adds one group and leaves all else alone.",
        '`known = {id(p) for group in optimizer.param_groups for p in group["params"]}`; for each group of parameter_groups(model, ...): '
        '`new = [p for p in group["params"] if id(p) not in known]`, and if any, `optimizer.add_param_group({**group, "params": new})`',
    ),
)


def unfrozen(student, rng, schedule, **options):
    """The report of given.py on the learner's unfreeze, with the references for the earlier tasks."""
    seed = seed_of(rng)
    earlier = {name: beside(student, getattr(references, name)) for name in ("freeze", "parameter_groups")}
    with given(student, **earlier):
        return beside(student, references.unfrozen)(student.unfreeze, seed, schedule, **options), seed


@unfreeze.property("a stage that thaws joins the optimizer, once, with its own rate and decay")
def newcomers(student, rng):
    for schedule in ([2], [3, 2, 1], [1]):
        got, _ = unfrozen(student, rng, schedule)
        tried = "until = " + ", ".join(map(str, schedule)) + " in turn, lr = 0.02, factor = 2, weight_decay = 0.1"
        for name, places in got["places"].items():
            if not name.startswith("stages."):
                continue
            stage = int(name.split(".")[1])
            if stage < schedule[-1]:
                expect(not places, tried=tried, got=f"{name} in a group", expected="frozen stages are not yet in it", look="freeze first")
                continue
            expect(len(places) == 1, tried=tried, got=f"{name} in {len(places)} groups", expected="1", look="add_param_group for new ones")
            want = (0.02 / 2 ** (3 - stage), 0.0 if places[0][1] == 0 else 0.1)
            look = "hand over the group's own lr and weight_decay, else the optimizer's default is used: {**group, 'params': new}"
            expect(
                np.allclose(places[0], want), tried=tried, got=f"{name}: rate {places[0][0]:.3g}, decay {places[0][1]:.3g}",
                expected=f"rate {want[0]:.3g}, decay {want[1]:.3g}", look=look,
            )  # fmt: skip


@unfreeze.property("the same depth twice adds nothing")
def nothing_twice(student, rng):
    got, _ = unfrozen(student, rng, [2, 2, 2])
    counts = [len(places) for name, places in got["places"].items() if name.startswith(("head", "stages.2"))]
    expect(
        all(count == 1 for count in counts),
        tried="until = 2 in three epochs",
        got=f"a parameter in {max(counts)} groups",
        expected="1",
        look="unfreeze runs at the start of every epoch: add only what the optimizer does not hold yet",
    )


@unfreeze.property("the optimizer keeps what it remembers of the parts that it had")
def keeps_memory(student, rng):
    got, _ = unfrozen(student, rng, [2])
    look = "Adam's moving averages and step counts are in optimizer.state: do not clear it, and do not call __init__ or load_state_dict"
    expect(
        got["state"],
        tried="two steps on the head, then until = 2",
        got="another state of the head",
        expected="the state of before",
        look=look,
    )


@unfreeze.property("rates that a schedule has lowered stay lowered")
def keeps_rates(student, rng):
    got, _ = unfrozen(student, rng, [2], slower=0.1)
    look = "leave the groups that are there as they are, and only append"
    expect(
        got["rates"], tried="the head's rate was divided by 10, then until = 2", got="another rate", expected="the lowered rate", look=look
    )


@unfreeze.property("what is frozen stays frozen, what is free trains, after model.train() and model.eval()")
def freezes_below(student, rng):
    for between in ("train", "eval"):
        got, _ = unfrozen(student, rng, [3, 2, 1], between=between)
        tried = f"until = 3, 2, 1 in turn, with model.{between}() before each and a step after each"
        look = "call freeze(model, until) here, in every epoch: model.train() has just undone it"
        leaks = got["leaks"]
        expect(not leaks, tried=tried, got=f"changed in a frozen stage: {few(leaks)}", expected="no change", look=look)
        expect(got["training"] == [False, True, True, True], tried=tried, got=f"training mode in {named(got['training'])}",
               expected="stage 1, stage 2, head", look=look)  # fmt: skip


@unfreeze.property("a whole schedule ends at the weights of the reference")
def same_trajectory(student, rng):
    got, seed = unfrozen(student, rng, [3, 2, 2, 1, 0])
    want = references.reference_run(seed, [3, 2, 2, 1, 0])["final"]
    for name, value in want.items():
        expect_close(
            got["final"][name],
            value,
            tried=f"five epochs with until = 3, 2, 2, 1, 0 and one step of AdamW in each; here is {name}",
            look="every stage must move from the epoch on in which it thaws, at its own rate, and the others go on as before",
            tol=1e-7,
        )
