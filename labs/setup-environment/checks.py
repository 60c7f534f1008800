"""What proves the answers of the lab setup-environment right.

Each task is checked on its own: what it builds on is replaced by the references in given.py, where the scenes are, too. Processes
are killed for real on Linux, around the calls that touch the disk and in the middle of the bytes; where many moments are tried, and on
other systems, an exception stands in that nothing catches.
"""

import numpy as np

from scratchlab.checks import Wrong, as_array, beside, describe, expect, expect_close, given, load_given, task

references = load_given(__file__)

place = task(
    "place",
    hints=(
        "Go down the table row by row: if its sign is there, return its two answers. The last line is the local machine.",
        'A sign is the exact name of a variable, `"NAME" in environ`. Only Paperspace has a second one: both folders. Only Colab and '
        "SLURM need another look to say what survives.",
        '`if "COLAB_RELEASE_TAG" in environ: return "colab", drive if exists(drive) else None`, below the lines for Kaggle; for SLURM '
        '`environ.get("SLURM_SUBMIT_DIR", ".")`',
    ),
)
machine = task(
    "machine",
    hints=(
        "First take the line apart into name, memory and capability; then three questions: usable? which number type? which profile?",
        "Split at the commas. Turn the memory into a number and the capability into two whole numbers, (7, 5): tuples compare entry by "
        "entry.",
        "`name, memory, capability = answer.splitlines()[0].split(',')`, "
        "`version = tuple(int(n) for n in capability.strip().split('.'))`, then `if version < (7, 5) or float(memory) < 14_000:`",
    ),
)
write = task(
    "write",
    hints=(
        "Four steps: write beside, flush, fsync, swap. The file `path` itself is never opened.",
        "`beside = path.with_name(path.name + '.tmp')`. Flush and fsync while that file is still open, swap when it is closed.",
        "`with open(beside, 'wb') as file:` write, `file.flush()`, `os.fsync(file.fileno())`; after the block `os.replace(beside, path)`",
    ),
)
capture = task(
    "capture",
    hints=(
        "Underline in `advance` everything that it reads from `run`. What of that was made by earlier steps?",
        "net, velocity, order, position and step; then settings and best; and the generator's state under 'rng'. Of each a copy.",
        "`state = {name: copy.deepcopy(getattr(run, name)) for name in (...)}`, then `state['rng'] = run.rng.bit_generator.state`",
    ),
)
newest = task(
    "newest",
    hints=(
        "A loop over the checkpoints, the newest first. It ends in one of three ways: return the state, raise, or go on to the next.",
        "`sorted(folder.glob('step-*.ckpt'), key=step_of, reverse=True)`. In the `try` stands only what may find damage; the settings "
        "are compared after it.",
        "`try: state = unpack(path.read_bytes())`, `except OSError: continue`; then `if state['settings'] != settings: raise "
        "ValueError(...)`, else `return state`; after the loop `return None`",
    ),
)
train = task(
    "train",
    hints=(
        "Begin a run; if there is a newest state, put it back; then steps until it is done, and now and then a save.",
        "Save when run.step % every == 0 or run.step == until: score, best.ckpt if it is strictly higher, the step file, delete old ones.",
        "`while run.step < until: advance(run)`, and in the save, after both files are written: "
        "`for old in sorted(folder.glob('step-*.ckpt'), key=step_of)[:-2]: old.unlink()`",
    ),
)


# ---- tools -------------------------------------------------------------------------------------------------------------


def pair(value, names, tried):
    """`value` as a tuple with one entry for each name, or `Wrong`."""
    if not isinstance(value, tuple | list) or len(value) != len(names):
        raise Wrong(tried=tried, got=describe(value), expected=f"({', '.join(names)})", look=f"return {', '.join(names)}")
    return tuple(value)


def scene(student, name):
    """A scene of given.py, where the learner's code is."""
    return beside(student, getattr(references, name))


def number_from(rng):
    """A seed for a scene."""
    return int(rng.integers(1_000_000))


def expect_same_bits(got, want, *, tried, look):
    """`Wrong` unless two networks agree in every bit."""
    for name, part in want.items():
        mine = as_array(got[name], tried=tried)
        if mine.shape == part.shape and mine.tobytes() != part.tobytes() and np.array_equal(np.round(mine, 12), np.round(part, 12)):
            raise Wrong(tried=tried, got=f"{name} is right up to rounding only", expected="the same bits", look="keep float64 as it is")
        expect_close(mine, part, tried=f"{tried}; {name}", look=look, tol=0.0)


def expect_undisturbed(student, got, seed, until, *, tried, look):
    """`Wrong` unless these are the weights of a run that nobody disturbed, in every bit.

    The bits are those of the process that trained: another one, with other settings of its libraries, may round otherwise.
    """
    for name, part in references.undisturbed(seed, until).items():
        expect_close(got[name], part, tried=f"{tried}; {name}", look=look, tol=1e-6)
    expect_same_bits(got, scene(student, "undisturbed")(seed, until), tried=tried, look=look)


# ---- place -------------------------------------------------------------------------------------------------------------

