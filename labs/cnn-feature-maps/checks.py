"""What proves the answers of the lab cnn-feature-maps right.

All answers are tried on a small float64 network with nested blocks, `patient` in given.py. What happens to its hooks, modes and
gradients is looked at where the learner's code runs. `recording` and the lab's helpers are replaced by those of given.py while a
later task is checked, so that a mistake there costs one task. Captum is the reference for Grad-CAM and guided backpropagation.
"""

import warnings

import captum.attr
import numpy as np
import torch

from scratchlab.checks import Wrong, beside, describe, expect, expect_close, expect_shape, given, load_given, task

references = load_given(__file__)

recording = task(
    "recording",
    hints=(
        "Add one hook per name before `yield`, remove them all in `finally`. A hook puts the output under its name into one dict.",
        "Each hook needs a name of its own: a function keeper(name) that defines and returns the hook(module, inputs, output). "
        "register_forward_hook returns a handle; keep the handles in a list, and let `try` begin before the first is made.",
        "`kept, handles = {}, []`; `try:`, `for name in names: handles.append(model.get_submodule(name).register_forward_hook("
        "keeper(name)))`, `yield kept`; `finally:`, `for handle in handles: ...`",
    ),
)
gradient_flow = task(
    "gradient_flow",
    hints=(
        "The same as recording, with a backward hook that stores one number.",
        "hook(module, grad_input, grad_output): grad_output is a tuple, and its entry 0 is dL/d(output). The norm is the root of the sum "
        "of squares; .item() makes a number of it.",
        "`norms[name] = grad_output[0].norm().item()` in the hook, `model.get_submodule(name).register_full_backward_hook(...)` to add it",
    ),
)
grad_cam = task(
    "grad_cam",
    hints=(
        "Run the model while you record the layer with its graph, choose one score per picture, differentiate their sum in the maps.",
        "maps and gradient are (N, K, H', W'); alpha is the mean of the gradient over the last two axes, (N, K, 1, 1); sum over axis 1.",
        "`with evaluating(model), recording(model, [layer], graph=True) as kept: scores = model(x)`; `(gradient,) = torch.autograd.grad("
        "scores.gather(1, targets[:, None]).sum(), kept[layer])`; `alpha = gradient.mean((2, 3), keepdim=True)`; then the formula for M",
    ),
)
guided_backprop = task(
    "guided_backprop",
    hints=(
        "Give every nn.ReLU a backward hook that returns what goes on, differentiate the chosen scores in the pixels, remove the hooks.",
        "The hook returns a tuple of one tensor: grad_input[0] with its negative entries set to 0. The input must require gradients.",
        "`handles = [m.register_full_backward_hook(only_positive) for m in model.modules() if isinstance(m, nn.ReLU)]`; in `try:` "
        "`torch.autograd.grad(model(x).gather(1, targets[:, None]).sum(), x)`, in `finally:` the removal",
    ),
)
synthesize = task(
    "synthesize",
    hints=(
        "A loop: run the model, form J from the recorded channel and the roughness, take its gradient in x, step uphill, clip.",
        "J = kept[layer][:, channel].mean() - smooth * roughness(x). rms = g.square().mean().sqrt(). After the step, detach x.",
        "`(g,) = torch.autograd.grad(goal, x)`; `x = (x.detach() + rate * g / (g.square().mean().sqrt() + 1e-12)).clamp(-0.5, 0.5)`",
    ),
)

# ---- tools ------------------------------------------------------------------------------------------------------------


def normal(rng, *shape) -> torch.Tensor:
    """Standard normal float64 numbers."""
    return torch.from_numpy(np.asarray(rng.standard_normal(shape)))


def drawn(rng) -> int:
    """A seed for the patient."""
    return int(rng.integers(2**31))


def blame(got, slips: dict, make, arguments, default: str) -> str:
    """The words for the mistake that gives exactly `got`; `slips` maps the slips of make(*arguments, slip) to such words."""
    for slip, look in slips.items():
        want = make(*arguments, slip).detach()
        if isinstance(got, torch.Tensor) and got.shape == want.shape and torch.allclose(got.double(), want, rtol=1e-8, atol=1e-12):
            return look
    return default


