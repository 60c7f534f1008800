"""Keeps white paper as 1 and black ink as 0."""

# fails: prepare/averages, prepare/fills_transparency, prepare/ignores_shadows, prepare/is_centered
# fails: prepare/keeps_the_shape, prepare/reproduces, prepare/takes_the_median
# hears: paper becomes 0


def prepare(picture, side=8, box=8):
    picture = picture.convert("RGBA")
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture)
    brightness = np.asarray(page.convert("L"), dtype=np.float32) / 255
    border = np.concatenate([brightness[0], brightness[-1], brightness[:, 0], brightness[:, -1]])
    ink = np.abs(brightness - np.median(border))
    if ink.max() < 0.2:
        raise BadPicture("I see no digit here.", "Please draw one, dark on light or light on dark.")
    ink = ink / ink.max()
    rows, columns = np.flatnonzero((ink > 0.5).any(axis=1)), np.flatnonzero((ink > 0.5).any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(length * box / max(ink.shape))) for length in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BOX))
    top, left = (side - height) // 2, (side - width) // 2
    result = np.zeros((side, side), dtype=np.float32)
    result[top : top + height, left : left + width] = small
    return (1 - result / result.max()).astype(np.float32)