SIGNS = {
    "kaggle": {"KAGGLE_KERNEL_RUN_TYPE": "Batch", "KAGGLE_URL_BASE": "https://www.kaggle.com"},
    "colab": {"COLAB_RELEASE_TAG": "release-colab-external", "COLAB_GPU": ""},
    "paperspace": {"PAPERSPACE_NOTEBOOK_REPO_ID": "r4nd0m", "PAPERSPACE_FQDN": "x.gradient.run"},
    "slurm": {"SLURM_JOB_ID": "4711", "SLURM_SUBMIT_DIR": "/cluster/ada/digits"},
    "local": {},
}
USUAL = {"PATH": "/usr/bin", "LANG": "C.UTF-8"}


def asked(student, environ, there=(), tried=""):
    """What where_am_i says about a machine with these variables and paths."""
    try:
        said = student.where_am_i(USUAL | environ, lambda path: str(path).rstrip("/") in there)
    except KeyError as error:
        look = "a variable that may be missing: environ.get(name, default)"
        raise Wrong(tried=tried, got=f"KeyError: {error}", expected="a place and a folder", look=look) from error
    return pair(said, ("place", "folder"), tried)


@place.property("each place is known by its own variable")
def known_by_its_variable(student, rng):
    for name, signs in SIGNS.items():
        first = dict(list(signs.items())[:1])
        tried = f"a machine with {', '.join(first) or 'none of these variables'}"
        got, _ = asked(student, first, tried=tried)
        look = "does it look at `environ`, its argument, and at the exact name?"
        expect(got == name, tried=tried, got=repr(got), expected=repr(name), look=look)


@place.property("Kaggle is Kaggle, although Colab's variable is set there, too")
def kaggle_before_colab(student, rng):
    tried = "a machine with COLAB_RELEASE_TAG and KAGGLE_KERNEL_RUN_TYPE"
    got, _ = asked(student, SIGNS["colab"] | SIGNS["kaggle"], tried=tried)
    look = "Kaggle's machines are built on Colab's: ask for Kaggle first"
    expect(got == "kaggle", tried=tried, got=repr(got), expected="'kaggle'", look=look)


@place.property("a password or a setting with a similar name is no sign")
def names_are_exact(student, rng):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "PAPERSPACE_API_KEY", "SLURM_CONF", "SLURM_TIME_FORMAT", "COLAB_BACKUP_FOLDER"):
        tried = f"a laptop with {name}"
        got, _ = asked(student, {name: "anything"}, tried=tried)
        look = "only the exact names of the table count, not how they begin"
        expect(got == "local", tried=tried, got=repr(got), expected="'local'", look=look)


@place.property("Paperspace is also known by its two folders, but not by one of them")
def paperspace_by_folders(student, rng):
    for there, want in ((("/notebooks", "/storage"), "paperspace"), (("/notebooks",), "local"), (("/storage",), "local")):
        tried = f"a machine without special variables, with {' and '.join(there)}"
        got, _ = asked(student, {}, there, tried=tried)
        expect(got == want, tried=tried, got=repr(got), expected=repr(want), look="both folders together are the sign")


@place.property("on Colab nothing survives, unless the Drive is mounted")
def colab_and_its_drive(student, rng):
    for there, want in ((("/content",), None), (("/content", "/content/drive", "/content/drive/MyDrive"), "/content/drive/MyDrive")):
        tried = f"Colab, {'with the Drive mounted' if want else 'without a mounted Drive'}; the folder"
        _, got = asked(student, SIGNS["colab"], there, tried=tried)
        look = "ask `exists` for the folder MyDrive itself; without it, None"
        expect(got == want, tried=tried, got=repr(got), expected=repr(want), look=look)


@place.property("elsewhere it names the folder that survives")
def names_the_folder(student, rng):
    submit = f"/cluster/ada/run-{int(rng.integers(1000))}"
    cases = [("kaggle", SIGNS["kaggle"], "/kaggle/working"), ("paperspace", SIGNS["paperspace"], "/storage"), ("local", {}, ".")]
    cases += [("slurm", {"SLURM_JOB_ID": "7", "SLURM_SUBMIT_DIR": submit}, submit), ("slurm", {"SLURM_JOB_ID": "7"}, ".")]
    for name, environ, want in cases:
        tried = f"{name}, with {', '.join(environ) or 'no special variables'}; the folder"
        _, got = asked(student, environ, tried=tried)
        look = "the last column of the table; `environ.get(name, default)` for a variable that may be missing"
        expect(got == want, tried=tried, got=repr(got), expected=repr(want), look=look)


# ---- machine -----------------------------------------------------------------------------------------------------------

CPU = ("cpu", "float32", "cpu")


def chosen(student, line):
    """What choose says about an answer of nvidia-smi."""
    return pair(student.choose(line), ("device", "dtype", "profile"), f"{line!r}")


def expect_choice(student, cases, look):
    for line, want in cases:
        got = chosen(student, line)
        expect(got == want, tried=f"{line!r}", got=repr(got), expected=repr(want), look=look)