# ---- 1. and 2.: what both contexts must do -------------------------------------------------------------------------------

LAYERS = ["stem.conv", "stem.relu", "body", "tail.act"]
NAMES = f"the layers {', '.join(LAYERS)} of a network with nested blocks"


def context_properties(checked, name):
    """The properties that hold for both contexts; `name` is the learner's function."""

    def left(student, rng, how, names=LAYERS):
        return beside(student, references.left_behind)(getattr(student, name), drawn(rng), names, normal(rng, 2, 3, 8, 8), how)

    def expect_gone(got, tried):
        many = got["more"]
        look = "call handle.remove() for every hook, in the `finally` of the context"
        expect(many <= 0, tried=tried, got=f"{many} of your hooks still there", expected="none", look=look)
        look = "other people's hooks stay: remove your own handles, and do not clear the module's lists"
        expect(many == 0 and got["others"], tried=tried, got="hooks of somebody else are gone", expected="those untouched", look=look)

    @checked.property("scores and gradients are the same, in every bit, as without it")
    def changes_nothing(student, rng):
        seed, x, tried = drawn(rng), normal(rng, 2, 3, 8, 8), f"the network with and without your context on {NAMES}"
        run = beside(student, references.ran)
        want, got = run(None, seed, LAYERS, x), run(getattr(student, name), seed, LAYERS, x)
        look = "what a hook returns replaces what went through it: a hook that only looks returns nothing"
        expect(not got["cut"], tried=tried, got="scores through which no gradient flows", expected="the same graph as without", look=look)
        expect(torch.equal(got["scores"], want["scores"]), tried=tried, got="other scores", expected="the same scores", look=look)
        wrong = [each for each, value in want["gradients"].items() if not torch.equal(value, got["gradients"][each])]
        got = f"other gradients for {', '.join(wrong[:3])}"
        expect(not wrong, tried=tried, got=got, expected="the same gradients", look=look)

    @checked.property("when the context ends, exactly your hooks are gone")
    def leaves_nothing(student, rng):
        expect_gone(left(student, rng, "well"), "a network that had four hooks before; what it has after your context")

    @checked.property("also when an error ends it, which goes on to the caller")
    def leaves_nothing_after_an_error(student, rng):
        tried, got = "an error raised inside `with`", left(student, rng, "error")
        look = "put the removal into `finally`, with `yield` inside `try`; do not catch the error"
        expect(got["more"] == 0, tried=tried, got=f"{got['more']} of your hooks still there", expected="none", look=look)
        expect(got["raised"] == "Planned", tried=tried, got=got["raised"], expected="the same error outside", look=look)

    @checked.property("a name that does not exist raises AttributeError and leaves no hook")
    def unknown_name(student, rng):
        tried, got = "the names stem.conv, body.relu and nowhere", left(student, rng, "well", ["stem.conv", "body.relu", "nowhere"])
        look = "the first two hooks are there when the third name fails: begin `try` before the loop that adds them"
        expect(got["more"] == 0, tried=tried, got=f"{got['more']} of your hooks still there", expected="none", look=look)
        look = "model.get_submodule(name) raises it for you"
        expect(got["raised"] == "AttributeError", tried=tried, got=got["raised"], expected="AttributeError", look=look)


# ---- 1. recording ---------------------------------------------------------------------------------------------------------


def read(student, rng, names, sizes=(8,), **options):
    """Pictures, the seed of the patient, and what the learner's recording holds after them."""
    seed, pictures = drawn(rng), [normal(rng, 2, 3, size, size) for size in sizes]
    got = beside(student, references.recorded)(student.recording, seed, names, pictures, **options)
    tried = f"recording {NAMES}"
    expect(got["kind"] == "dict", tried=tried, got=got["kind"], expected="a dict of tensors", look="`yield kept`, the dict that hooks fill")
    return pictures, seed, got, tried


def expect_maps(got, want, tried, look):
    """The same names, and the same numbers for each."""
    missing = sorted(set(want) ^ set(got))
    if missing:
        listed = ", ".join(got) or "no entry at all"
        word = (
            "make each hook in a function that gets the name as an argument: at the time of the call, a loop's variable has its last value"
        )
        raise Wrong(tried=tried, got=listed, expected=", ".join(want), look=word)
    for name, value in want.items():
        expect_close(got[name], value, tried=f"{tried}; {name}", look=look, tol=1e-12)


