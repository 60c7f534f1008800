"""What proves the answers of the lab torch-first-cloud-run right.

Each task is checked on its own: machines are played, runs are small, and the clock of a session jumps. Runs live where the
learner's code lives (given.py); what comes back are losses, weights and diaries. The parts of the lab that are given, and the
answers to other tasks, are replaced by the references.
"""

import math

import numpy as np

from scratchlab.checks import Wrong, beside, describe, expect, expect_close, expect_raises, given, load_given, task

references = load_given(__file__)

machine = task(
    "machine",
    hints=(
        "Three questions one after the other: which device, which number type there, how many examples fit into half of its memory?",
        "The examples that fit: facts['memory'][device] / 2 // example_bytes. The pieces: the batch divided by that, rounded up.",
        "`fitting = int(facts['memory'][device] / 2 // example_bytes)`; if it is less than 1, ValueError; `math.ceil(batch / fitting)`",
    ),
)
step = task(
    "step",
    hints=(
        "Clear once; forward and backward for each piece; then once: unscale, clip, step, update, scheduler.",
        "The loss of a piece is the sum over its examples divided by len(rows), the size of the whole batch. Only the forward pass and "
        "the loss stand under autocast.",
        "`loss = F.cross_entropy(run.model(run.data['X'][piece]), run.data['y'][piece], reduction='sum') / len(rows)`, "
        "`run.scaler.scale(loss).backward()`; after the loop `run.scaler.unscale_(run.optimizer)`, `clip_grad_norm_`, "
        "`run.scaler.step(run.optimizer)`, `run.scaler.update()`, `run.scheduler.step()`",
    ),
)
state = task(
    "state",
    hints=(
        "A dictionary with the eight entries of the table, then one call that copies all of it.",
        "Four entries are state_dict(), one is a dictionary of three attributes, one of two generators' states, two are taken as they are.",
        "`parts = {name: getattr(run, name).state_dict() for name in (...)}`, add the others, `return traveling(parts)`",
    ),
)
restore = task(
    "restore",
    hints=(
        "Compare the settings, copy the state, then go through its entries one by one.",
        "load_state_dict for model, optimizer, scheduler, and for the scaler if its state is not empty. Batches: "
        "generator.set_state(began), shuffle, then used and epoch.",
        "`state = copy.deepcopy(state)` after the comparison; `if state['scaler']: ...`; `torch.set_rng_state(state['rng']['cpu'])`; "
        "the CUDA generators only if `len(state['rng']['cuda']) == torch.cuda.device_count()`; `run.step = state['step']`",
    ),
)
train = task(
    "train",
    hints=(
        "A while loop with two tests before the step, and two actions after it. Remember three things: when the last save ended, which "
        "step it saved, how long the longest step was.",
        "Leave with `break` and fall through to one last save, which is made if run.step is larger than the step that was saved last.",
        "`if now + longest > deadline: why = 'deadline'; break`; after the step `log({...})`, then "
        "`if clock() - saved_at >= every: save(); saved_at, saved_step = clock(), run.step`; "
        "after the loop `if run.step > saved_step: save()`",
    ),
)
plan = task(
    "plan",
    hints=(
        "Put the formulas above into four lines: the room in a session, the busy seconds, the sessions, the sum.",
        "room = L - S - C; busy = W (1 + C / every); sessions = ceil(busy / room), at least 1; seconds = busy + sessions (S + C).",
        "`if room <= 0: return None`; `sessions = max(1, math.ceil(busy / room))`; `weeks = max(1, math.ceil(seconds / offer['week']))`; "
        "price: seconds / 3600 * offer['price']",
    ),
)


# ---- tools -------------------------------------------------------------------------------------------------------------


def scene(student, name):
    """A scene of given.py, where the learner's code is."""
    return beside(student, getattr(references, name))


def number_from(rng):
    """A seed for a scene."""
    return int(rng.integers(1_000_000))


GIVEN = ("shuffle", "next_rows", "traveling", "network", "rate_at", "begin")


def live(student, name, answer, *args):
    """A scene with the learner's function `answer`; everything else that it builds on is given."""
    parts = {each: getattr(references, each) for each in GIVEN} | {"train_step": references.held_step}
    if answer == "train_step":
        del parts["train_step"]
    with given(student, **parts):
        return scene(student, name)(getattr(student, answer), *args)


def is_close(got, want, tol=1e-6):
    """Whether two rows of numbers agree; never with NaN."""
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    return got.shape == want.shape and bool(np.all(np.abs(got - want) <= tol * np.maximum(1, np.abs(want))))


# ---- machine -----------------------------------------------------------------------------------------------------------

NONE = {"capability": None, "mps": False}


