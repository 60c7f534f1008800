"""What proves the answers of the lab dev-streamlit right. No task needs the answer to another one.

Pictures, files and clicks are made beside the learner's code by given.py; a file travels there as an array of its bytes.
"""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from scratchlab.checks import Wrong, beside, expect, expect_close, expect_shape, load_given, task

references = load_given(__file__)

receive = task(
    "receive",
    hints=(
        "Five steps, the cheap ones first: count the bytes, open, count the pixels, load, turn. Every refusal is a BadPicture.",
        "`Image.open(io.BytesIO(data), formats=FORMATS)` reads the header; then `picture.width * picture.height` is known; "
        "`picture.load()` unpacks.",
        "`try: picture = Image.open(...)`, `except Exception as problem: raise BadPicture('...', '...') from problem`; the same around "
        "`picture.load()`; at the end `return ImageOps.exif_transpose(picture)`",
    ),
)
prepare = task(
    "prepare",
    hints=(
        "Do the six steps one by one and look at each result. Shapes: (h, w), then (h', w') after scaling, then (side, side).",
        "Paper: the median of [0], [-1], [:, 0] and [:, -1], joined. Ink box: `np.flatnonzero((ink > 0.5).any(axis=1))`, both ends.",
        "`height, width = (max(1, round(length * box / max(ink.shape))) for length in ink.shape)`, then "
        "`Image.fromarray(ink).resize((width, height), Image.Resampling.BOX)`, pasted at `(side - height) // 2, (side - width) // 2`",
    ),
)
answer = task(
    "answer",
    hints=(
        "Scores, divided by the temperature; exponentials; divided by their sum. Then look at the largest.",
        "`z = scores / temperature`, `weights = np.exp(z - z.max())`. The digit is None if the best chance is below `least`.",
        "`chances = dict(zip(classes, (weights / weights.sum()).tolist()))`, `best = max(chances, key=chances.get)`, "
        "`return Answer(best if ... else None, chances[best], chances)`",
    ),
)
once = task(
    "once",
    hints=(
        "A dictionary and a lock, made in `once`; a function inside that uses both; `return` that function.",
        "`with lock:` around everything that looks at or changes the dictionary, the load included.",
        "`def shared(folder):`, `with lock:`, `if folder not in kept: kept[folder] = load(folder)`, `return kept[folder]`; "
        "at the end of once: `return shared`",
    ),
)
page = task(
    "page",
    hints=(
        "Write it from top to bottom, in the order of the list; widgets return their value at once.",
        "`data = drawn if upload is None else upload.getvalue()`; `if data is None: st.info(...)`, else try, except BadPicture, else.",
        '`if st.session_state.get("last") != data:` then remember it and `st.session_state.history.append(str(told))`, right after '
        "`st.metric` and the bars",
    ),
)


# ---- receive -----------------------------------------------------------------------------------------------------------


def noise(rng, height=20, width=30):
    """Random RGB pixels."""
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def file_of(pixels, kind="PNG", **options):
    """The pixels as a picture file, an array of bytes."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return np.frombuffer(stream.getvalue(), np.uint8)


def sent(student, data, **limits):
    """What became of a file that was sent to the learner's receive."""
    return beside(student, references.received)(student.receive, data, **limits)


def expect_refused(told, *, tried, look):
    """`Wrong` unless BadPicture was raised."""
    if told["error"] == "NotImplementedError":
        raise NotImplementedError(told["text"])
    got = f"{told['error']}: {told['text']}" if told["error"] else "no error"
    expect(told["error"] == "BadPicture", tried=tried, got=got, expected="BadPicture", look=look)


def expect_taken(told, *, tried, look):
    """`Wrong` if there was an error."""
    if told["error"] == "NotImplementedError":
        raise NotImplementedError(told["text"])
    expect(not told["error"], tried=tried, got=f"{told['error']}: {told['text']}", expected="no error", look=look)


@receive.property("pictures in PNG and JPEG come through as they are")
def takes_pictures(student, rng):
    pixels = noise(rng)
    told = sent(student, file_of(pixels))
    expect_taken(told, tried="a PNG of 30 by 20 pixels", look="is a good picture refused by one of the limits?")
    expect_close(told["pixels"], pixels, tried="a PNG of 30 by 20 pixels", look="return the picture, unpacked and otherwise unchanged")
    told = sent(student, file_of(pixels, "JPEG"))
    expect_taken(told, tried="a JPEG", look="formats=FORMATS holds both formats")
    expect(told["size"] == [30, 20], tried="a JPEG of 30 by 20 pixels", got=told["size"], expected=[30, 20])