@recording.property("every layer's output is found under its name")
def outputs_by_name(student, rng):
    pictures, seed, got, tried = read(student, rng, LAYERS)
    want = references.recorded(references.recording, seed, LAYERS, pictures)["maps"]
    expect_maps(got["maps"], want, tried, "hook(module, inputs, output): the third argument is what you want")


@recording.property("the latest run counts")
def latest_counts(student, rng):
    pictures, seed, got, tried = read(student, rng, LAYERS, sizes=(10, 8))
    want = references.recorded(references.recording, seed, LAYERS, pictures[1:])["maps"]
    expect_maps(got["maps"], want, f"{tried}, running it twice", "the second run replaces what the first has left")


@recording.property("records are detached, and copies that a later in-place operation cannot change")
def detached_copies(student, rng):
    names = ["stem.norm", "body.conv"]
    pictures, seed, got, _ = read(student, rng, names, inplace=True)
    tried = "recording stem.norm and body.conv, which are followed by nn.ReLU(inplace=True)"
    look = "output.detach() lets go of the graph: without it, every record keeps a whole forward pass in memory"
    expect(not got["attached"], tried=tried, got="a tensor that requires gradients", expected="detached tensors", look=look)
    want = references.recorded(references.recording, seed, names, pictures)["maps"]
    look = "the ReLU has written into your record: detach() shares the memory, detach().clone() does not"
    expect_maps(got["maps"], want, tried, look)


@recording.property("with graph=True scores can be differentiated with respect to the record")
def graph_keeps(student, rng):
    seed, x, tried = drawn(rng), normal(rng, 1, 3, 8, 8), "graph=True, and the gradient of the largest score in the record of stem.relu"
    got = beside(student, references.differentiated)(student.recording, seed, "stem.relu", x)
    want = references.differentiated(references.recording, seed, "stem.relu", x)
    look = "with graph=True store `output` itself: a clone is a side branch, which the scores do not come from"
    if got is None:
        raise Wrong(tried=tried, got="no gradient: the record is not part of the way to the scores", expected="a gradient", look=look)
    expect_close(got, want, tried=tried, look=look)


context_properties(recording, "recording")

# ---- 2. gradient_flow ------------------------------------------------------------------------------------------------------

FLOW = ["stem.conv", "stem.relu", "body.conv", "tail.act", "tail.head"]
FLOW_SLIPS = {
    "inputs": "these are the norms of dL/d(input): take grad_output, not grad_input",
    "mean": "this is the root of the mean of squares: the norm is the root of their sum",
    "square": "the root is missing: the norm is the root of the sum of squares",
    "absolute": "this is the sum of absolute values: the norm is the root of the sum of squares",
}


def flowed(student, rng, passes):
    """The learner's norms after some passes, the patient's seed, the last pictures, and what was tried."""
    seed, pictures = drawn(rng), [normal(rng, 2, 3, 8, 8) for _ in range(passes)]
    tried = f"{passes} backward pass{'es' if passes > 1 else ''} with gradient_flow on {', '.join(FLOW)}"
    got = beside(student, references.measured)(student.gradient_flow, seed, FLOW, pictures)
    look = "`yield norms`, the dict that the hooks fill with numbers"
    expect(got["kind"] == "dict", tried=tried, got=f"a {got['kind']}", expected="a dict", look=look)
    return got, seed, pictures[-1], tried


def compare_norms(got, seed, x, tried, look):
    """The learner's norms against those by autograd."""
    want = references.norms(seed, FLOW, x)
    word = "make each hook in a function that gets the name as an argument: at the time of the call, a loop's variable has its last value"
    expect(set(got["norms"]) == set(want), tried=tried, got=", ".join(got["norms"]) or "no entry", expected=", ".join(want), look=word)
    values = torch.tensor([got["norms"][name] for name in FLOW], dtype=torch.float64)

    def listed(*arguments):
        return torch.tensor(list(references.norms(*arguments).values()), dtype=torch.float64)

    look = blame(values, FLOW_SLIPS, listed, (seed, FLOW, x), look)
    for name, value in want.items():
        expect_close(got["norms"][name], value, tried=f"{tried}; {name}", look=look, tol=1e-10)


