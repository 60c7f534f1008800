"""The ten classes of small color pictures, drawn by three artists."""

import numpy as np
import pytest

from scratchlab import pictures
from scratchlab.errors import UnknownName


@pytest.mark.parametrize("artist", pictures.ARTISTS)
def test_every_artist_drew_every_emoji_in_an_own_way(artist):
    other = pictures.ARTISTS[pictures.ARTISTS.index(artist) - 1]
    for name in {name for names in pictures.EMOJI.values() for name in names}:
        drawn = pictures.drawing(artist, name, 48)
        assert drawn.mode == "RGBA" and max(drawn.size) <= 48 and drawn.getextrema()[3][1] == 255
        assert drawn.tobytes() != pictures.drawing(other, name, 48).tobytes()


def test_classes_are_apart_and_come_in_turn():
    names = [name for names in pictures.EMOJI.values() for name in names]
    assert len(names) == len(set(names)) and len(pictures.CLASSES) == 10
    images, labels = pictures.pictures(40, seed=3)
    assert images.shape == (40, 32, 32, 3) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [4] * 10


def test_a_seed_decides_everything():
    first, again, other = (pictures.pictures(10, seed=seed)[0] for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert all((a != b).any() for a, b in zip(first, other, strict=True))


def test_the_emoji_covers_a_good_part_of_the_picture():
    rng = np.random.default_rng(0)
    lemon = pictures.drawing("twemoji", "lemon")
    for _ in range(20):
        blank = pictures._background(64, rng)
        seen = np.asarray(pictures._pasted(blank.copy(), lemon, rng)).astype(int) != np.asarray(blank)
        assert 0.15 < seen.any(-1).mean() < 0.9


def test_unknown_names_get_a_suggestion():
    with pytest.raises(UnknownName, match="twemoji"):
        pictures.pictures(1, ("twemojis",))
    with pytest.raises(UnknownName, match="lemon"):
        pictures.drawing("twemoji", "lemmon")