@machine.property("without a GPU, everything is for the CPU")
def no_gpu(student, rng):
    expect_choice(student, [("", CPU), ("\n", CPU)], "an empty text has no first line: ask for that case first")


@machine.property("a T4 computes in float16, GPUs from 8.0 on in bfloat16")
def number_types(student, rng):
    cases = [
        ("Tesla T4, 15360, 7.5", ("cuda", "float16", "gpu")),
        ("NVIDIA A100-SXM4-40GB, 40960, 8.0", ("cuda", "bfloat16", "gpu")),
        ("NVIDIA GeForce RTX 3090, 24576, 8.6", ("cuda", "bfloat16", "gpu")),
        ("NVIDIA L4, 23034, 8.9", ("cuda", "bfloat16", "gpu")),
        ("NVIDIA H100 80GB HBM3, 81559, 9.0", ("cuda", "bfloat16", "h100")),
    ]
    expect_choice(student, cases, "capability 7.5 has no units for bfloat16; from 8.0 on there are")


@machine.property("version numbers are compared as numbers: 10.0 and 12.0 come after 9.0")
def versions_are_numbers(student, rng):
    cases = [
        ("NVIDIA B200, 183359, 10.0", ("cuda", "bfloat16", "h100")),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition, 97887, 12.0", ("cuda", "bfloat16", "h100")),
    ]
    expect_choice(student, cases, "as text, '10.0' sorts before '9.0': turn the capability into numbers")


@machine.property("a GPU that is too old is left alone")
def too_old(student, rng):
    cases = [("Tesla P100-PCIE-16GB, 16384, 6.0", CPU), ("Tesla V100-SXM2-16GB, 16160, 7.0", CPU), ("Tesla K80, 24576, 3.7", CPU)]
    expect_choice(student, cases, "below 7.5, PyTorch's builds have no code for it: work on the CPU")


@machine.property("memory decides, too: what is too small does not get the larger profile")
def memory_counts(student, rng):
    small, large = int(rng.integers(3_000, 13_999)), int(rng.integers(14_001, 69_999))
    cases = [
        ("NVIDIA GeForce RTX 3050 Laptop GPU, 4096, 8.6", CPU),
        (f"NVIDIA GeForce RTX 2060, {small}, 7.5", CPU),
        (f"NVIDIA Graphics Device, {large}, 9.0", ("cuda", "bfloat16", "gpu")),
        ("NVIDIA GeForce RTX 5090, 32607, 12.0", ("cuda", "bfloat16", "gpu")),
        ("NVIDIA Graphics Device, 14000, 8.0", ("cuda", "bfloat16", "gpu")),
        ("NVIDIA Graphics Device, 70000, 9.0", ("cuda", "bfloat16", "h100")),
        ("NVIDIA A100-SXM4-80GB, 81920, 8.0", ("cuda", "bfloat16", "gpu")),
    ]
    expect_choice(student, cases, "gpu needs 14,000 MiB, h100 needs 70,000 MiB *and* 9.0; at exactly these values it is enough")


@machine.property("the name decides nothing, and of several GPUs the first counts")
def only_numbers_count(student, rng):
    cases = [
        ("Quadro RTX 6000, 24576, 7.5", ("cuda", "float16", "gpu")),
        ("NVIDIA RTX 6000 Ada Generation, 49140, 8.9", ("cuda", "bfloat16", "gpu")),
        ("NVIDIA H200, 143771, 9.0\n", ("cuda", "bfloat16", "h100")),
        ("NVIDIA GH200 480GB, 97871, 9.0", ("cuda", "bfloat16", "h100")),
        ("Tesla T4, 15360, 7.5\nTesla T4, 15360, 7.5\n", ("cuda", "float16", "gpu")),
        ("Tesla T4, 15360, 7.5\nNVIDIA A100-SXM4-40GB, 40960, 8.0\n", ("cuda", "float16", "gpu")),
        ("NVIDIA A100-SXM4-40GB, 40960, 8.0\nTesla T4, 15360, 7.5", ("cuda", "bfloat16", "gpu")),
    ]
    expect_choice(student, cases, "look at the memory and the capability of the first line only")


# ---- write -------------------------------------------------------------------------------------------------------------


def contents(rng):
    """An old and a new content, of different lengths."""
    return rng.bytes(int(rng.integers(20_000, 30_000))), rng.bytes(int(rng.integers(31_000, 40_000)))


def expect_old_or_new(said, old, new, what):
    """`Wrong` unless after each kill the file holds the old or the new content."""
    for number, end, content in said:
        tried = f"{what(number)}; the file afterwards"
        ended_well(end, tried)
        got = "no file" if content is None else f"{len(content):,} bytes"
        fine = content is not None and content in (old, new)
        look = "the file itself must not be opened, emptied or deleted: write beside it, and swap with os.replace at the very end"
        if end == "finished" and not fine:
            look = "it was not even killed: a write without a buffer may take only a part; what does it return?"
        expect(fine, tried=tried, got=got, expected=f"all {len(old):,} old bytes or all {len(new):,} new ones", look=look)


