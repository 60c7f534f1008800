"""Expects OSError only, although decoders fail in other ways, too."""

# fails: receive/refuses_giants
# hears: it is no OSError


def receive(data, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS):
    if len(data) > most_bytes:
        raise BadPicture("Too large.", "Send a smaller one.")
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > most_pixels:
            raise BadPicture("Too many pixels.", "Send a smaller one.")
        picture.load()
    except OSError as problem:
        raise BadPicture("Not a picture.", "Send another one.") from problem
    return ImageOps.exif_transpose(picture)