def fitted(student, facts, batch=64, size=1e6):
    """What fit_machine says, with its three entries, or `Wrong`."""
    tried = f"facts {facts}, batches of {batch}, {size:,.0f} bytes an example"
    said = student.fit_machine({**facts, "memory": dict(facts["memory"])}, batch, size)
    if not isinstance(said, dict) or set(said) != {"device", "dtype", "pieces"}:
        raise Wrong(tried=tried, got=describe(said), expected='{"device": ..., "dtype": ..., "pieces": ...}', look="return a dictionary")
    return said, tried


def expect_entry(student, name, cases, look):
    """`Wrong` unless the entry is the one wanted, for each (facts, wanted)."""
    for facts, want in cases:
        said, tried = fitted(student, facts)
        expect(said[name] == want, tried=tried, got=f"{name} {said[name]!r}", expected=repr(want), look=look)


MUCH = {"cpu": 8e9, "cuda": 15e9, "mps": 12e9}


@machine.property("the device: CUDA from capability 7.5 on, else Apple's, else the CPU")
def device_of(student, rng):
    cases = [
        ({"capability": None, "mps": False, "memory": {"cpu": 8e9}}, "cpu"),
        ({"capability": None, "mps": True, "memory": {"cpu": 8e9, "mps": 12e9}}, "mps"),
        ({"capability": (7, 5), "mps": False, "memory": MUCH}, "cuda"),
        ({"capability": (12, 0), "mps": False, "memory": MUCH}, "cuda"),
        ({"capability": (9, 0), "mps": True, "memory": MUCH}, "cuda"),
    ]
    expect_entry(student, "device", cases, "ask for CUDA first, then for mps; the CPU is what remains")


@machine.property("a GPU that is too old is left alone")
def old_gpu(student, rng):
    cases = [({"capability": each, "mps": False, "memory": MUCH}, "cpu") for each in ((6, 0), (7, 0), (3, 7), (5, 9))]
    cases.append(({"capability": (7, 0), "mps": True, "memory": MUCH}, "mps"))
    expect_entry(student, "device", cases, "below (7, 5) PyTorch's builds have no code for it; compare the pairs, not their first numbers")


@machine.property("the number type: bfloat16 from 8.0 on, float16 below, float32 where there is no CUDA")
def dtype_of(student, rng):
    types = [((7, 5), "float16"), ((8, 0), "bfloat16"), ((8, 9), "bfloat16"), ((9, 0), "bfloat16"), ((10, 0), "bfloat16")]
    cases = [({"capability": each, "mps": False, "memory": MUCH}, want) for each, want in types]
    cases += [({**NONE, "memory": MUCH}, "float32"), ({"capability": None, "mps": True, "memory": MUCH}, "float32")]
    cases.append(({"capability": (7, 0), "mps": False, "memory": MUCH}, "float32"))
    expect_entry(student, "dtype", cases, "a T4, 7.5, has no units for bfloat16; devices other than cuda compute in float32")


