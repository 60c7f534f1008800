"""Plain steps: NumPy instead of Pillow for the picture, an if for every case, a lock by hand, the page in small functions."""


def receive(data, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS):
    refuse = BadPicture("This file cannot be read.", "Please send a smaller or another PNG or JPEG file.")
    if len(data) > most_bytes:
        raise refuse
    try:
        file = Image.open(io.BytesIO(data), formats=list(FORMATS))
        width, height = file.size
        small_enough = width * height <= most_pixels
        picture = ImageOps.exif_transpose(file).convert("RGBA") if small_enough else None
    except Exception:
        raise refuse from None
    if picture is None:
        raise refuse
    return picture


def averaged(ink, height, width):
    """The mean of the ink over equal parts of the rows and columns; parts may cut a pixel."""

    def parts(old, new):
        edges = np.linspace(0, old, new + 1)
        low, high = np.maximum(edges[:-1, None], np.arange(old)), np.minimum(edges[1:, None], np.arange(1, old + 1))
        return np.maximum(high - low, 0) * new / old

    return parts(ink.shape[0], height) @ ink @ parts(ink.shape[1], width).T


def prepare(picture, side=8, box=8):
    rgba = np.asarray(picture.convert("RGBA"), dtype=np.float64) / 255
    color, alpha = rgba[..., :3], rgba[..., 3]
    gray = (color @ np.array([0.299, 0.587, 0.114])) * alpha + 1 - alpha
    inner = np.zeros(gray.shape, bool)
    inner[1:-1, 1:-1] = True
    ink = abs(gray - np.median(gray[~inner]))
    strongest = ink.max()
    if strongest < 0.2:
        raise BadPicture("There is nothing on this paper.", "Please draw a digit.")
    ink /= strongest
    rows, columns = np.nonzero(ink > 0.5)
    ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    h, w = ink.shape
    scale = box / max(h, w)
    h, w = max(1, round(h * scale)), max(1, round(w * scale))
    small = averaged(ink, h, w)
    above, before = (side - h) // 2, (side - w) // 2
    x = np.pad(small, ((above, side - h - above), (before, side - w - before)))
    return (x / x.max()).astype("float32")


def answer(scores, classes, temperature=1.0, least=0.6):
    logs = [float(score) / temperature for score in scores]
    top = max(logs)
    logsum = top + float(np.log(sum(np.exp(each - top) for each in logs)))
    chances = {name: float(np.exp(each - logsum)) for name, each in zip(classes, logs, strict=True)}
    if temperature and max(chances.values()) + 1e-12 < least:
        return Answer(digit=None, confidence=max(chances.values()), chances=chances)
    return Answer(digit=classes[logs.index(top)], confidence=max(chances.values()), chances=chances)


def once(load):
    things = {}
    gate = threading.RLock()

    def get(folder):
        gate.acquire()
        try:
            try:
                return things[folder]
            except KeyError:
                pass
            things[folder] = load(folder)
            return things[folder]
        finally:
            gate.release()

    return get


def tell(answer):
    """The metric and the bars for an answer."""
    st.metric(label="Digit", value="not sure" if answer.digit is None else answer.digit)
    ranked = sorted(answer.chances.items(), key=lambda pair: -pair[1])
    for name, chance in ranked[:3]:
        st.progress(chance, text=f"{name} ({chance:.1%})")


def page(folder):
    st.title("A reader of digits")
    st.markdown("Please draw a digit, or send a picture of one.")
    state = st.session_state
    if "history" not in state:
        state["history"], state["seen"] = [], None
    data = drawing()
    file = st.file_uploader("Or send a picture", type=["png", "jpg", "jpeg"], key="upload")
    if file is not None:
        data = file.getvalue()
    bound = st.slider("How sure must the answer be?", min_value=0.0, max_value=1.0, value=0.6, key="least")
    told = None
    if not data:
        st.info("The paper is empty.")
    else:
        try:
            told = read(data, shared_classifier(folder), bound)
        except BadPicture as problem:
            st.error(f"{problem}")
    if told is not None:
        tell(told)
        if data != state["seen"]:
            state["history"] = [*state["history"], str(told)]
            state["seen"] = data
    if len(state["history"]) > 0:
        st.caption(" · ".join(state["history"]))
