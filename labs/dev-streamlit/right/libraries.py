"""Libraries: bounding box and padding by Pillow, softmax by PyTorch, functools.cache behind a lock, a digest for pictures seen."""

import functools
import hashlib


def receive(data, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS):
    if not 0 < len(data) <= most_bytes:
        raise BadPicture("This file is empty or too large.", "Please send another one.")
    problem = "It is not a PNG or JPEG file, or it is damaged."
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.size[0] * picture.size[1] > most_pixels:
                problem = "It has too many pixels."
                raise ValueError(problem)
            picture.load()
            return ImageOps.exif_transpose(picture)
    except Exception as error:
        raise BadPicture(problem, "Please send another picture.") from error


def prepare(picture, side=8, box=8):
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    g = np.array(Image.alpha_composite(white, picture.convert("RGBA")).convert("L"), dtype=np.float32) / 255
    edge = np.r_[g[0], g[-1], g[1:-1, 0], g[1:-1, -1]]
    k = np.abs(g - np.median(edge))
    if not k.max() >= 0.2:
        raise BadPicture("This page is empty.", "Please draw a digit.")
    k /= k.max()
    found = Image.fromarray(((k > 0.5) * 255).astype(np.uint8)).getbbox()
    ink = Image.fromarray(k).crop(found)
    scale = box / max(ink.size)
    ink = ink.resize(tuple(max(1, round(n * scale)) for n in ink.size), Image.Resampling.BOX)
    canvas = Image.new("F", (side, side), 0.0)
    canvas.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    x = np.array(canvas, dtype=np.float32)
    return x / x.max()


def answer(scores, classes, temperature=1.0, least=0.6):
    p = torch.softmax(torch.as_tensor(scores, dtype=torch.float64) / temperature, dim=0)
    confidence, place = p.max(dim=0)
    digit = classes[int(place)] if float(confidence) >= least else None
    return Answer(digit, float(confidence), dict(zip(classes, p.tolist(), strict=True)))


def once(load):
    lock, cached = threading.Lock(), functools.cache(load)

    def shared(folder):
        with lock:
            return cached(folder)

    return shared


def page(folder):
    st.title("Digits")
    st.write("Draw or upload one digit.")
    drawn = drawing()
    upload = st.file_uploader("Upload a picture of a digit", type=["png", "jpg", "jpeg"], key="upload")
    least = st.slider("Least confidence for an answer", 0.0, 1.0, 0.6, key="least")
    data = upload.getvalue() if upload else drawn
    st.session_state.setdefault("history", [])
    show_answer(data, folder, least) if data is not None else st.info("Waiting for a digit.")
    if st.session_state.history:
        st.caption("  \n".join(st.session_state.history))


def show_answer(data, folder, least):
    """Everything below the slider, once there is a picture."""
    try:
        told = read(data=data, classifier=shared_classifier(folder), least=least)
    except BadPicture as problem:
        return st.error(str(problem))
    st.metric("Digit", told.digit if told.digit is not None else "not sure")
    for place in np.argsort(list(told.chances.values()))[::-1][:3]:
        name = list(told.chances)[place]
        st.progress(told.chances[name], text=f"{name}: {told.chances[name]:.0%}")
    digest = hashlib.sha256(data).hexdigest()
    if st.session_state.get("digest") != digest:
        st.session_state.digest = digest
        st.session_state.history.append(str(told))
    return None