@machine.property("as few pieces as fit into half of the free memory")
def pieces_of(student, rng):
    sizes = [(64, 10), (5, 1)] + [(int(rng.integers(1, 300)), int(rng.integers(1, 80))) for _ in range(12)]
    for batch, fitting in sizes:
        facts = {**NONE, "memory": {"cpu": 2000.0 * fitting + float(rng.integers(0, 1999))}}
        said, tried = fitted(student, facts, batch, 1000)
        want, got = -(-batch // fitting), said["pieces"]
        look = "rounded up: the largest piece has ceil(batch / pieces) examples"
        if got == -(-batch // (2 * fitting)):
            look = "only half of the memory may be used"
        expect(got == want, tried=f"{tried}; {fitting} fit", got=f"{got} pieces", expected=want, look=look)
        expect(isinstance(got, int), tried=tried, got=describe(got), expected="a whole number", look="math.ceil makes an int")


@machine.property("the memory is that of the device which is used")
def memory_of(student, rng):
    fits = int(rng.integers(3, 30))
    for used, capability, mps in (("cuda", (8, 0), False), ("mps", None, True), ("cpu", (7, 0), False)):
        memory = {"cpu": 9e6, "cuda": 7e6, "mps": 8e6} | {used: 2e3 * fits}
        said, tried = fitted(student, {"capability": capability, "mps": mps, "memory": memory}, 64, 1000)
        want = math.ceil(64 / fits)
        look = "choose the device first, then facts['memory'][device]"
        expect(said["pieces"] == want, tried=tried, got=f"{said['pieces']} pieces", expected=want, look=look)


@machine.property("where not even one example fits, it says so")
def nothing_fits(student, rng):
    for memory, size in ((1999, 1000), (10, 1e6)):
        facts = {**NONE, "memory": {"cpu": memory}}
        look = "no number of pieces helps: raise ValueError before you divide by zero"
        expect_raises(
            lambda facts=facts, size=size: student.fit_machine(facts, 4, size), ValueError, tried=f"{facts}, {size:,.0f}", look=look
        )


# ---- step --------------------------------------------------------------------------------------------------------------

SLIPS = {
    "means": "divide each piece's sum by len(rows): pieces are not equally large, and the last batch is short",
    "sum of means": "the mean of each piece is added up, so the gradient is as many times too large as there are pieces",
    "sum": "divide by len(rows): the loss is a mean over the batch",
    "means of parts": "divide each piece's sum by len(rows): pieces are not equally large",
    "never": "old gradients take part: clear them once, before the first piece; backward() then adds",
    "last piece": "clear the gradients once, before the first piece; backward() then adds",
    "no clipping": "clip the gradient to settings['clip'], between unscale_ and step",
    "clips scaled": "clip after unscale_: before it, the gradient is still multiplied by the scale",
    "eval": "run.model.train() first: somebody may have left it in evaluation mode",
}


def expect_steps(student, seed, tried, machine=(), changes=(), count=3, tol=1e-5):
    """`Wrong` unless the learner's steps are the reference's; names the slip that would explain them."""
    args = (seed, dict(machine), dict(changes), count)
    got = live(student, "stepped", "train_step", *args, None)
    want = references.stepped(None, *args, "")
    look = "compare with the formula: one gradient, that of the mean over the whole batch"
    if not is_close(got["weights"], want["weights"], tol):
        for slip, said in SLIPS.items():
            if is_close(got["weights"], references.stepped(None, *args, slip)["weights"], tol):
                look = said
                break
    expect_close(got["weights"], want["weights"], tried=f"{tried}; the weights", look=look, tol=tol)
    return got, want


@step.property("in one piece it is the usual step: fresh gradients, training mode")
def one_piece(student, rng):
    expect_steps(student, number_from(rng), "three steps in float32, one piece", changes={"clip": 1e9})


@step.property("in pieces it is the same step, also on the short batch at the end of an epoch", after="one_piece")
def same_in_pieces(student, rng):
    seed = number_from(rng)
    for pieces in (2, 3, 5, 7):
        tried = f"a batch of 16 and one of 2 in {pieces} pieces, without dropout"
        expect_steps(student, seed, tried, {"pieces": pieces}, {"dropout": 0.0, "clip": 1e9}, count=5)
    seen = live(student, "watched_types", "train_step", seed, "float32", 5)
    tried, look = "a batch of 16 in 5 pieces; the rows of each forward pass", "rows.tensor_split(pieces): one forward pass for each piece"
    fine = max(seen["rows"]) == 4 and sum(seen["rows"]) == 16
    expect(fine, tried=tried, got=str(seen["rows"]), expected="at most 4 at a time, 16 in all", look=look)


@step.property("it returns the mean loss over the batch, as a plain number", after="one_piece")
def returns_the_loss(student, rng):
    seed = number_from(rng)
    for pieces in (1, 3):
        tried = f"three steps in {pieces} pieces; what came back"
        got = live(student, "stepped", "train_step", seed, {"pieces": pieces}, {"dropout": 0.0, "clip": 1e9}, 3, None)
        want = references.stepped(None, seed, {"pieces": pieces}, {"dropout": 0.0, "clip": 1e9}, 3, "")
        expect(set(got["kinds"]) == {"float"}, tried=tried, got=got["kinds"][0], expected="a float", look="loss.item() for each piece")
        look = "add up the pieces' losses, each already divided by the size of the batch"
        expect_close(got["losses"], want["losses"], tried=tried, look=look, tol=1e-5)


@step.property("the gradient of the whole batch is clipped", after="one_piece")
def clips(student, rng):
    expect_steps(student, number_from(rng), "steps with clip = 0.01", {"pieces": 2}, {"clip": 0.01, "dropout": 0.0})


@step.property("step number, schedule and place move on by one", after="one_piece")
def moves_on(student, rng):
    seed = number_from(rng)
    got = live(student, "stepped", "train_step", seed, {"pieces": 2}, {}, 4, None)
    want = references.stepped(None, seed, {"pieces": 2}, {}, 4, "")
    tried = "seven steps, the last four of them yours"
    expect(
        got["step"] == want["step"], tried=tried, got=f"run.step {got['step']}", expected=want["step"], look="run.step += 1, once a step"
    )
    look = "run.scheduler.step() once a step, not once a piece"
    expect_close(got["rate"], want["rate"], tried=f"{tried}; the learning rate", look=look)
    got, want = list(got["used"]), list(want["used"])
    expect(got == want, tried=f"{tried}; epoch and rows used", got=got, expected=want, look="next_rows(run.batches) once a step")


@step.property("half precision: products in 16 bits, weights in 32", after="one_piece")
def half_precision(student, rng):
    seed = number_from(rng)
    for dtype in ("bfloat16", "float16", "float32"):
        seen = live(student, "watched_types", "train_step", seed, dtype, 2)
        tried, look = (
            f"a step on a machine with {dtype}; the scores",
            "with torch.autocast(device, dtype=..., enabled=...) around model and loss",
        )
        expect(set(seen["scores"]) == {dtype}, tried=tried, got=str(seen["scores"]), expected=dtype, look=look)
        expect(
            seen["weights"] == ["float32"],
            tried=f"{tried}; weights",
            got=str(seen["weights"]),
            expected="float32",
            look="leave the model alone",
        )


@step.property("float16: unscale, clip, step, update, in this order", after="half_precision")
def scaler_order(student, rng):
    seed = number_from(rng)
    changes = {"dropout": 0.0, "clip": 0.05}
    tried = "six steps on a machine with float16 (scale 1,024), clip = 0.05"
    got, want = expect_steps(student, seed, tried, {"dtype": "float16", "pieces": 2}, changes, count=6, tol=1e-3)
    look = "scaler.update() once a step, after scaler.step(optimizer)"
    for name in ("scale", "_growth_tracker"):
        expect(
            got["scale"].get(name) == want["scale"][name],
            tried=f"{tried}; the scaler's {name}",
            got=got["scale"].get(name),
            expected=want["scale"][name],
            look=look,
        )


@step.property("float16: a step with infinite gradients is skipped, and the scale is halved", after="half_precision")
def skips_overflow(student, rng):
    said = live(student, "overflowed", "train_step", number_from(rng))
    tried = "a step with a scale so large that gradients overflow"
    look = "scaler.step(optimizer), not optimizer.step(): it looks before it steps"
    expect(said["still"], tried=tried, got="changed weights", expected="the weights as they were", look=look)
    expect(
        said["scale"] == 0.5, tried=tried, got=f"{said['scale']:g} times the scale", expected="half of it", look="scaler.update() after it"
    )


# ---- state -------------------------------------------------------------------------------------------------------------

ENTRIES = ("model", "optimizer", "scheduler", "scaler", "batches", "rng", "settings", "step")


def shown(student, rng, dtype="float32", steps=6):
    """What state_of made of a run in the middle of an epoch."""
    said = live(student, "stored", "state_of", number_from(rng), steps, dtype)
    tried = f"a run after {steps} steps"
    expect(said["kind"] == "dict", tried=tried, got=said["kind"], expected="a dictionary", look="return it")
    return said, tried


@state.property("it has the eight entries of the table, and no others")
def entries(student, rng):
    said, tried = shown(student, rng)
    missing, more = [each for each in ENTRIES if each not in said["got"]], [each for each in said["got"] if each not in ENTRIES]
    look = "the names in the second column; the machine is not one of them"
    got = f"missing: {missing or 'none'}, too many: {more or 'none'}"
    expect(not missing and not more, tried=tried, got=got, expected="exactly the entries of the table", look=look)


@state.property("model, optimizer, scheduler, settings and step are those of the run")
def has_the_parts(student, rng):
    said, tried = shown(student, rng)
    for name in ("model", "optimizer", "scheduler", "settings", "step"):
        same = said["got"].get(name) == said["want"][name]
        look = f"run.{name}" + (".state_dict()" if name in ("model", "optimizer", "scheduler") else "")
        expect(same, tried=f"{tried}; {name}", got="something else", expected=f"what {look} says", look=look)


@state.property("the scaler's state, full on a float16 machine and empty on others")
def has_the_scaler(student, rng):
    for dtype in ("float16", "float32"):
        said, tried = shown(student, rng, dtype)
        got, want = said["got"].get("scaler"), said["want"]["scaler"]
        look = "run.scaler.state_dict(): it is empty by itself if the scaler is off"
        expect(got == want, tried=f"{tried} on a machine with {dtype}; scaler", got=str(got), expected=str(want), look=look)


@state.property("the place in the data, with the generator as it was before the order was drawn")
def has_the_place(student, rng):
    for steps in (0, 4, 6):
        said, tried = shown(student, rng, steps=steps)
        got, want = said["got"].get("batches"), said["want"]["batches"]
        look = "epoch, used and began, three attributes of run.batches"
        if isinstance(got, dict) and {**got, "began": 0} == {**want, "began": 0}:
            look = "run.batches.began, from before the order was drawn; the generator's present state draws the *next* order"
        expect(got == want, tried=f"{tried}; batches", got=names_of(got), expected="epoch, used and began as they are", look=look)


@state.property("PyTorch's own generators, as they are at this moment")
def has_the_generators(student, rng):
    said, tried = shown(student, rng)
    got, want = said["got"].get("rng"), said["want"]["rng"]
    look = 'torch.get_rng_state() under "cpu"; torch.cuda.get_rng_state_all() under "cuda", an empty list where there is no GPU'
    expect(got == want, tried=f"{tried}; rng", got=names_of(got), expected="the states of both kinds", look=look)


@state.property("it stands still when the run goes on, and the run goes on as if nothing had happened")
def stands_still(student, rng):
    said, tried = shown(student, rng)
    moved = [name for name in said["got"] if said["got"][name] != said["later"].get(name)]
    look = "state_dict() hands out the living tensors: traveling(...) copies them"
    expect(not moved, tried=f"{tried}, and five steps later", got=f"other values in {moved}", expected="the same state", look=look)
    seed = number_from(rng)
    got, want = live(student, "stored", "state_of", seed, 6, "float32"), scene(student, "undisturbed")(seed, 6, 5)
    look = "to look must not change anything: no seed is set, no number drawn, no batch taken"
    expect(got["losses"] == want["losses"], tried=f"{tried}; its next losses", got="others", expected="those without state_of", look=look)


def names_of(value):
    """The keys of a dictionary for a message."""
    return f"a dictionary with {sorted(value)}" if isinstance(value, dict) else describe(value)


# ---- restore -----------------------------------------------------------------------------------------------------------


def expect_goes_on(student, seed, steps, tried, more=10, look="", **options):
    """`Wrong` unless a restored run has the losses, weights, step and place of one that was never interrupted."""
    names = ("dtype", "to", "twice", "cuda", "changes", "stray", "here")
    usual = {"dtype": "float32", "to": None, "twice": False, "cuda": 0, "changes": {}, "stray": 2, "here": 0}
    said = live(student, "resumed", "restore", seed, steps, more, *[(usual | options)[name] for name in names])
    what = look or "go through the table again: is every entry put back?"
    expect(not said["error"], tried=tried, got=said["error"], expected="no error", look=what)
    expect(said["step"] == steps, tried=tried, got=f"run.step {said['step']}", expected=steps, look="run.step = state['step']")
    return said


def expect_same_losses(student, said, seed, steps, tried, look, more=10, **options):
    """`Wrong` unless the losses and the weights are the undisturbed run's, in every bit."""
    want = scene(student, "undisturbed")(seed, steps, more, options.get("dtype", "float32"), options.get("changes", {}))
    same = said["losses"] == want["losses"]
    first = next((number for number, pair in enumerate(zip(said["losses"], want["losses"], strict=True)) if pair[0] != pair[1]), 0)
    got = f"{said['losses'][first]:.9g} at step {first + 1} after it"
    expect(same, tried=f"{tried}; the next losses", got=got, expected=f"{want['losses'][first]:.9g}, the same bits", look=look)
    same = np.array_equal(said["weights"], want["weights"])
    expect(same, tried=f"{tried}; the weights after that", got="others", expected="the same bits", look=look)


@restore.property("model, optimizer and schedule are put back")
def puts_parts_back(student, rng):
    seed, changes = number_from(rng), {"dropout": 0.0, "batch": 50}
    tried = "a run without dropout, one batch an epoch, after 7 steps"
    said = expect_goes_on(student, seed, 7, tried, changes=changes)
    want = references.undisturbed(seed, 7, 10, "float32", changes)
    look = "the first loss is wrong: are the weights put back?"
    if is_close(said["losses"][:1], want["losses"][:1]):
        look = "the first loss is right, the next are not: Adam's running means (optimizer) or the learning rate (scheduler)?"
    expect_close(said["losses"], want["losses"], tried=f"{tried}; the next losses", look=look, tol=1e-5)


@restore.property("the place in the data, in the middle of an epoch, after a whole one, at the beginning")
def puts_place_back(student, rng):
    seed, changes = number_from(rng), {"dropout": 0.0}
    for steps in (0, 4, 5, 11):
        tried = f"a run without dropout, epochs of four batches, after {steps} steps"
        said = expect_goes_on(student, seed, steps, tried, more=0, changes=changes)
        want = [max(0, steps - 1) // 4, [0, 16, 32, 48, 50][steps - 4 * (max(0, steps - 1) // 4)]]
        look = "run.batches.used and run.batches.epoch, after shuffle, which sets used to 0"
        expect(said["place"] == want, tried=f"{tried}; epoch and rows used", got=said["place"], expected=want, look=look)
        said = expect_goes_on(student, seed, steps, tried, changes=changes)
        want = references.undisturbed(seed, steps, 10, "float32", changes)["losses"]
        look = "set the generator to began, and draw this epoch's order again with shuffle(run.batches)"
        expect_close(said["losses"], want, tried=f"{tried}; the next losses", look=look, tol=1e-5)


@restore.property("with dropout and Adam, from anywhere: the same bits", after="puts_parts_back")
def same_bits(student, rng):
    for steps in rng.integers(1, 14, size=3):
        seed, steps = number_from(rng), int(steps)
        tried = f"a run with dropout after {steps} steps"
        look = "the data are right, the masks of dropout are not: torch.set_rng_state(state['rng']['cpu']), and nothing drawn after it"
        expect_same_losses(student, expect_goes_on(student, seed, steps, tried), seed, steps, tried, look)


@restore.property("from float16 to float16 the scale is kept", after="puts_parts_back")
def keeps_the_scale(student, rng):
    seed = number_from(rng)
    tried = "a float16 run after 8 steps, on a float16 machine"
    said = expect_goes_on(student, seed, 8, tried, more=0, dtype="float16", changes={"dropout": 0.0})
    settings, data = references.small(seed, dropout=0.0)
    run = references.begin(settings, references.CPU | {"dtype": "float16"}, data)
    references.went_on(run, 8)
    for name in ("scale", "_growth_tracker"):
        want = run.scaler.state_dict()[name]
        expect(
            said["scale"].get(name) == want,
            tried=f"{tried}; its {name}",
            got=said["scale"].get(name),
            expected=want,
            look="run.scaler.load_state_dict(...)",
        )


@restore.property("from a machine with another number type, in both directions", after="puts_parts_back")
def changes_machines(student, rng):
    seed = number_from(rng)
    for one, two in (("float32", "float16"), ("float16", "float32"), ("bfloat16", "float16")):
        tried = f"a {one} run after 6 steps, on a machine with {two}"
        look = "a scaler that is on refuses an empty state: only if state['scaler'] is not empty"
        said = expect_goes_on(student, seed, 6, tried, more=3, look=look, dtype=one, to=two)
        expect(
            all(math.isfinite(each) for each in said["losses"]), tried=tried, got=str(said["losses"]), expected="finite losses", look=look
        )


@restore.property("the generators of GPUs are set if there are as many here as in the state, else left alone")
def other_gpus(student, rng):
    for saved, here in ((11, 0), (2, 2), (2, 1), (0, 1)):
        tried = f"the state of a machine with {saved} GPUs, on one with {here} (played)"
        look = "torch.cuda.set_rng_state_all only if there are as many generators here as in the state"
        said = expect_goes_on(student, number_from(rng), 6, tried, more=0, look=look, cuda=saved, here=here)
        got, want = [list(each) for each in said["cuda"]], [[number, number + 1] for number in range(saved)] if saved == here else []
        names = [f"generator {number}" for number, _ in got]
        look = look if got and not want else "torch.cuda.set_rng_state_all(state['rng']['cuda'])"
        expect(got == want, tried=f"{tried}; set", got=str(names), expected=f"{len(want)} generators", look=look)


@restore.property("the state is left as it was, also when the run goes on", after="puts_parts_back")
def leaves_the_state(student, rng):
    seed = number_from(rng)
    for twice in (False, True):
        tried = f"a state, put into {'two runs one after the other' if twice else 'a run'}, with ten steps after it"
        said = expect_goes_on(student, seed, 6, tried, twice=twice)
        look = "optimizer.load_state_dict does not copy: the optimizer works on in the state's tensors. copy.deepcopy(state) first"
        expect(said["kept"], tried=f"{tried}; the state", got="other numbers than before", expected="the state as it was", look=look)


@restore.property("a state of other settings is refused by name, and nothing is changed")
def refuses_others(student, rng):
    for changes, names in (({"lr": 0.125}, ("lr",)), ({"batch": 8, "dropout": 0.1}, ("batch", "dropout")), ({"extra": 3}, ("extra",))):
        said = live(student, "refused", "restore", number_from(rng), changes)
        tried = f"a state with other {' and '.join(names)}"
        look = "compare state['settings'] with run.settings first, and raise ValueError"
        expect(said["kind"] == "ValueError", tried=tried, got=said["kind"] or "no error", expected="ValueError", look=look)
        missing = [name for name in names if name not in said["text"]]
        expect(not missing, tried=f"{tried}; the message", got=said["text"], expected=f"{', '.join(names)} in it", look="name what differs")
        expect(
            said["alone"],
            tried=tried,
            got="a run that was changed",
            expected="the run as it was",
            look="compare before you put anything back",
        )


# ---- train -------------------------------------------------------------------------------------------------------------


def sailed(student, durations, saves, until, options, stop_at=None, start=0):
    """A session of the learner's `train` and of the reference's, and in words what was tried."""
    args = (durations, saves, until, {"every": math.inf} | options, stop_at, start)
    said = ", ".join(f"{name} = {value:g}" for name, value in args[3].items())
    tried = f"steps of {durations[-1]:g} s from {start} to {until}, saves of {saves:g} s, {said}, clock at 100"
    if len(durations) > 1:
        tried = tried.replace("steps of", f"first steps of {', '.join(f'{each:g}' for each in durations[:-1])} s, then of")
    tried += f", stop asked for at step {stop_at}" if stop_at is not None else ""
    return live(student, "at_sea", "train", *args), references.at_sea(references.honest_train, *args), tried


def moments(said, kind):
    """The step numbers at which something was done."""
    return [number for what, number, _ in said["diary"] if what == kind]


def expect_moments(said, want, kind, tried, look):
    """`Wrong` unless something was done at the right steps."""
    got, right = moments(said, kind), moments(want, kind)
    short = lambda numbers: str(numbers if len(numbers) < 12 else [*numbers[:5], "...", *numbers[-3:]])  # noqa: E731
    names = {"step": "steps", "save": "saves after the steps", "log": "entries after the steps"}
    expect(got == right, tried=f"{tried}; {names[kind]}", got=short(got), expected=short(right), look=look)


def expect_why(said, want, tried, look="return the reason: done, stopped or deadline"):
    """`Wrong` unless the right reason came back."""
    expect(said["why"] == want["why"], tried=f"{tried}; what came back", got=repr(said["why"]), expected=repr(want["why"]), look=look)


@train.property("it makes the steps that are left, and says that it is done")
def makes_the_steps(student, rng):
    for start, until in ((0, 7), (5, 9), (0, 1)):
        said, want, tried = sailed(student, [1.0], 0.0, until, {}, start=start)
        expect_moments(said, want, "step", tried, "while run.step < until: until counts all steps of the run, not those of this session")
        expect_why(said, want, tried)


@train.property("with nothing left to do, nothing is done")
def nothing_left(student, rng):
    for start, until in ((7, 7), (9, 7)):
        said, want, tried = sailed(student, [1.0], 0.0, until, {}, start=start)
        got = f"{len(moments(said, 'step'))} steps, {len(moments(said, 'save'))} saves, {len(moments(said, 'log'))} entries"
        expect(not said["diary"], tried=tried, got=got, expected="nothing", look="the last save only if a step was made since the last one")
        expect_why(said, want, tried)


@train.property("one entry a step: number, loss, the rate that it used, seconds since the session began", after="makes_the_steps")
def logs(student, rng):
    said, want, tried = sailed(student, [2.0, 1.5], 3.0, 8, {"every": 4.0}, start=3)
    expect_moments(said, want, "log", tried, "log({...}) once after each step")
    for got, right in zip(said["entries"], want["entries"], strict=True):
        expect(
            isinstance(got, dict) and set(got) == set(right),
            tried=f"{tried}; an entry",
            got=str(got),
            expected=str(right),
            look="four names",
        )
        looks = {
            "step": "run.step after the step",
            "loss": "what train_step returned",
            "lr": "ask the scheduler *before* the step: train_step moves it on",
            "seconds": "clock() minus what it showed when `train` began",
        }
        for name, look in looks.items():
            expect_close(got[name], right[name], tried=f"{tried}; {name} of step {right['step']}", look=look)


@train.property("a save as soon as `every` seconds have passed since the last one ended", after="makes_the_steps")
def saves_by_clock(student, rng):
    for durations, saves, every in (
        ([1.0], 0.0, 5.0),
        ([1.0], 2.0, 5.0),
        ([0.5, 3.0, 0.5], 1.0, 2.0),
        ([4.0], 3.0, 1.0),
        ([0.75], 0.5, 2.0),
    ):
        said, want, tried = sailed(student, durations, saves, 23, {"every": every})
        look = "clock() - saved_at >= every, where saved_at is the time after the last save, at first the start of the session"
        expect_moments(said, want, "save", tried, look)


@train.property("the last step is saved once, not twice", after="makes_the_steps")
def last_save(student, rng):
    for durations, every, until in (([1.0], math.inf, 6), ([1.0], 3.0, 6), ([1.0], 3.0, 8), ([1.0], 1.0, 2)):
        said, want, tried = sailed(student, durations, 0.0, until, {"every": every})
        expect_moments(said, want, "save", tried, "after the loop, save if run.step is larger than the step that was saved last")


@train.property("log first, then save", after="makes_the_steps")
def log_before_save(student, rng):
    said, want, tried = sailed(student, [1.0], 0.0, 4, {"every": 1.0})
    got = [what for what, _, _ in said["diary"]]
    look = "save first, and a kill in between leaves a step that is in the state, and not in the log"
    expect(got == [what for what, _, _ in want["diary"]], tried=tried, got=", ".join(got[:6]), expected="step, log, save, ...", look=look)


@train.property("asked to stop, it leaves after the step that it is in, with a save", after="makes_the_steps")
def stops(student, rng):
    for stop_at, every in ((4, math.inf), (0, math.inf), (6, 2.0), (9, math.inf)):
        said, want, tried = sailed(student, [1.0], 0.5, 9, {"every": every}, stop_at=stop_at)
        expect_moments(said, want, "step", tried, "ask stop() before each step")
        expect_moments(said, want, "save", tried, "break, and fall through to the last save; nothing new, nothing saved")
        expect_why(said, want, tried, '"stopped"; and "done" if all steps are made')


@train.property("it leaves before the deadline, with room for one more step", after="makes_the_steps")
def meets_the_deadline(student, rng):
    cases = [([1.0], 110.0), ([1.0], 110.5), ([3.0], 110.0), ([1.0], 100.0), ([2.5], 105.0), ([1.0], 99.0), ([1.0], 139.0), ([1.0], 140.0)]
    for durations, deadline in cases:
        said, want, tried = sailed(student, durations, 2.0, 40, {"deadline": deadline})
        expect_moments(said, want, "step", tried, "before each step: now + longest > deadline, with `longest` 0 at first")
        expect_moments(said, want, "save", tried, "leave the loop with break, and save at the end")
        expect_why(said, want, tried)


@train.property("it reckons with the longest step so far, not with the last one", after="meets_the_deadline")
def longest_step(student, rng):
    for durations in ([4.0, 1.0], [1.0, 1.0, 5.0, 0.5], [0.5, 0.5, 2.0, 0.25]):
        said, want, tried = sailed(student, durations, 1.0, 60, {"deadline": 120.0, "every": 3.0})
        look = "longest = max(longest, clock() - now), the time of the step alone, without a save"
        expect_moments(said, want, "step", tried, look)


# ---- plan --------------------------------------------------------------------------------------------------------------


def drawn(rng):
    """An offer, with work and saves, at random."""
    offer = {
        "start": float(rng.integers(60, 900)),
        "session": 3600.0 * int(rng.integers(1, 13)),
        "week": 3600.0 * int(rng.integers(10, 40)),
    }
    offer["price"] = float(np.round(rng.uniform(0.1, 4.0), 2))
    return 3600 * float(rng.uniform(0.2, 200)), float(rng.uniform(1, 60)), float(rng.uniform(100, 2000)), offer


def planned(student, work, save, every, offer):
    """The learner's plan with its four entries, and in words what was tried."""
    said = student.plan(work, save, every, dict(offer))
    terms = ", ".join(f"{name} {value:g}" for name, value in offer.items())
    tried = f"{work:,.1f} s of training, saves of {save:.1f} s every {every:.0f} s; {terms}"
    if not isinstance(said, dict) or set(said) != {"sessions", "seconds", "weeks", "price"}:
        raise Wrong(
            tried=tried, got=describe(said), expected='{"sessions", "seconds", "weeks", "price"}', look="return a dictionary, or None"
        )
    return said, tried


def expect_plan(student, name, cases, look, tol=1e-9):
    """`Wrong` unless an entry of the plan is right in all cases."""
    for case in cases:
        said, tried = planned(student, *case)
        expect_close(said[name], references.plan(*case)[name], tried=f"{tried}; {name}", look=look, tol=tol)


@plan.property("the number of sessions: all training and its saves, over the room in one session")
def session_count(student, rng):
    offer = {"start": 100.0, "session": 1000.0, "week": math.inf, "price": 0.0}
    cases = [drawn(rng) for _ in range(12)] + [(work, 0.0, 60.0, offer) for work in (900.0, 900.5, 1800.0, 10.0)]
    cases.append((2.0, 0.0, 60.0, offer | {"session": 100.5}))
    look = "ceil(W (1 + C / every) / (L - S - C)): in every session the start and the last save are lost for training"
    expect_plan(student, "sessions", cases, look)


@plan.property("the seconds: training, its saves, and start and last save of each session")
def all_seconds(student, rng):
    look = "W (1 + C / every) + n (S + C), with n the number of sessions"
    expect_plan(student, "seconds", [drawn(rng) for _ in range(12)], look)


@plan.property("weeks by the quota, rounded up; price by the hour for all seconds")
def weeks_and_price(student, rng):
    cases = [drawn(rng) for _ in range(12)]
    expect_plan(student, "weeks", cases, "ceil(T / Q)")
    expect_plan(student, "price", cases, "T / 3600 * price: the hours in which nothing is trained are billed as well")


@plan.property("without limits: one session, one week; and whole numbers everywhere")
def no_limits(student, rng):
    offer = {"start": 100.0, "session": math.inf, "week": math.inf, "price": 2.0}
    for work in (1e7, 50.0, 0.0):
        said, tried = planned(student, work, 5.0, 600.0, offer)
        for name in ("sessions", "weeks"):
            fine = said[name] == 1 and isinstance(said[name], int)
            look = "x / math.inf is 0, and its ceiling 0: max(1, ...)"
            expect(fine, tried=f"{tried}; {name}", got=repr(said[name]), expected="1", look=look)


@plan.property("a session that has no room for training: None")
def never_ends(student, rng):
    for start, session, save in ((600.0, 600.0, 0.0), (600.0, 620.0, 20.0), (900.0, 600.0, 5.0)):
        offer = {"start": start, "session": session, "week": math.inf, "price": 1.0}
        said = student.plan(3600.0, save, 600.0, dict(offer))
        tried = f"sessions of {session:g} s with {start:g} s to start and {save:g} s for the last save"
        expect(said is None, tried=tried, got=describe(said), expected="None", look="L - S - C is 0 or less: the run never ends there")
