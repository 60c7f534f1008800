"""Lets transparent pixels show the color under them."""

# fails: prepare/fills_transparency
# hears: ignores transparency


def prepare(picture, side=8, box=8):
    brightness = np.asarray(picture.convert("L"), dtype=np.float32) / 255
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
    return result / result.max()