@gradient_flow.property("the norm of dL/d(output) is found under each layer's name")
def norms_by_name(student, rng):
    compare_norms(*flowed(student, rng, 1), "grad_output[0].norm()")


@gradient_flow.property("the latest backward pass counts", after="norms_by_name")
def latest_pass(student, rng):
    compare_norms(*flowed(student, rng, 3), "the norms of one pass replace those of the pass before; they are not added up")


@gradient_flow.property("norms are plain numbers")
def plain_numbers(student, rng):
    got, *_, tried = flowed(student, rng, 1)
    kinds = ", ".join(got["kinds"]) or "no entry"
    expect(
        got["kinds"] == ["float"], tried=tried, got=f"values of type {kinds}", expected="float", look="`.item()` makes a number of a tensor"
    )


context_properties(gradient_flow, "gradient_flow")

# ---- 3. to 5.: what leaves the model as it was ---------------------------------------------------------------------------


def helpers(student):
    """Context in which the references stand in for the first answer and for the lab's helpers."""
    return given(student, recording=references.recording, evaluating=references.evaluating, roughness=references.roughness)


def look_into(student, name, seed, arguments, tried, **options):
    """What references.examined finds out about a call of the learner's function, which must return a tensor."""
    with helpers(student):
        got = beside(student, references.examined)(getattr(student, name), seed, arguments, **options)
    if got["raised"]:
        raise Wrong(tried=tried, got=got["raised"], expected="no error", look=WHEN_RAISED.get(options.get("frozen"), "read the error"))
    if not isinstance(got["result"], torch.Tensor):
        raise Wrong(tried=tried, got=describe(got["result"]), expected="a tensor", look="the docstring says what comes back")
    return got


WHEN_RAISED = {True: "if no parameter requires a gradient, the input must: run the model on images.detach().requires_grad_()"}


def tool_properties(checked, name, make):
    """The properties of a function that looks at a model; `make(rng)` gives its arguments and the named ones."""

    def run(student, rng, tried, **options):
        arguments, named = make(rng)
        seed = drawn(rng)
        return seed, arguments, named, look_into(student, name, seed, arguments, tried, named=named, **options)

    @checked.property("a model in training mode is used in eval mode, and has its modes and statistics back afterwards")
    def training_mode(student, rng):
        for mode in ("train", "mixed"):
            tried = (
                "a model in training mode" if mode == "train" else "a model of which one block is in eval mode, the rest in training mode"
            )
            seed, arguments, named, got = run(student, rng, tried, mode=mode)
            look = "in training mode batch normalization moves its stored mean and spread: run the model inside `with evaluating(model):`"
            expect(got["statistics"], tried=tried, got="the model's state_dict has changed", expected="every entry as before", look=look)
            look = "model.train() or model.eval() at the end sets all modules alike: `evaluating` gives each its own mode back"
            expect(got["modes"], tried=tried, got="modules in another mode than before", expected="each as before", look=look)
            want = look_into(student, name, seed, arguments, tried, named=named)
            look = "run the model inside `with evaluating(model):`"
            expect_close(got["result"], want["result"], tried=f"{tried}, against the same in eval mode", look=look, tol=1e-10)

    @checked.property("the p.grad of parameters stay as they are, and the result is detached")
    def gradients_untouched(student, rng):
        tried = "a model whose parameters have gradients from a training step"
        *_, got = run(student, rng, tried)
        look = "backward() adds to p.grad of all parameters, and zero_grad() deletes what was there: torch.autograd.grad returns gradients"
        expect(got["gradients"], tried=tried, got="p.grad of some parameters has changed", expected="p.grad as before", look=look)
        look = "detach what you return: else it keeps the whole graph in memory"
        expect(not got["attached"], tried=tried, got="a result that requires gradients", expected="a detached tensor", look=look)

    @checked.property("a model whose parameters are frozen can be looked at, too, and stays frozen")
    def frozen(student, rng):
        tried = "a model in which no parameter requires a gradient"
        *_, got = run(student, rng, tried, frozen=True)
        look = "leave the parameters frozen; let the input require gradients"
        expect(got["frozen"], tried=tried, got="parameters that require gradients now", expected="all frozen, as before", look=look)

    @checked.property("no hook stays, and the arguments are as before")
    def no_trace(student, rng):
        tried = "a model with one hook; its hooks and your arguments afterwards"
        *_, got = run(student, rng, tried)
        look = "remove every hook that you add, in `finally`"
        expect(got["hooks"] == 0, tried=tried, got=f"{got['hooks']:+d} hooks", expected="as many as before", look=look)
        look = "x = images.detach() is a new handle: requires_grad_() then does not change the caller's tensor"
        expect(got["flags"], tried=tried, got="the caller's tensor requires gradients now", expected="it does not", look=look)
        look = "work on a copy, not in the caller's tensor"
        expect(got["values"], tried=tried, got="other numbers in your arguments", expected="the same", look=look)