def ended_well(end, tried):
    """`Wrong` if what was to be killed hung or raised an error of its own."""
    expect(end != "hung", tried=tried, got="it did not come back", expected="an end", look="is there a loop that never ends?")
    look = "which error? The first property, or your example above the check, shows it"
    expect(end != "raised", tried=tried, got="an error", expected="no error", look=look)


def moment(number):
    """In words, where a kill came."""
    return f"killed right after call {number // 2 + 1} of those that touch the disk (open, fsync, replace, ...)"


@write.property("the file holds exactly the new content, and nothing is left beside it")
def holds_the_content(student, rng):
    old, new = contents(rng)
    for before, after in ((None, new), (old, new), (new, old), (old, b"")):
        tried = f"{len(after):,} bytes {'in place of ' + format(len(before), ',') + ' old ones' if before else 'where no file was'}"
        said = scene(student, "rewritten")(student.write_atomically, before, after, None)
        got = "no file" if said["content"] is None else f"{len(said['content']):,} bytes"
        same = said["content"] == after
        expect(same, tried=tried, got=got + " (others)" * (not same), expected="exactly the bytes given", look="was all of it written?")
        look = "os.replace takes the file beside away by giving it the other name; a copy leaves it there"
        expect(said["names"] == ["run.ckpt"], tried=tried, got=f"the files {said['names']}", expected="run.ckpt alone", look=look)


@write.property("half a file that an earlier kill left beside it does no harm")
def leftovers_do_no_harm(student, rng):
    old, new = contents(rng)
    for leftover in (new + rng.bytes(5_000), new[:999]):
        tried = f"with a run.ckpt.tmp of {len(leftover):,} bytes from an earlier kill, {len(new):,} new ones"
        said = scene(student, "rewritten")(student.write_atomically, old, new, leftover)
        got = "no file" if said["content"] is None else f"{len(said['content']):,} bytes"
        expect(said["content"] == new, tried=tried, got=got, expected="exactly the new bytes", look="open it anew, with mode 'wb'")
        look = "the name beside is that of the file with .tmp appended, so that it is used again and never piles up"
        expect(said["names"] == ["run.ckpt"], tried=tried, got=f"the files {said['names']}", expected="run.ckpt alone", look=look)


@write.property("killed right after any call that touches the disk: the old file or the new one")
def any_call(student, rng):
    old, new = contents(rng)
    said = scene(student, "survived")(student.write_atomically, old, new, "moment", list(range(1, 40, 2)))
    expect_old_or_new(said, old, new, moment)


@write.property("killed in the middle of the bytes: the old file, whole")
def any_byte(student, rng):
    old, new = contents(rng)
    numbers = [int(rng.integers(1, len(new) - 1)), len(new) - 1]
    said = scene(student, "survived")(student.write_atomically, old, new, "byte", numbers)
    expect_old_or_new(said, old, new, lambda number: f"killed when {number:,} of {len(new):,} bytes were written")


@write.property("all of it is on the disk before the swap, which stays in one folder")
def synced_before_the_swap(student, rng):
    for new in (rng.bytes(int(rng.integers(100, 2_000))), contents(rng)[1]):  # less than a buffer holds, and more
        tried = f"{len(new):,} bytes, with an eye on fsync and replace"
        swaps = scene(student, "diary")(student.write_atomically, new)
        look = "os.replace(beside, path) is the one call that puts the new file in place"
        expect(len(swaps) == 1, tried=tried, got=f"{len(swaps)} files swapped into place", expected="one", look=look)
        source, target, synced = swaps[0]
        got, want = f"{source} swapped to {target}", "run.ckpt.tmp swapped to run.ckpt"
        expect(got == want, tried=tried, got=got, expected=want, look="the name beside is that of the file with .tmp appended")
        look = "os.fsync(file.fileno()) while the file is open, before os.replace"
        expect(synced >= 0, tried=tried, got="a swap without fsync", expected="fsync first", look=look)
        look = "flush first: fsync can only write what has left Python's buffer"
        expect(synced == len(new), tried=tried, got=f"fsync of {synced:,} bytes", expected=f"of all {len(new):,}", look=look)


@write.property("a full disk is reported, and the old file stays")
def full_disk(student, rng):
    old, new = contents(rng)
    size = int(rng.integers(1, 20_000))
    tried = f"a disk that is full after {size:,} of {len(new):,} bytes"
    end, content = scene(student, "survived_full_disk")(student.write_atomically, old, new, size)
    look = "do not catch the OSError here: only the caller can know what to do"
    expect(end == "raised", tried=tried, got="no error" if end == "finished" else end, expected="OSError for the caller", look=look)
    got = "no file" if content is None else f"a file of {len(content):,} bytes"
    expect(content == old, tried=tried, got=got, expected="the old file, unharmed", look="swap only after everything went well")


# ---- capture -----------------------------------------------------------------------------------------------------------


