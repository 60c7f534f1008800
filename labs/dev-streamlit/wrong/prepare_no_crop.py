"""Scales the whole page, not the ink box."""

# fails: prepare/any_place, prepare/averages, prepare/fills_transparency, prepare/ignores_shadows
# fails: prepare/is_centered, prepare/keeps_the_shape, prepare/reproduces, prepare/takes_the_median
# hears: crop to the ink box before you scale


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
    height, width = (max(1, round(length * box / max(ink.shape))) for length in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BOX))
    top, left = (side - height) // 2, (side - width) // 2
    result = np.zeros((side, side), dtype=np.float32)
    result[top : top + height, left : left + width] = small
    return result / result.max()