def captums(seed, x, targets, layer=""):
    """Captum's answer for the patient: Grad-CAM of a layer, or guided backpropagation if none is named."""
    model = references.patient(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Captum announces its hooks
        if layer:
            cam = captum.attr.LayerGradCam(model, model.get_submodule(layer))
            return cam.attribute(x, targets, relu_attributions=True)[:, 0].detach()
        return captum.attr.GuidedBackprop(model).attribute(x.clone(), targets).detach()


def scenes(rng, batch=3, size=(10, 12)):
    """Random pictures and targets, all different if there are no more than four."""
    targets = torch.from_numpy(rng.permutation(4)[:batch]) if batch <= 4 else torch.from_numpy(rng.integers(4, size=batch))
    return normal(rng, batch, 3, *size), targets


TARGET_SLIPS = {
    "all targets": "scores[:, targets] takes every target for every picture: scores.gather(1, targets[:, None]) takes each picture's own",
    "all classes": "this is the gradient of the sum of all scores: choose one per picture",
    "first target": "every picture got the first picture's target",
    "probabilities": "this is the gradient of probabilities: use the scores as the model gives them, before softmax",
}
CAM_SLIPS = TARGET_SLIPS | {
    "log-probabilities": "this is the gradient of log-probabilities: use the scores as the model gives them, before softmax",
    "no relu": "negative entries are left: the ReLU around the sum over channels is missing",
    "absolute": "you took absolute values: the ReLU keeps only what speaks for the class",
    "relu inside": "ReLU comes after the sum over channels, not before: channels may speak against each other",
    "positive": "channels with a negative alpha were left out: they speak against the class, and only the sum is cut at 0",
    "sum": "alpha is the mean over the places, not the sum",
    "mean of channels": "sum over the channels; this is their mean",
    "every place": "average the gradient over the places first: one alpha per channel",
    "batch": "alpha was averaged over the batch, too: every picture has its own",
    "training mode": "this is the map in training mode",
}


def compare_maps(got, want, arguments, tried):
    """The learner's Grad-CAM against the right one, relative to its largest entry; `arguments` of references.grad_cam."""
    scale = float(want.abs().max().clamp(min=1e-12))
    look = blame(got, CAM_SLIPS, references.grad_cam, arguments, "go through the two formulas once more")
    expect_close(got / scale, want / scale, tried=tried, look=look, tol=1e-8)


@grad_cam.property("the map has the layer's places, one map a picture, and no negative entry")
def shape_and_sign(student, rng):
    for layer, places in (("body.relu", (3, 4)), ("stem.relu", (10, 12))):
        x, targets = scenes(rng)
        tried = f"Grad-CAM of {layer}, whose maps have {places[0]} by {places[1]} places, for 3 pictures"
        got = look_into(student, "grad_cam", drawn(rng), [layer, x, targets], tried)["result"]
        expect_shape(got, (3, *places), tried=tried, look="the sum over axis 1 leaves (N, H', W')")
        expect((got >= 0).all(), tried=tried, got="negative entries", expected="none", look=CAM_SLIPS["no relu"])


@grad_cam.property("it equals Captum's LayerGradCam")
def equals_captum(student, rng):
    for batch, layer in ((1, "stem.relu"), (4, "body.relu"), (6, "stem.relu")):
        seed, (x, targets) = drawn(rng), scenes(rng, batch)
        tried = f"Grad-CAM of {layer} for {batch} random picture{'s' if batch > 1 else ''}"
        got = look_into(student, "grad_cam", seed, [layer, x, targets], tried)["result"]
        compare_maps(got, captums(seed, x, targets, layer), (seed, layer, x, targets), tried)


@grad_cam.property("it works for any layer with places, before or after a ReLU")
def any_layer(student, rng):
    for layer in ("stem.conv", "stem", "pool", "body.conv"):
        seed, (x, targets) = drawn(rng), scenes(rng, 2)
        tried = f"Grad-CAM of {layer}"
        got = look_into(student, "grad_cam", seed, [layer, x, targets], tried)["result"]
        compare_maps(got, references.grad_cam(seed, layer, x, targets).detach(), (seed, layer, x, targets), tried)


tool_properties(grad_cam, "grad_cam", lambda rng: (["body.relu", *scenes(rng)], {}))

# ---- 4. guided_backprop ---------------------------------------------------------------------------------------------------

GUIDED_SLIPS = TARGET_SLIPS | {
    "plain": "this is the plain gradient, no hook was at work: ReLUs sit inside blocks, where model.modules() finds them and "
    "model.children() does not, and a hook must return the tuple (grad_input[0].clamp(min=0),)",
    "deconvnet": "this is the deconvnet: clamp grad_input, which was already stopped where the ReLU's input was negative, not grad_output",
    "negative": "only negative gradients were passed",
    "first": "only the first ReLU was guided: all of them must be",
    "last": "negative entries of the result were set to 0: the rule holds at the ReLUs, and the pixels keep both signs",
    "absolute": "return the gradient with its sign; the absolute value is for drawing",
    "training mode": "this is the result in training mode",
}


@guided_backprop.property("it has the shape of the pictures")
def picture_shape(student, rng):
    x, targets = scenes(rng, 2)
    tried = "guided backpropagation for 2 pictures"
    got = look_into(student, "guided_backprop", drawn(rng), [x, targets], tried)["result"]
    expect_shape(got, x.shape, tried=tried, look="the gradient in the pixels: torch.autograd.grad(..., x)")


@guided_backprop.property("it equals Captum's GuidedBackprop, on a model with nested ReLUs")
def equals_captums(student, rng):
    for batch in (1, 4, 6):
        seed, (x, targets) = drawn(rng), scenes(rng, batch)
        tried = f"guided backpropagation for {batch} random picture{'s' if batch > 1 else ''}, ReLUs inside blocks"
        got = look_into(student, "guided_backprop", seed, [x, targets], tried)["result"]
        want = captums(seed, x, targets)
        scale = float(want.abs().max().clamp(min=1e-12))
        look = blame(got, GUIDED_SLIPS, references.guided_backprop, (seed, x, targets), "at each ReLU, keep positive gradients")
        expect_close(got / scale, want / scale, tried=tried, look=look, tol=1e-8)


tool_properties(guided_backprop, "guided_backprop", lambda rng: (list(scenes(rng)), {}))


@guided_backprop.property("no hook stays after an error either")
def error_leaves_no_hook(student, rng):
    x, _ = scenes(rng, 2)
    tried = "targets that do not exist: class 9 of 4"
    with helpers(student):
        got = beside(student, references.examined)(student.guided_backprop, drawn(rng), [x, torch.tensor([9, 9])])
    expect(got["raised"], tried=tried, got="no error", expected="an error", look="do not catch errors")
    look = "the model ran into an error with your hooks on it: put the removal into `finally`"
    expect(got["hooks"] == 0, tried=tried, got=f"{got['hooks']} of your hooks still there", expected="none", look=look)
    look = "the model ran into an error in your hands: `with evaluating(model):` gives it back in the mode it had"
    expect(got["modes"], tried=tried, got="modules in another mode than before", expected="each as before", look=look)


# ---- 5. synthesize ----------------------------------------------------------------------------------------------------------

SYNTHESIS_SLIPS = {
    "downhill": "the step goes downhill: add the gradient to climb",
    "no price": "the price for roughness is missing: J is the mean minus smooth * roughness(x)",
    "reward": "roughness was rewarded: J is the mean MINUS smooth * roughness(x)",
    "length": "you divided by the length of g: rms is the root of the MEAN of squares",
    "largest": "you divided by the largest entry of g: rms is the root of the mean of squares",
    "absolute": "you divided by the mean of |g|: rms is the root of the mean of squares",
    "unscaled": "g was not divided by its rms",
    "sign": "this is a step along the sign of g: divide g by its rms",
    "maximum": "this climbs to the largest entry of the channel: J has the mean over all places",
    "sum": "this climbs to the sum over places: J has their mean",
    "picture": "this excites all channels together: take one, kept[layer][:, channel]",
    "no clip": "the result leaves the range of pixels: clip to -0.5 ... 0.5 after each step",
    "clip at the end": "clip after every step, not only at the end: the next gradient belongs to the clipped picture",
    "zero to one": "pixels run from -0.5 to 0.5 here, not from 0 to 1",
    "training mode": "this is the result in training mode",
}


def start_picture(rng, spread=0.05):
    """A nearly gray picture."""
    return (spread * normal(rng, 1, 3, 9, 10)).clamp(-0.5, 0.5)


def compare_synthesis(student, rng, steps, rate, smooth, layer="body.conv", spread=0.05):
    """The learner's picture against the reference's."""
    seed, start, channel = drawn(rng), start_picture(rng, spread), int(rng.integers(1, 5))
    named = {"steps": steps, "rate": rate, "smooth": smooth}
    tried = f"synthesize for channel {channel} of {layer} with steps={steps}, rate={rate:g}, smooth={smooth:g}"
    got = look_into(student, "synthesize", seed, [layer, channel, start], tried, named=named)["result"]
    expect_shape(got, start.shape, tried=tried, look="the picture has the shape of start")
    arguments = seed, layer, channel, start, steps, rate, smooth
    look = blame(got, SYNTHESIS_SLIPS, references.synthesize, arguments, "go through the formulas of J and of the step once more")
    expect_close(got, references.synthesize(*arguments), tried=tried, look=look, tol=1e-7)


@synthesize.property("one step without a price moves along the gradient, divided by its rms")
def one_step(student, rng):
    for layer in ("stem.norm", "body.conv"):
        compare_synthesis(student, rng, steps=1, rate=0.02, smooth=0.0, layer=layer)


@synthesize.property("roughness is paid for")
def pays_for_roughness(student, rng):
    compare_synthesis(student, rng, steps=1, rate=0.02, smooth=3.0)


@synthesize.property("several steps follow the same rule, clipped each time")
def several_steps(student, rng):
    compare_synthesis(student, rng, steps=4, rate=0.25, smooth=0.5, spread=0.3)


@synthesize.property("a dead channel leaves the picture as it is, and no step at all does, too")
def dead_channel(student, rng):
    start = start_picture(rng)
    for steps, what in ((2, "a channel whose weights are all 0"), (0, "steps=0")):
        tried = f"{what}, smooth=0"
        named = {"steps": steps, "smooth": 0.0}
        got = look_into(student, "synthesize", drawn(rng), ["stem.conv", 0, start], tried, named=named, dead=True)["result"]
        expect_close(got, start, tried=tried, look="0 / 0 is not a number: divide by rms + 1e-12", tol=1e-9)


@synthesize.property("without a price, and with the steps as given, the channel gets more excited")
def excites(student, rng):
    for channel in (1, 4):
        seed, start = drawn(rng), start_picture(rng)
        tried = f"synthesize for channel {channel} of stem.norm with smooth=0, everything else as given"
        got = look_into(student, "synthesize", seed, ["stem.norm", channel, start], tried, named={"smooth": 0.0})["result"]
        expect_shape(got, start.shape, tried=tried, look="the picture has the shape of start")
        before, after = (references.excitement(seed, "stem.norm", channel, x.double()) for x in (start, got))
        expect(after > before, tried=tried, got=f"{after:.3f} after {before:.3f}", expected="more than before", look="climb: add the step")


def synthesis_arguments(rng):
    """Arguments for the properties of all tools."""
    return ["body.conv", 2, start_picture(rng)], {"steps": 2, "rate": 0.05, "smooth": 0.5}


tool_properties(synthesize, "synthesize", synthesis_arguments)