def put_into_fresh(student, rng):
    """The scene that most properties of capture look at: its report, and in words what was tried."""
    tried = "a run after 13 steps, its captured state put into a fresh run"
    said = scene(student, "captured_and_put_back")(student.capture, number_from(rng), 13)
    expect(said["type"] == "dict", tried=tried, got=f"a {said['type']}", expected="a dictionary, names to values", look="return the state")
    return said, tried


def expect_part(student, rng, names, look):
    """`Wrong` unless these parts arrive in the fresh run bit by bit."""
    said, tried = put_into_fresh(student, rng)
    for name in names:
        got, want = said["got"][name], said["wanted"][name]
        where = f"{tried}; run.{name}" if name in said["keys"] else f'{tried}; run.{name} (there is no "{name}" in the state)'
        if name in ("net", "velocity"):
            expect_same_bits(got, want, tried=where, look=look)
        elif name == "order":
            expect_close(got, want, tried=where, look=look, tol=0.0)
        else:
            expect(got == want, tried=where, got=repr(got), expected=repr(want), look=look)


@capture.property("the weights and the number of the step are in it")
def has_weights(student, rng):
    expect_part(student, rng, ("net", "step"), "the names must be those of the run's parts: net, step")


@capture.property("the memory of momentum is in it")
def has_velocity(student, rng):
    expect_part(student, rng, ("velocity",), "the next step begins with momentum * velocity: without it, that starts from zero")


@capture.property("the state of the generator is in it")
def has_generator(student, rng):
    said, tried = put_into_fresh(student, rng)
    tried += "; the generator"
    look = 'under "rng" stands run.rng.bit_generator.state, a dictionary of numbers'
    expect("rng" in said["keys"], tried=tried, got='no "rng" in the state', expected="its state", look=look)
    expect(not said["rng"], tried=tried, got=f"put_back raised {said['rng']}", expected="a state that it can set", look=look)
    look = "the generator's state *now*: the seed, or a new generator from it, is the state at step 0"
    same = said["got"]["rng"] == said["wanted"]["rng"]
    expect(same, tried=tried, got="another state than the run's", expected="the same", look=look)


@capture.property("the place in the data is in it: the order of this epoch and the position in it")
def has_place(student, rng):
    expect_part(student, rng, ("order", "position"), "the next step takes rows order[position : ...] of this epoch's order")


@capture.property("the settings and the best accuracy so far are in it")
def has_settings_and_best(student, rng):
    look = "`advance` does not read it, but the next session must know it"
    said, tried = put_into_fresh(student, rng)
    expect("settings" in said["keys"], tried="the captured state", got='no "settings" in it', expected="the settings", look=look)
    for name in ("settings", "best"):
        got, want = said["got"][name], said["wanted"][name]
        expect(got == want, tried=f"{tried}; run.{name}", got=repr(got), expected=repr(want), look=look)


@capture.property("it can be written to a file, and the run goes on from there with the same bits")
def goes_on(student, rng):
    seed = number_from(rng)
    tried = "13 steps, packed, unpacked, put into a fresh run, 20 more steps"
    said = scene(student, "through_bytes")(student.capture, seed, 13, 33)
    look = "only arrays, numbers, texts and dictionaries of these; the generator is an object, its bit_generator.state is not"
    expect(not said["error"], tried=tried, got=f"pack raised {said['error']}", expected="bytes", look=look)
    look = "some part of the state is missing or changed: which of the properties above fails?"
    expect_undisturbed(student, said["net"], seed, 33, tried=tried, look=look)


@capture.property("the state stands still when the run goes on, and the run does not notice")
def stands_still(student, rng):
    seed = number_from(rng)
    tried = "capture after 13 steps, then 9 more steps of the same run"
    said = scene(student, "packed_earlier_and_later")(student.capture, seed, 13)
    expect(not said["error"], tried=tried, got=f"pack raised {said['error']}", expected="bytes", look="see the property about files")
    look = "the arrays are changed in place by later steps: copy them with copy.deepcopy, a copy of the dictionary alone shares them"
    expect(said["same"], tried=tried, got="a state that has changed meanwhile", expected="the state of step 13 still", look=look)
    look = "capture changed the run, or drew from its generator: look, do not touch"
    expect_undisturbed(student, said["net"], seed, 22, tried=tried + "; the run", look=look)


@capture.property("the data are not in it")
def without_the_data(student, rng):
    seed = number_from(rng)
    said = scene(student, "through_bytes")(student.capture, seed, 13, 13)
    tried = "the size of the packed state"
    expect(not said["error"], tried=tried, got=f"pack raised {said['error']}", expected="bytes", look="see the property about files")
    usual, data = references.size_without_data(seed)
    look = "every session has the data anyway; with real data sets, a checkpoint would take gigabytes"
    expect(said["size"] < usual + data, tried=tried, got=f"{said['size']:,} bytes", expected=f"about {usual:,}", look=look)


# ---- newest ------------------------------------------------------------------------------------------------------------


def search(student, seed, files, asked=None):
    """What the learner's newest does with some files."""
    parts = dict(unpack=references.unpack, step_of=references.step_of)
    with given(student, **parts):
        return scene(student, "searched")(student.newest, seed, files, asked or {})