@receive.property("what is no picture is refused")
def refuses_texts(student, rng):
    junk = {"a PDF": b"%PDF-1.7 ...", "a file of no bytes": b"", "random bytes": rng.bytes(200)}
    for name, data in junk.items():
        look = "Image.open raises its own errors; turn them into BadPicture with `except Exception`"
        expect_refused(sent(student, np.frombuffer(data, np.uint8)), tried=name, look=look)


@receive.property("formats other than PNG and JPEG are refused")
def refuses_rare_formats(student, rng):
    for kind in ("BMP", "GIF", "TIFF"):
        look = "pass formats=FORMATS to Image.open: every further decoder is one more that strangers can attack"
        expect_refused(sent(student, file_of(noise(rng), kind)), tried=f"a {kind} file", look=look)


@receive.property("a damaged picture is refused", after="takes_pictures")
def refuses_damage(student, rng):
    whole = {kind: file_of(noise(rng, 60, 80), kind) for kind in ("PNG", "JPEG")}
    look = "Image.open reads the header only; errors of the pixels appear in load(), which belongs into a try, too"
    for kind, data in whole.items():
        expect_refused(sent(student, data[: len(data) // 2]), tried=f"the first half of a {kind} file", look=look)
    torn = whole["PNG"].copy()
    torn[len(torn) // 2] ^= 255
    look = "a decoder fails in many ways (OSError, SyntaxError, ...): around load(), catch every Exception"
    expect_refused(sent(student, torn), tried="a PNG in which one byte is wrong", look=look)


@receive.property("a file of more than most_bytes bytes is refused, one of just as many is not", after="takes_pictures")
def limits_bytes(student, rng):
    data = file_of(noise(rng))
    size = len(data)
    look = "refuse if len(data) > most_bytes, the argument, before anything else"
    expect_refused(sent(student, data, most_bytes=size - 1), tried=f"{size} bytes where {size - 1} are allowed", look=look)
    expect_taken(sent(student, data, most_bytes=size), tried=f"{size} bytes where {size} are allowed", look="just as many are allowed")
    told = sent(student, data[: size // 2], most_bytes=10)
    expect_refused(told, tried="a damaged file that is too large, too", look="count the bytes first")


@receive.property("too many pixels are refused before they are unpacked, just enough are not", after="takes_pictures")
def limits_pixels(student, rng):
    data = file_of(noise(rng))
    tried = "a picture of 30 by 20 pixels where 599 are allowed"
    told = sent(student, data, most_pixels=599)
    expect_refused(told, tried=tried, look="refuse if width times height > most_pixels")
    look = "ask for width and height right after Image.open: load(), convert() and the like unpack, and then the bomb has gone off"
    expect(
        told["unpacked"] == 0, tried=tried, got="BadPicture, but after the pixels were unpacked", expected="BadPicture before", look=look
    )
    told = sent(student, data, most_pixels=600)
    expect_taken(told, tried="30 by 20 pixels where 600 are allowed", look="just as many are allowed; width times height, not their sum")


def chunk(name, data):
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@receive.property("a giant that Pillow itself refuses is a BadPicture, too")
def refuses_giants(student, rng):
    header = struct.pack(">IIBBBBB", 30_000, 30_000 + int(rng.integers(1000)), 1, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    told = sent(student, np.frombuffer(data, np.uint8))
    look = "Pillow raises DecompressionBombError in Image.open: it is no OSError; catch Exception there"
    expect_refused(told, tried="a PNG whose header says 30,000 by 30,000 pixels", look=look)


@receive.property("a picture is turned as its EXIF orientation says", after="takes_pictures")
def turns(student, rng):
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = 255  # the left half is white
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise: left becomes top
    told = sent(student, file_of(pixels, "JPEG", exif=exif, quality=95))
    tried = "a photograph whose EXIF data say: turn me clockwise"
    expect_taken(told, tried=tried, look="ImageOps.exif_transpose(picture)")
    look = "return ImageOps.exif_transpose(picture): it gives the turned picture"
    expect(
        told["size"] == [16, 32], tried=tried, got=f"{told['size'][0]} by {told['size'][1]} pixels", expected="16 by 32 pixels", look=look
    )
    top, bottom = told["pixels"][4].mean(), told["pixels"][-4].mean()
    expect(top > 200 and bottom < 50, tried=tried, got="turned the wrong way", expected="what was left is on top", look=look)


# ---- prepare -----------------------------------------------------------------------------------------------------------


def pattern(rng, rows=8, columns=5):
    """Ink of 0 and 1, (rows, columns), with ink in every outer row and column."""
    ink = (rng.random((rows, columns)) < 0.5).astype(float)
    ink[0, rng.integers(columns)] = ink[-1, rng.integers(columns)] = 1
    ink[rng.integers(rows), 0] = ink[rng.integers(rows), -1] = 1
    return ink


def paper(ink, times=10, shape=(120, 140), at=(20, 30), light=255, dark=0):
    """Gray pixels: ink, every pixel of it `times` by `times` large, at a place of a page of this shape; `light` paper, `dark` ink."""
    large = np.kron(ink, np.ones((times, times)))
    page = np.zeros(shape)
    page[at[0] : at[0] + large.shape[0], at[1] : at[1] + large.shape[1]] = large
    return np.round(light + (dark - light) * page).astype(np.uint8)


def centered(ink, side=8):
    """The ink in the middle of empty paper."""
    x = np.zeros((side, side))
    top, left = (side - ink.shape[0]) // 2, (side - ink.shape[1]) // 2
    x[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return x


def made(student, pixels, *, tried, look="", **sizes):
    """What the learner's prepare makes of these pixels: an array; `Wrong` if it raised an error."""
    told = beside(student, references.prepared)(student.prepare, pixels, **sizes)
    expect_taken(told, tried=tried, look=look or "this picture has a digit on it")
    return told["x"]


@prepare.property("the result is float32 of shape (side, side), from 0 to 1")
def has_the_form(student, rng):
    for side, box in ((8, 8), (28, 20)):
        tried = f"side {side}, box {box}"
        told = beside(student, references.prepared)(student.prepare, paper(pattern(rng)), side=side, box=box)
        expect_taken(told, tried=tried, look="this picture has a digit on it")
        expect_shape(told["x"], (side, side), tried=tried, look="side by side pixels, no channel in front")
        expect(told["dtype"] == "float32", tried=tried, got=told["dtype"], expected="float32", look="dtype=np.float32")
        low, high = float(told["x"].min()), float(told["x"].max())
        look = "divide by the maximum at the end; paper is 0, the darkest ink 1"
        expect(low >= 0 and low < 1e-6, tried=tried, got=f"lowest value {low:.3g}", expected="paper 0", look=look)
        expect(abs(high - 1) < 1e-6, tried=tried, got=f"highest value {high:.3g}", expected="darkest ink 1", look=look)
    tried = "a thin diagonal stroke, one pixel of 80 wide"
    x = made(student, paper(np.eye(80), times=1), tried=tried)
    look = "averaging makes thin strokes pale: divide by the maximum once more at the end"
    expect(abs(x.max() - 1) < 1e-6, tried=tried, got=f"highest value {x.max():.3g}", expected="darkest ink 1", look=look)


@prepare.property("a digit drawn in large pixels comes out pixel by pixel", after="has_the_form")
def reproduces(student, rng):
    for columns in (4, 6):
        ink = pattern(rng, columns=columns)
        tried = f"8 by {columns} blocks of ink, each 10 by 10 pixels, dark on light"
        x = made(student, paper(ink), tried=tried)
        look = "crop to the ink box, scale with one factor, center"
        if np.allclose(x, 1 - centered(ink), atol=0.05):
            look = "paper and ink are exchanged: ink is |g - paper|, so paper becomes 0"
        expect_close(x, centered(ink), tried=tried, look=look, tol=0.02)


@prepare.property("light on dark gives the same as dark on light", after="has_the_form")
def either_polarity(student, rng):
    ink = pattern(rng)
    tried = "the same digit dark on light and light on dark"
    first, second = (made(student, paper(ink, light=a, dark=b), tried=tried) for a, b in ((255, 0), (0, 255)))
    look = "ink is what differs from the paper on either side: np.abs(g - paper), with the paper's brightness from the border"
    expect_close(second, first, tried=tried, look=look, tol=0.02)


@prepare.property("place and size of the digit on the page make no difference", after="has_the_form")
def any_place(student, rng):
    ink = pattern(rng)
    first = made(student, paper(ink), tried="a digit on a page")
    moved = made(student, paper(ink, at=(3, 80)), tried="the digit moved")
    expect_close(moved, first, tried="the digit moved", look="crop to the ink box before you scale", tol=0.02)
    large = made(student, paper(ink, times=20, shape=(200, 170), at=(10, 20)), tried="the digit twice as large")
    expect_close(large, first, tried="the digit twice as large", look="scale so that the longer side fills `box`", tol=0.02)


@prepare.property("one factor for height and width: a stroke stays a stroke", after="has_the_form")
def keeps_the_shape(student, rng):
    for shape, want, name in (((40, 10), (8, 2), "upright"), ((10, 40), (2, 8), "lying"), ((90, 3), (8, 1), "very thin, upright")):
        tried = (
            f"an {name} stroke of {shape[0]} by {shape[1]} pixels" if name == "upright" else f"a {name} stroke, {shape[0]} by {shape[1]}"
        )
        x = made(student, paper(np.ones(shape), times=1), tried=tried, look="at least one pixel must be left: max(1, ...)")
        rows, columns = int((x > 0.5).any(axis=1).sum()), int((x > 0.5).any(axis=0).sum())
        look = "multiply both sides by the same factor, box / max(height, width)"
        expect((rows, columns) == want, tried=tried, got=f"{rows} by {columns} pixels", expected=f"{want[0]} by {want[1]}", look=look)


@prepare.property("the digit is centered, and fills just `box` pixels", after="has_the_form")
def is_centered(student, rng):
    for columns, side, box in ((5, 8, 8), (6, 28, 20), (10, 15, 10)):
        x = made(student, paper(np.ones((10, columns))), tried=f"side {side}, box {box}", side=side, box=box)
        want = centered(np.ones((box, round(box * columns / 10))), side)
        look = "rows above: (side - height) // 2; columns to the left: (side - width) // 2"
        if int((x > 0.5).any(axis=1).sum()) != box:
            look = "the longer side fills `box` pixels, not `side`; what is left is margin"
        expect_close(x, want, tried=f"a block of 10 by {columns}; side {side}, box {box}", look=look, tol=0.02)


@prepare.property("pixels that fall together are averaged", after="has_the_form")
def averages(student, rng):
    fine = np.kron(pattern(rng), np.ones((2, 2)))
    fine[0, 0] = fine[0, -1] = fine[-1, 0] = fine[-1, -1] = 1  # the box stays
    fine[4, 4:6] = fine[5, 4] = 1
    fine[5, 5] = 0  # three quarters
    mean = fine.reshape(8, 2, 5, 2).mean(axis=(1, 3))
    tried = "a digit of 16 by 10 blocks, which come down to 8 by 5"
    x = made(student, paper(fine, times=6, shape=(140, 120)), tried=tried)
    look = "Image.Resampling.BOX averages the pixels that fall together; picking every n-th, or a smoother filter, gives other values"
    expect_close(x, centered(mean / mean.max()), tried=tried, look=look, tol=0.02)


@prepare.property("pale ink and gray paper give the same as black on white", after="has_the_form")
def any_contrast(student, rng):
    ink = pattern(rng)
    first = made(student, paper(ink), tried="black on white")
    tried = "brightness 0.55 on 0.85"
    pale = made(student, paper(ink, light=217, dark=140), tried=tried, look="a contrast of 0.2 and more is a digit")
    expect_close(pale, first, tried=tried, look="divide the ink by its maximum (step 3), before you crop", tol=0.02)


@prepare.property("the ink box counts only what is darker than half", after="has_the_form")
def ignores_shadows(student, rng):
    ink = pattern(rng)
    pixels = paper(ink)
    pixels[5:15, 5:15] = 165  # a shadow: 0.35 of the full ink, away from the digit
    tried = "a digit, and a faint spot in a corner of the page"
    x = made(student, pixels, tried=tried)
    expect_close(x, centered(ink), tried=tried, look="the ink box: rows and columns in which some ink is above 0.5", tol=0.02)


@prepare.property("paper is what most of the border shows", after="has_the_form")
def takes_the_median(student, rng):
    ink = pattern(rng)
    want = made(student, paper(ink), tried="a digit in the middle")
    pixels = paper(ink, light=255)
    pixels[0, :5] = pixels[:5, 0] = pixels[-5:, -1] = 130  # dirt in two corners, fainter than half of the ink
    tried = "a page with two dirty corners"
    look = "the median of the whole border, not one pixel and not the mean: dirt must not move it"
    expect_close(made(student, pixels, tried=tried), want, tried=tried, look=look, tol=0.005)
    tall = np.full((60, 200), 255, np.uint8)
    tall[:, :1] = 0  # along the left edge there is a black line: part of the drawing
    x = made(student, tall, tried="a stroke along one edge", look=look)
    expect(x.sum() < 20, tried="a stroke along one edge of the page", got="the paper taken for ink", expected="the stroke", look=look)


@prepare.property("transparent pixels count as white paper", after="has_the_form")
def fills_transparency(student, rng):
    ink = pattern(rng)
    gray = paper(ink)
    pixels = np.zeros((*gray.shape, 4), np.uint8)  # black everywhere; only the ink is opaque
    pixels[..., 3] = 255 - gray
    tried = "black ink on transparent paper, as drawing programs save it"
    look = "lay the picture over a white page with alpha_composite; convert('L') alone ignores transparency"
    x = made(student, pixels, tried=tried, look=look)
    expect_close(x, centered(ink), tried=tried, look=look, tol=0.02)


@prepare.property("paper without ink is refused")
def refuses_empty(student, rng):
    gray = int(rng.integers(60, 200))
    faint = paper(pattern(rng), light=gray, dark=gray - 45)
    empty = {
        "an empty gray page": np.full((40, 50), gray, np.uint8),
        "a picture of one pixel": np.full((1, 1), gray, np.uint8),
        "a page that is transparent all over": np.zeros((30, 30, 4), np.uint8),
        "a trace with a contrast of 0.18": faint,
    }
    for tried, pixels in empty.items():
        told = beside(student, references.prepared)(student.prepare, pixels)
        look = "raise BadPicture if the largest ink is below 0.2, before you divide by it"
        expect_refused(told, tried=tried, look=look)


@prepare.property("a trace with a contrast of 0.22 is read", after="has_the_form")
def reads_faint(student, rng):
    tried = "ink with a contrast of 0.22"
    made(student, paper(pattern(rng), light=200, dark=144), tried=tried, look="the bound is 0.2 of the full brightness, 0 to 1")


@prepare.property("the picture itself is left as it is", after="has_the_form")
def leaves_the_picture(student, rng):
    pixels = paper(pattern(rng))
    rgba = np.dstack([pixels, pixels, pixels, np.full_like(pixels, 200)])
    for each, mode in ((pixels, "gray"), (rgba, "RGBA")):
        told = beside(student, references.prepared)(student.prepare, each)
        expect_taken(told, tried=f"a {mode} picture", look="this picture has a digit on it")
        look = "paste and alpha_composite write into the picture that they belong to: work on a page of your own"
        expect(not told["changed"], tried=f"a {mode} picture", got="the picture was changed", expected="the same as before", look=look)


# ---- answer ------------------------------------------------------------------------------------------------------------

NAMES = list("0123456789")


def said(student, scores, classes=NAMES, **settings):
    """What the learner's answer says, as plain data."""
    return beside(student, references.answered)(student.answer, scores.copy(), list(classes), **settings)


def softmax(z):
    weights = np.exp(z - z.max())
    return weights / weights.sum()


@answer.property("the chances are the softmax of the scores divided by the temperature")
def is_softmax(student, rng):
    for temperature in (1.0, 2.5, 0.4):
        scores = 3 * rng.standard_normal(10)
        tried = f"ten scores at temperature {temperature}"
        told = said(student, scores, temperature=temperature)
        look = "exp(z / T), divided by the sum"
        if temperature != 1 and np.allclose(told["chances"], softmax(scores * temperature)):
            look = "the scores were multiplied with the temperature: divide by it"
        elif temperature != 1 and np.allclose(told["chances"], softmax(scores)):
            look = "the temperature is not used"
        expect_close(told["chances"], softmax(scores / temperature), tried=tried, look=look)
        expect_close(told["confidence"], told["chances"].max(), tried=tried, look="the confidence is the largest chance")


@answer.property("scores in the thousands are no problem")
def is_stable(student, rng):
    scores = rng.permutation(np.array([-4000.0, 1000.0, 3000.0, 3001.0]))
    told = said(student, scores, classes=list("abcd"))
    look = "exp(3000) is infinite: subtract the largest score first"
    expect_close(told["chances"], softmax(scores), tried="scores up to 3001", look=look)


@answer.property("the digit is the name of the best class")
def names_the_best(student, rng):
    classes = list(rng.permutation(list("pqrstuvw")))
    scores = rng.permutation(np.array([0.0, 1, 2, 3, 4, 5, 6, 12]))
    classes = [str(each) for each in classes]
    told = said(student, scores, classes=classes, least=0.5)
    best = classes[int(scores.argmax())]
    look = "classes[i] belongs to score i; the digit is the name, not its place"
    expect(told["digit"] == best, tried=f"classes {''.join(classes)}", got=repr(told["digit"]), expected=repr(best), look=look)
    expect(told["classes"] == classes, tried="the names in chances", got=told["classes"], expected=classes, look=look)


@answer.property("below the bound the digit is None, at the bound it is named")
def says_not_sure(student, rng):
    scores = np.log(np.array([1.0, 2.0, 1.0]))  # the chances ¼, ½, ¼ exactly
    for least, want in ((0.5 - 1e-6, "b"), (0.5 + 1e-6, None), (0.9, None), (0.2, "b")):
        told = said(student, scores, classes=list("abc"), least=least)
        look = "name the best class if its chance is at least `least`, else None"
        expect(told["digit"] == want, tried=f"confidence 0.5, bound {least:g}", got=repr(told["digit"]), expected=repr(want), look=look)
    told = said(student, np.zeros(2), classes=list("ab"), least=0.5)
    look = "a confidence of exactly the bound suffices: >="
    expect(told["digit"] is not None, tried="two equal scores, bound 0.5", got="None", expected="a name", look=look)
    told = said(student, np.log(np.array([0.59, 0.41])), classes=list("ab"))
    expect(told["digit"] is None, tried="confidence 0.59, no bound given", got=repr(told["digit"]), expected="None", look="least=0.6")
    told = said(student, np.log(np.array([0.61, 0.39])), classes=list("ab"))
    expect(told["digit"] == "a", tried="confidence 0.61, no bound given", got=repr(told["digit"]), expected="'a'", look="least=0.6")


@answer.property("the numbers are plain floats", after="is_softmax")
def is_plain(student, rng):
    told = said(student, rng.standard_normal(10))
    look = "`.tolist()` turns NumPy's numbers into Python's; others surprise whoever prints or stores the record"
    expect(told["plain"], tried="ten scores", got="numbers of another type", expected="floats", look=look)


# ---- once --------------------------------------------------------------------------------------------------------------


@once.property("each folder is loaded once, and what was loaded is handed out itself")
def loads_once(student, rng):
    names = [str(each) for each in rng.permutation(list("abc"))]
    order = [names[0], names[1], names[0], names[2], names[1], names[0]]
    tried = f"questions for the folders {', '.join(order)}"
    told = beside(student, references.asked)(student.once, order)
    look = "look into the dictionary before you load, and put there what you loaded"
    if len(told["loads"]) < 3:
        look = "each folder has a classifier of its own: the folder is the key"
    expect(told["loads"] == names, tried=tried, got=f"loads of {', '.join(told['loads'])}", expected=", ".join(names), look=look)
    look = "hand out the same object each time, no copy"
    expect(told["got"] == [0, 1, 0, 2, 1, 0], tried=tried, got="another object than the one loaded", expected="the loaded one", look=look)


@once.property("visitors who come at the same moment cause one load")
def locks(student, rng):
    told = beside(student, references.crowded)(student.once, 6)
    tried = "six threads that ask at the same moment"
    look = "look and load while you hold the lock: `with lock:` around both"
    expect(told["loads"] == 1, tried=tried, got=f"{told['loads']} loads", expected="1", look=look)
    expect(told["same"] == 6, tried=tried, got=f"{told['same']} visitors with the classifier", expected="6", look=look)


@once.property("an error is passed on, and not remembered")
def forgets_errors(student, rng):
    told = beside(student, references.asked)(student.once, ["a", "a", "a", "a"], 2)
    tried = "four questions; the first two loads fail"
    look = "let the error through; the next visitor tries anew"
    if told["got"][:1] != [-1]:
        look = "let the error through: do not catch it"
    right = told["got"] == [-1, -1, 0, 0] and len(told["loads"]) == 3
    got = f"{len(told['loads'])} loads, {sum(each == -1 for each in told['got'])} errors"
    expect(right, tried=tried, got=got, expected="3 loads, 2 errors", look=look)


@once.property("a load that returns None is remembered, too")
def remembers_none(student, rng):
    loads = beside(student, references.loads_of_nothing)(student.once)
    look = "ask `folder in kept`; kept.get(folder) cannot tell None from nothing"
    expect(loads == 1, tried="a load that returns None, three questions", got=f"{loads} loads", expected="1", look=look)


@once.property("two functions made by once share nothing")
def keeps_apart(student, rng):
    got = beside(student, references.kept_apart)(student.once)
    look = "make the dictionary inside of once, so that each function has its own"
    want = ["first", "second", "first"]
    expect(got == want, tried="two different loads, the same folder", got=got, expected=want, look=look)


# ---- page --------------------------------------------------------------------------------------------------------------


def visited(student, *visitors, tried, may_crash=False):
    """What the visitors saw; `Wrong` if one of them saw a traceback."""
    told = beside(student, references.visits)(student.page, *visitors)
    for views in told:
        for view in views:
            if view["crashed"] and not may_crash:
                if "Write your answer here" in view["crashed"][0]:
                    raise NotImplementedError(view["crashed"][0])
                look = "the visitor sees a traceback; what does the last line of it say?"
                raise Wrong(tried=tried, got=view["crashed"][0], expected="a page", look=look)
    return told


@page.property("at first sight: a title, what to do, an upload, a slider, and no answer")
def first_sight(student, rng):
    tried = "a new visitor"
    [[view]] = visited(student, [], tried=tried)
    expect(len(view["titles"]) == 1 and view["titles"][0].strip(), tried=tried, got=view["titles"], expected="one st.title")
    expect(view["texts"] >= 1, tried=tried, got="no sentence", expected="st.write with what to do")
    keys = [key for key, label in view["uploads"]]
    expect(keys == ["upload"], tried=tried, got=f"file uploaders {keys}", expected='st.file_uploader(..., key="upload")')
    sliders = [each[0] for each in view["sliders"]]
    expect(sliders == ["least"], tried=tried, got=f"sliders {sliders}", expected='st.slider(..., key="least")')
    got = view["sliders"][0][2:]
    expect(got == [0.0, 1.0, 0.6], tried=tried, got=f"a slider with {got}", expected="from 0.0 to 1.0, at 0.6 at first")
    labels = [view["uploads"][0][1], view["sliders"][0][1]]
    look = "a screen reader reads the label: say in words what the widget is for"
    expect(all(len(each.split()) >= 2 for each in labels), tried=tried, got=f"the labels {labels}", expected="words", look=look)
    expect(len(view["info"]) == 1, tried=tried, got=f"{len(view['info'])} times st.info", expected="once: nothing is drawn yet")
    expect(not view["metrics"], tried=tried, got="an answer to no picture", expected="none", look="without a picture, do not call read")


@page.property("a drawing gets its answer, with the chances", after="first_sight")
def answers_a_drawing(student, rng):
    digit = str(rng.integers(10))
    tried = f"a drawing of a {digit}, confidence 0.8"
    [[_, view]] = visited(student, [("draw", f"{digit}:0.8")], tried=tried)
    look = 'st.metric("Digit", ...) with the digit'
    expect(view["metrics"] == [["Digit", digit]], tried=tried, got=view["metrics"], expected=[["Digit", digit]], look=look)
    bars = view["bars"]
    expect(len(bars) == 3, tried=tried, got=f"{len(bars)} bars", expected="3", look="st.progress for each of the three likeliest classes")
    look = "sort the classes by their chances, the largest first; st.progress(chance, text=...)"
    first = digit in bars[0][0] and bars[0][1] == 80 and all(value in (2, 3) for _, value in bars[1:])
    expect(first, tried=tried, got=f"bars {bars}", expected=f"the bar of the {digit}, 80 %, and two of 2 %", look=look)
    expect(not view["info"] and not view["error"], tried=tried, got="another message, too", expected="none", look="info is for no picture")


@page.property("the bound of the slider reaches read, and a doubtful answer is 'not sure'", after="first_sight")
def obeys_the_slider(student, rng):
    bound = round(float(rng.uniform(0.75, 0.95)), 2)
    tried = f"confidence 0.7; the slider moves from 0.6 to {bound}"
    [[_, before, after]] = visited(student, [("draw", "4:0.7"), ("least", bound)], tried=tried)
    got = [view["reads"][0][2] if view["reads"] else None for view in (before, after)]
    look = "give the slider's value to read(data, classifier, least)"
    expect(got == [0.6, bound], tried=tried, got=f"read called with the bounds {got}", expected=[0.6, bound], look=look)
    look = 'where told.digit is None the metric says "not sure"'
    want = [["Digit", "not sure"]]
    expect(after["metrics"] == want, tried=tried, got=after["metrics"], expected=want, look=look)


@page.property("an upload goes before a drawing, until it is removed", after="first_sight")
def prefers_uploads(student, rng):
    tried = "a drawing of a 3, then an upload of a 5, then the upload is removed"
    [views] = visited(student, [("draw", "3:0.9"), ("upload", "5:0.9"), ("remove", None)], tried=tried)
    got = [view["metrics"][0][1] if view["metrics"] else "nothing" for view in views[1:]]
    look = "upload is None if there is none; its bytes are upload.getvalue()"
    expect(got == ["3", "5", "3"], tried=tried, got=", ".join(got), expected="3, 5, 3", look=look)


@page.property("a bad picture gets kind words, no answer and no traceback", after="first_sight")
def is_kind(student, rng):
    tried = "a picture that nobody can read, then a good one"
    [[_, bad, good]] = visited(student, [("draw", "bad"), ("draw", "6:0.9")], tried=tried)
    look = "except BadPicture as problem: st.error(str(problem))"
    words = " ".join(bad["error"])
    expect("Draw it again." in words, tried=tried, got=f"st.error {bad['error']}", expected="the words of the BadPicture", look=look)
    expect(
        not bad["metrics"], tried=tried, got="an answer beside the error", expected="the error only", look="the metric belongs into else"
    )
    expect(not bad["history"], tried=tried, got=f"history {bad['history']}", expected="nothing", look="only answers go into the history")
    got = good["metrics"]
    expect(got == [["Digit", "6"]] and not good["error"], tried=tried, got=got, expected="an answer to the good one", look=look)


@page.property("a bug of the program is not blamed on the visitor", after="first_sight")
def shows_bugs(student, rng):
    tried = "a RuntimeError inside of read"
    [views] = visited(student, [("draw", "bug")], tried=tried, may_crash=True)
    view = views[-1]
    if "Write your answer here" in " ".join(view["crashed"]):
        raise NotImplementedError(view["crashed"][0])
    look = "catch BadPicture only: `except Exception` hides your own mistakes behind 'your picture is bad'"
    expect(
        "a bug in the program" in " ".join(view["crashed"]),
        tried=tried,
        got=f"st.error {view['error']}",
        expected="the error passed on",
        look=look,
    )


@page.property("the classifier comes from shared_classifier(folder)", after="first_sight")
def shares_the_classifier(student, rng):
    tried = "a drawing, and two moves of the slider"
    [views] = visited(student, [("draw", "2:0.9"), ("least", 0.5), ("least", 0.7)], tried=tried)
    look = "shared_classifier(folder) is loaded once for all runs; load_classifier loads at every click"
    expect(views[-1]["direct"] == 0, tried=tried, got=f"{views[-1]['direct']} loads", expected="none", look=look)
    got = views[-1]["reads"][0][1] if views[-1]["reads"] else "nothing"
    expect(got == "shared a folder", tried=tried, got=f"read with {got}", expected="what shared_classifier(folder) gives", look=look)


@page.property("the history has one line for each picture, not for each run", after="first_sight")
def remembers_pictures(student, rng):
    actions = [("draw", "1:0.9"), ("least", 0.5), ("least", 0.7), ("draw", "8:0.65"), ("run", None), ("draw", "1:0.9"), ("draw", None)]
    tried = "a 1, two moves of the slider, an 8, the script once more, and the 1 again"
    [views] = visited(student, actions, tried=tried)
    got, want = views[-1]["history"], ["1 (90%)", "not sure (65%)", "1 (90%)"]
    look = "a list in st.session_state, and str(told) for each picture that is not the last one again"
    if got and len(got) > 3:
        look = "the script runs at every click: append only if this picture is not the last one (remember it in st.session_state)"
    elif got and len(got) < 3:
        look = "compare with the last picture, not with answers; and do not make the list anew in every run"
    expect(got == want, tried=tried, got=got, expected=want, look=look)
    look = "st.caption with the history, also while nothing is drawn"
    shown = all(text in views[-1]["captions"] for text in want)
    expect(shown, tried=tried, got=f"captions {views[-1]['captions']!r}", expected="the history", look=look)
    expect(not views[0]["captions"], tried="a new visitor", got="an empty history shown", expected="no caption", look="if history:")


@page.property("every visitor has a history of their own", after="first_sight")
def keeps_visitors_apart(student, rng):
    tried = "one visitor draws a 7, then another one a 2"
    first, second = visited(student, [("draw", "7:0.9")], [("draw", "2:0.9")], tried=tried)
    look = "st.session_state belongs to one visitor; a global list or a default argument belongs to all"
    got = second[-1]["history"]
    expect(second[0]["history"] in ([], None) and got == ["2 (90%)"], tried=tried, got=got, expected=["2 (90%)"], look=look)
    expect(first[-1]["history"] == ["7 (90%)"], tried=tried, got=first[-1]["history"], expected=["7 (90%)"], look=look)
