"""Leaves phone photographs lying on their side."""

# fails: receive/turns
# hears: ImageOps.exif_transpose(picture)


def receive(data, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS):
    if len(data) > most_bytes:
        raise BadPicture("Too large.", "Send a smaller one.")
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > most_pixels:
            raise BadPicture("Too many pixels.", "Send a smaller one.")
        picture.load()
    except Exception as problem:
        raise BadPicture("Not a picture.", "Send another one.") from problem
    return picture
