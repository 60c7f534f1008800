"""Small color pictures in ten classes: emoji, as three artists drew them, pasted over crops of two photographs.

They stand in for CIFAR-10 where no large download is wanted. What a picture shows is known exactly, and holding one artist back
gives a test set of another style: what a network learned from two hands, it is asked to recognize from a third.
"""

import io
import json
from functools import cache

import numpy as np
from numpy.typing import NDArray

from scratchlab import data
from scratchlab.errors import UnknownName

ARTISTS = ("openmoji", "twemoji", "noto-emoji")  # each is also the name of its data set
EMOJI = {
    "bird": ["bird", "duck", "eagle", "owl", "parrot", "dove", "swan", "rooster", "flamingo", "peacock"],
    "cat": ["cat", "cat face", "black cat", "lion", "tiger", "tiger face", "leopard"],
    "dog": ["dog", "dog face", "guide dog", "service dog", "poodle", "wolf", "fox"],
    "horse": ["horse", "horse face", "zebra", "donkey", "deer", "cow", "ox", "goat", "ram"],
    "fish": ["fish", "tropical fish", "blowfish", "shark", "dolphin", "whale", "spouting whale"],
    "insect": ["butterfly", "bug", "ant", "honeybee", "beetle", "lady beetle", "cricket", "fly"],
    "car": ["automobile", "oncoming automobile", "taxi", "police car", "sport utility vehicle", "racing car", "pickup truck"],
    "truck": ["bus", "trolleybus", "minibus", "ambulance", "fire engine", "delivery truck", "articulated lorry"],
    "ship": ["sailboat", "canoe", "speedboat", "passenger ship", "ferry", "motor boat", "ship"],
    "fruit": ["red apple", "pear", "banana", "grapes", "strawberry", "cherries", "peach", "lemon", "watermelon", "pineapple"],
}
CLASSES = tuple(EMOJI)


_folder = cache(data.get)  # looks once whether the files are as they should be


@cache
def _codes() -> dict[str, str]:
    """The code points of each emoji, as in 1f600, by its name."""
    listed = json.loads((_folder("openmoji") / "data" / "openmoji.json").read_text(encoding="utf-8"))
    return {entry["annotation"]: entry["hexcode"].lower() for entry in listed if not entry["group"].startswith("extras")}


@cache
def _noto() -> tuple[dict[str, str], dict[str, dict]]:
    """Noto's own names by code points, and its drawings by those names."""
    folder = _folder("noto-emoji")
    return json.loads((folder / "chars.json").read_text()), json.loads((folder / "icons.json").read_text())["icons"]


def _svg(artist: str, name: str) -> str:
    if name not in _codes():
        raise UnknownName("emoji", name, list(_codes()))
    code = _codes()[name]
    if artist == "openmoji":
        return (_folder(artist) / "color" / "svg" / f"{code.upper()}.svg").read_text()
    if artist == "twemoji":
        return (_folder(artist) / f"{code}.svg").read_text()
    if artist == "noto-emoji":
        names, icons = _noto()
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128">{icons[names[code]]["body"]}</svg>'
    raise UnknownName("artist", artist, list(ARTISTS))


@cache
def drawing(artist: str, name: str, pixels: int = 72):
    """The emoji `name` ("cat face") by `artist`, as a Pillow picture (RGBA) without empty margins, at most `pixels` wide and high.

    Errors: UnknownName if there is no such artist or emoji.
    """
    import resvg_py
    from PIL import Image

    png = resvg_py.svg_to_bytes(svg_string=_svg(artist, name), width=pixels, height=pixels)
    drawn = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    return drawn.crop(drawn.getchannel("A").getbbox())


@cache
def _photographs() -> tuple:
    from PIL import Image
    from sklearn.datasets import load_sample_image

    return tuple(Image.fromarray(load_sample_image(f"{name}.jpg")) for name in ("china", "flower"))


def pictures(
    count: int, artists: tuple[str, ...] = ARTISTS, seed: int = 0, pixels: int = 32
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures of shape (count, pixels, pixels, 3), uint8, and labels of shape (count,), int64, positions in CLASSES.

    The classes come in turn, so each has `count / 10`. Position, size, angle, mirroring, brightness and background are drawn with
    `seed`; the same call gives the same pictures. Errors: UnknownName for an artist that is not in ARTISTS.
    """
    from PIL import Image

    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    images = np.empty((count, pixels, pixels, 3), np.uint8)
    for i, label in enumerate(labels):
        name = rng.choice(EMOJI[CLASSES[label]])
        emoji = drawing(artists[rng.integers(len(artists))], name)
        large = _pasted(_background(2 * pixels, rng), emoji, rng)
        images[i] = np.asarray(large.resize((pixels, pixels), Image.Resampling.BOX))
    return images, labels


def _background(side: int, rng: np.random.Generator):
    """A square crop of a photograph, scaled to `side` pixels."""
    from PIL import Image

    photograph = _photographs()[rng.integers(2)]
    crop = int(rng.integers(side, 400))
    left, top = (int(rng.integers(0, length - crop + 1)) for length in photograph.size)
    return photograph.crop((left, top, left + crop, top + crop)).resize((side, side), Image.Resampling.BOX)


def _pasted(background, emoji, rng: np.random.Generator):
    """The background with the emoji on it: 60 to 95 % of its side, turned by up to 20 degrees, mirrored half of the time."""
    from PIL import Image, ImageEnhance, ImageOps

    side = background.width
    scale = rng.uniform(0.6, 0.95) * side / max(emoji.size)
    emoji = emoji.resize([max(1, round(length * scale)) for length in emoji.size], Image.Resampling.LANCZOS)
    if rng.random() < 0.5:
        emoji = ImageOps.mirror(emoji)
    emoji = emoji.rotate(rng.uniform(-20, 20), expand=True, resample=Image.Resampling.BICUBIC)
    emoji = ImageEnhance.Brightness(emoji).enhance(rng.uniform(0.6, 1.15))
    left, top = (int(rng.integers(min(0, side - length), max(0, side - length) + 1)) for length in emoji.size)
    background.paste(emoji, (left, top), emoji)
    return background
