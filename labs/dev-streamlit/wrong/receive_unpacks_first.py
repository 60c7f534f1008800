"""Counts the pixels when they are in memory already."""

# fails: receive/limits_pixels
# hears: then the bomb has gone off


def receive(data, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS):
    if len(data) > most_bytes:
        raise BadPicture("Too large.", "Send a smaller one.")
    try:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data), formats=FORMATS))
        pixels = np.asarray(picture)
    except Exception as problem:
        raise BadPicture("Not a picture.", "Send another one.") from problem
    if pixels.shape[0] * pixels.shape[1] > most_pixels:
        raise BadPicture("Too many pixels.", "Send a smaller one.")
    return picture