def expect_step(said, want, tried, look):
    """`Wrong` unless the state of this step was found, unharmed (None: no state, and no error)."""
    got = next((f"{name}: {said[name]}" for name in ("error", "type") if name in said), "")
    got = got + (f" ({said['text']})" if said.get("text") else "") or ("None" if "none" in said else f"the state of step {said['step']}")
    fine = "none" in said if want is None else said.get("step") == want
    expect(fine, tried=tried, got=got, expected="None" if want is None else f"the state of step {want}", look=look)
    if want is not None:
        expect(said["same"], tried=tried, got="a state that was changed", expected="the state in the file", look="return it as unpacked")
    expect(said["kept"], tried=tried, got="files that were changed or deleted", expected="only reading", look="leave the files alone")


def usual(step, damage="", other=None, age=0.0):
    """A checkpoint under its usual name."""
    return (f"step-{step:06d}.ckpt", step, damage, other or {}, age)


@newest.property("without a checkpoint, or without a folder, there is none")
def none_yet(student, rng):
    look = "the first session finds nothing: return None after the loop; a missing folder has no files either"
    expect_step(search(student, number_from(rng), []), None, "a folder that does not exist yet", look)
    files = [("notes.txt", 1, "text", {}, 0.0)]
    expect_step(search(student, number_from(rng), files), None, "a folder with a text file only", look)


@newest.property("the largest number is the newest, whatever the time of the file and the length of the name")
def by_number(student, rng):
    seed, steps = number_from(rng), sorted(int(each) for each in rng.choice(np.arange(20, 5000, 20), size=4, replace=False))
    files = [usual(step, age=100.0 * place) for place, step in enumerate(steps)]
    look = "the time of a file changes when it is copied: the number in the name decides, key=step_of"
    expect_step(search(student, seed, files), steps[-1], "four checkpoints, the newest of which was copied first", look)
    files = [usual(step) for step in (999_980, 1_000_000, 40)]
    look = "as text, 'step-1000000' sorts before 'step-999980': sort by the number, key=step_of"
    expect_step(search(student, seed, files), 1_000_000, "steps 40, 999980 and 1000000", look)


@newest.property("a damaged one is passed over, and the one before it is taken")
def passes_over_damage(student, rng):
    for damage in ("one bit", "cut off", "empty", "zeros"):
        files = [usual(20), usual(40), usual(60, damage)]
        look = "unpack raises OSError for a damaged file: catch it, and go on with the next one of the loop"
        expect_step(search(student, number_from(rng), files), 40, f"steps 20, 40, 60, the last one damaged ({damage})", look)
    files = [usual(20), usual(40, "one bit"), usual(60, "cut off")]
    look = "go on until one is whole: two may be damaged"
    expect_step(search(student, number_from(rng), files), 20, "steps 20, 40, 60, the last two damaged", look)


@newest.property("if all are damaged, there is none")
def all_damaged(student, rng):
    files = [usual(20, "empty"), usual(40, "zeros")]
    look = "after the loop, return None: then training starts afresh"
    expect_step(search(student, number_from(rng), files), None, "two checkpoints, both damaged", look)


@newest.property("other files are ignored")
def ignores_others(student, rng):
    names = ("best.ckpt", "step-000080.ckpt.tmp", "copy of step-000060.ckpt", "notes.txt")
    files = [usual(20), *((name, 100 + place, "", {}, 0.0) for place, name in enumerate(names))]
    look = "only step-NUMBER.ckpt: folder.glob('step-*.ckpt') finds just these"
    expect_step(search(student, number_from(rng), files), 20, f"step-000020.ckpt beside {', '.join(names)}", look)


@newest.property("a checkpoint of other settings is refused with a ValueError")
def refuses(student, rng):
    for other in ({"rate": 0.25}, {"seed": 123_456}, {"hidden": 9, "batch": 5}):
        files = [usual(20), usual(40, other=other)]
        tried = f"the newest checkpoint has another {' and '.join(other)}, the one before it fits"
        said = search(student, number_from(rng), files)
        got = said.get("error") or ("None" if "none" in said else f"the state of step {said.get('step')}")
        look = "compare state['settings'] with settings after the `try`, so that your own `except` does not swallow the ValueError"
        expect(said.get("error") == "ValueError", tried=tried, got=got, expected="ValueError", look=look)
    files = [usual(40, other={"schedule": 3})]
    said = search(student, number_from(rng), files)
    tried = "the checkpoint has a setting more than this run"
    got = said.get("error") or "no error"
    expect(said.get("error") == "ValueError", tried=tried, got=got, expected="ValueError", look="the dictionaries must be equal")


