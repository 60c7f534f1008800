"""Opens the picture, and never unpacks it: what is damaged comes through."""

# fails: receive/refuses_damage
# hears: Image.open reads the header only


def receive(data, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS):
    if len(data) > most_bytes:
        raise BadPicture("Too large.", "Send a smaller one.")
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception as problem:
        raise BadPicture("Not a picture.", "Send another one.") from problem
    if picture.width * picture.height > most_pixels:
        raise BadPicture("Too many pixels.", "Send a smaller one.")
    return ImageOps.exif_transpose(picture)
