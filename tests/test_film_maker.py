"""Pictures become a film: their colours, their number and their rate; whole, or not at all."""

from fractions import Fraction

import numpy as np
import pytest

from colorlab import coast
from colorlab.errors import InputError
from colorlab.media import film_maker, films


def pictures(count=4, height=48, width=80):
    return [coast.Scene(8).render(k / 10, height, width) for k in range(count)]


@pytest.mark.parametrize("size", [(48, 80), (33, 51), (48, 1280), (580, 16)])
@pytest.mark.parametrize("kind", ["uint8", "float"])
def test_a_film_shows_its_pictures(tmp_path, size, kind):
    made = pictures(2, *size)
    given = made if kind == "uint8" else [picture / np.float32(255) for picture in made]
    film_maker.write_film(tmp_path / "new" / "a.mp4", iter(given), Fraction(30000, 1001))
    film = films.open_film(tmp_path / "new" / "a.mp4")
    assert (film.height, film.width, film.rate) == (*size, Fraction(30000, 1001))
    shown = list(film.frames(rgb=True))
    assert [film.seconds(frame) for frame in shown] == [0, Fraction(1001, 30000)]
    for frame, picture in zip(shown, made, strict=True):
        away = np.abs(frame.rgb.astype(int) - picture)
        assert away.mean() < 5  # half of the chroma, and x264
        assert np.abs((frame.rgb.astype(int) - picture).mean(axis=(0, 1))).max() < 1


def test_pictures_are_taken_as_they_come(tmp_path):
    """The encoder has the first frame before the second is made."""
    alive = []

    class Made(np.ndarray):
        def __del__(self):
            alive.remove(id(self))

    def some():
        for picture in pictures(6):
            assert len(alive) <= 2
            made = picture.view(Made)
            alive.append(id(made))
            yield made

    film_maker.write_film(tmp_path / "a.mp4", some(), Fraction(25))


def test_what_cannot_be_a_film(tmp_path):
    rate = Fraction(25)
    with pytest.raises(InputError, match=r"a\.avi: pictures are made into \.mp4"):
        film_maker.write_film(tmp_path / "a.avi", pictures(), rate)
    with pytest.raises(InputError, match="at least one picture"):
        film_maker.write_film(tmp_path / "a.mp4", [], rate)
    with pytest.raises(InputError, match=r"must have the shape \(H, W, 3\)"):
        film_maker.write_film(tmp_path / "a.mp4", [np.zeros((4, 4))], rate)
    with pytest.raises(InputError, match="picture 2 has the shape"):
        film_maker.write_film(tmp_path / "a.mp4", [*pictures(2), *pictures(1, 50)], rate)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        film_maker.write_film(tmp_path / "file" / "a.mp4", pictures(), rate)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