@newest.property("the refusal names each setting that differs, with both values, and no other", after="refuses")
def names_what_differs(student, rng):
    rate, momentum = round(float(rng.uniform(3, 4)), 3), round(float(rng.uniform(0.1, 0.4)), 3)
    said = search(student, number_from(rng), [usual(40)], {"rate": rate, "momentum": momentum})
    tried, text = f"rate is now {rate}, momentum {momentum}, in the checkpoint they are 0.5 and 0.9", said.get("text", "")
    for needed in ("rate", str(rate), "0.5", "momentum", str(momentum), "0.9"):
        look = "put the name and both values of each setting that differs into the message: f'{name} was ... and is now ...'"
        expect(needed in text, tried=tried, got=f"a message without '{needed}': {text!r}", expected="names and both values", look=look)
    more = [name for name in ("hidden", "batch", "noise") if name in text]
    expect(not more, tried=tried, got=f"a message that also names {', '.join(more)}", expected="only what differs", look="compare by name")


@newest.property("a damaged checkpoint of other settings is just damaged")
def damaged_and_other(student, rng):
    files = [usual(20), usual(40, "one bit", {"rate": 0.25})]
    look = "what is damaged says nothing: pass it over, and look at the one before it"
    expect_step(search(student, number_from(rng), files), 20, "the newest is damaged and of other settings, the one before it fits", look)


# ---- train -------------------------------------------------------------------------------------------------------------

EVERY = 5
GIVEN = ("begin", "put_back", "accuracy", "pack", "unpack", "step_of", "write_atomically", "capture", "newest")


def live(student, name, *args):
    """A scene of training, with references for everything that `train` builds on."""
    parts = {each: getattr(references, each) for each in GIVEN} | {"advance": references.fatal_advance}
    with given(student, **parts):
        return scene(student, name)(student.train, *args)


def in_sessions(student, seed, untils, every=EVERY, subfolder=""):
    """Several sessions in one folder, and in words what was tried."""
    way = ", then ".join(map(str, untils)) if len(untils) < 5 else f"{', '.join(map(str, untils[:3]))} and so on to {untils[-1]}"
    tried = f"train until {way} steps in one folder, {f'every = {every}' if every else 'without naming `every`'}"
    return returned(live(student, "sessions", seed, untils, every, subfolder), tried), tried


def returned(said, tried):
    """What a scene says, unless the learner's train did not return a run."""
    expect(not said["type"], tried=tried, got=f"a {said['type']}", expected="the run", look="return run at the end")
    return said


def telling(rng):
    """A seed with which the best state comes early, is equaled later, and is not the one with the best training accuracy."""
    while True:
        seed = number_from(rng)
        scores, others = np.array(references.scores_of(seed, 60, EVERY)).T
        first = int(np.argmax(scores))
        if 0 < first < len(scores) - 2 and scores[-1] < scores[first] == scores[first + 1 :].max() and np.argmax(others) != first:
            return seed


@train.property("in one session it trains as without any saving")
def one_session(student, rng):
    seed = number_from(rng)
    said, tried = in_sessions(student, seed, [23], subfolder="a/b")
    look = "one `advance` a step until run.step == until; saving must not change the run"
    expect(said["step"] == 23, tried=tried, got=f"a run of {said['step']} steps", expected="23", look=look)
    expect_undisturbed(student, said["net"], seed, 23, tried=tried, look=look)


@train.property("a second session goes on where the first one stopped, with the same bits")
def goes_on_where_it_stopped(student, rng):
    seed = number_from(rng)
    for untils in ([20, 33], [13, 14, 31]):
        said, tried = in_sessions(student, seed, untils)
        want = [after - before for before, after in zip([0, *untils], untils, strict=False)]
        look = "look for the newest state first, and put it back; the last step of a session is saved, too"
        expect(said["made"] == want, tried=tried, got=f"sessions of {said['made']} steps", expected=f"of {want}", look=look)
        expect_undisturbed(student, said["net"], seed, untils[-1], tried=tried, look=look)


@train.property("with nothing left to do, it does nothing")
def nothing_left(student, rng):
    seed = number_from(rng)
    said, tried = in_sessions(student, seed, [20, 20, 10])
    look = "`while run.step < until`: a run that has been put back may be done already"
    expect(said["made"] == [20, 0, 0], tried=tried, got=f"sessions of {said['made']} steps", expected="of [20, 0, 0]", look=look)
    same = said["files"][0] == said["files"][-1]
    expect(same, tried=tried, got="other files afterwards", expected="the same files", look="without a step there is nothing to save")


@train.property("the folder holds the two newest step files and best.ckpt")
def keeps_two_and_best(student, rng):
    seed = number_from(rng)
    for untils, every, want in (([5], EVERY, [5]), ([23], EVERY, [20, 23]), ([40, 61], EVERY, [60, 61]), ([44], None, [40, 44])):
        said, tried = in_sessions(student, seed, untils, every)
        names = sorted(["best.ckpt", *(f"step-{step:06d}.ckpt" for step in want)])
        look = "after each save, delete the step files before the last two; save every `every` steps and after the last"
        got = sorted(said["files"][-1])
        expect(got == names, tried=tried, got=f"the files {got}", expected=f"{names}", look=look)
        for step in want:
            content = said["files"][-1][f"step-{step:06d}.ckpt"]
            look = "capture and pack the run at the moment of saving"
            got = f"a state of step {content[0]}" if isinstance(content, tuple) else content
            fine = got == f"a state of step {step}"
            expect(fine, tried=f"{tried}; step-{step:06d}.ckpt", got=got, expected=f"a state of step {step}", look=look)


@train.property("best.ckpt is the first state with the highest test accuracy, also over several sessions")
def best_is_the_best(student, rng):
    seed = telling(rng)
    for untils in ([60], [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]):
        said, tried = in_sessions(student, seed, untils)
        score, step, tag = scene(student, "best_of")(seed, 60, EVERY)
        content = said["files"][-1].get("best.ckpt", "no such file")
        tried += "; best.ckpt"
        expect(not isinstance(content, str), tried=tried, got=content, expected="a checkpoint", look="write it whenever it is better")
        look = "replace it only if the accuracy on X_new, t_new is strictly higher than run.best, which comes back with the state"
        expect(tuple(content[::2]) == (step, tag), tried=tried, got=f"step {content[0]}", expected=f"step {step}", look=look)
        look = "set run.best before the state is captured, so that it is saved as well"
        for what, best in (("in best.ckpt", content[1]), ("of the run", said["best"])):
            expect(best == score, tried=f"{tried}; the best accuracy {what}", got=f"{best:.3f}", expected=f"{score:.3f}", look=look)


@train.property("if the newest checkpoint is damaged, it goes on from the one before")
def survives_damage(student, rng):
    seed = number_from(rng)
    tried = f"train until 20, damage step-000020.ckpt, train until 40, every = {EVERY}"
    said = returned(live(student, "after_damage", seed, 40, EVERY), tried)
    look = "keep at least two step files, and take what `newest` finds"
    expect(said["made"] == 25, tried=tried, got=f"a second session of {said['made']} steps", expected="25, from step 15", look=look)
    expect_undisturbed(student, said["net"], seed, 40, tried=tried, look=look)


@train.property("a folder with a run of other settings is left as it is")
def refuses_others(student, rng):
    tried = "train in a folder whose checkpoint has another rate"
    said, unharmed = live(student, "refusal", number_from(rng), EVERY)
    look = "let the ValueError of `newest` reach the caller: to start afresh would overwrite another run"
    expect(said == "ValueError", tried=tried, got=said or "no error", expected="ValueError", look=look)
    expect(unharmed, tried=tried, got="changed files", expected="the folder as it was", look=look)


@train.property("killed five times, anywhere: in the end the same bits as without a kill")
def killed_again_and_again(student, rng):
    seed = number_from(rng)
    places = [("step", int(step)) for step in np.sort(rng.choice(np.arange(1, 59), size=2, replace=False))]
    places += [("moment", int(number)) for number in rng.integers(1, 12, size=2)] + [("byte", int(rng.integers(1, 1500)))]
    places = [places[place] for place in (0, 2, 4, 1, 3)]
    tried = f"train until 60, every = {EVERY}, killed five times, each time started again"
    said = returned(live(student, "hunted", seed, places, 60, EVERY), tried)
    for end in said["ends"]:
        ended_well(end, tried)
    look = "look for the newest whole state first, and put it back"
    got, want = f"{said['made']} steps in the last session", f"{60 - said['left']}, from step {said['left']}"
    expect(said["made"] == 60 - said["left"], tried=tried, got=got, expected=want, look=look)
    look = "after a kill, the next session must find a whole state and put all of it back"
    expect_undisturbed(student, said["net"], seed, 60, tried=tried, look=look)


@train.property("whenever it is killed, there is a whole checkpoint, and no half one under a good name")
def never_without(student, rng):
    seed = number_from(rng)
    said = live(student, "at_every_moment", seed, 4 * EVERY, EVERY, list(range(9, 44, 2)))
    for number, end, files in said:
        tried = f"train until {4 * EVERY}, every = {EVERY}: {moment(number)}"
        ended_well(end, tried)
        half = [name for name, content in files.items() if content == "damaged"]
        look = "write every checkpoint with write_atomically"
        expect(not half, tried=tried, got=f"half a file: {', '.join(half)}", expected="whole files only", look=look)
        look = "delete old step files only after the new one is written"
        expect(
            references.whole_steps(files), tried=tried, got=f"no whole step file among {sorted(files)}", expected="at least one", look=look
        )


@train.property("whenever it is killed, the best state that was noted is on the disk")
def best_before_step(student, rng):
    seed = number_from(rng)
    said = live(student, "at_every_moment", seed, 2 * EVERY, EVERY, list(range(1, 20, 2)))
    for number, end, files in said:
        tried = f"train until {2 * EVERY}, every = {EVERY}: {moment(number)}"
        ended_well(end, tried)
        noted = max((content[1] for content in references.whole_steps(files)), default=-1.0)
        content = files.get("best.ckpt", "no file")
        best = -1.0 if isinstance(content, str) else content[1]
        got = f"a step file that notes {noted:.3f}, and in best.ckpt {content if isinstance(content, str) else format(best, '.3f')}"
        look = "write best.ckpt first, then the step file: else a kill between them loses the best state for ever"
        expect(noted <= best, tried=tried, got=got, expected="the noted accuracy in best.ckpt", look=look)
