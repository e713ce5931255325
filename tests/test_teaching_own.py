"""What the notebook about one's own pictures needs."""

import numpy as np
import pytest

from colorlab import checkpoints, colorize, colorize_film, devices
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.media import films
from colorlab.teaching import aging, own

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def coast():
    """A rendered coast."""
    return Scene(8).render(2.0, 32, 48)


def test_folders_are_made(tmp_path):
    assert own.folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
    first, second = own.folder(), own.folder()
    assert first != second and first.is_dir() and not list(second.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(InputError):
        own.folder(tmp_path / "file" / "in")


def test_an_old_film_has_scratches_of_its_own_in_every_frame(tmp_path):
    own.write_old_film(tmp_path / "old.mp4", Scene(8), 3, 10, 32, 48)
    film = films.open_film(tmp_path / "old.mp4")
    assert (film.width, film.height, film.rate) == (48, 32, 10)
    frames = [frame.rgb.astype(int) for frame in film.frames(rgb=True)]
    assert len(frames) == 3
    assert np.ptp(np.stack(frames), axis=-1).max() < 12  # grey, up to what 4:2:0 makes of it
    wanted = aging.age(Scene(8).render(0.1, 32, 48), fading=0.2, grain=0.02, scratches=1, seed=1)
    assert np.abs(frames[1] - wanted).mean() < 4


def test_another_decoder_of_the_same_network(coast, small_model):
    before = small_model.decoder
    for method, temperature in (("mean", 1.0), ("argmax", 1.0), ("annealed", 0.2)):
        other = own.with_decode(small_model, method, temperature)
        assert other.network is small_model.network
        assert other.name.startswith(f"{small_model.name}, {method}")
        wanted = colorize.picture(coast, small_model, method, temperature)
        if method == small_model.decoder.method:  # the card's saturation goes with its own decoder
            assert other.decoder.saturation == 1
        else:
            np.testing.assert_allclose(colorize.picture(coast, other), wanted, atol=1e-6)
    assert small_model.decoder == before


def test_paces_are_those_of_every_kind_of_device(coast, small_model, monkeypatch):
    used, seconds = [], {"cpu:0": 4.0, "gpu:0": 0.5}
    monkeypatch.setattr(devices, "names", lambda: ["gpu:0", "gpu:1", "cpu:0"])

    def measured(what):
        def pace(_pictures, model, device, *_):
            used.append((what, model, device))
            return own.Pace(what, model, device, seconds[device])

        return pace

    monkeypatch.setattr(own, "photo_pace", measured("photo"))
    monkeypatch.setattr(own, "frame_pace", measured("frame"))
    found = own.paces(coast, [coast] * 3, ["a", "b"], ["c"])
    assert [device for *_, device in used] == ["cpu:0"] * 3 + ["gpu:0"] * 3
    assert [one.gain for one in found] == [None] * 3 + [8.0] * 3
    assert str(found[0]) == "cpu:0: a photo 4.000 s (a)"
    assert str(found[-1]) == "gpu:0: a frame 0.500 s (c, 8.0 times as fast as the processor)"


def test_photos_and_frames_are_measured(coast, small_model, monkeypatch):
    monkeypatch.setattr(checkpoints, "load", lambda name: small_model)
    monkeypatch.setattr(colorize_film, "load", lambda name: small_model)
    device = devices.names()[0]
    for pace in (own.photo_pace(coast, "any", repeats=1), own.frame_pace([coast] * 3)):
        assert (pace.model, pace.device) == (small_model.name, device)
        assert 0 < pace.seconds < 60
    with pytest.raises(InputError, match="repeats must be at least 1"):
        own.photo_pace(coast, "any", repeats=0)
    with pytest.raises(InputError, match="three frames or more is wanted; received 2"):
        own.frame_pace([coast] * 2)
    with pytest.raises(InputError, match="device must be one of"):
        own.photo_pace(coast, "any", "abacus")


def measured(device, seconds, **more):
    """A file as `python -m studies bench --devices` writes it."""
    ways = {"batch": {"seconds": {"median": 15 * seconds}, "pictures": 15}}
    return {
        "figures": {"devices": {device: {"card": None, "models": {"m": ways}} | more}},
        "processor": "Abacus",
        "cores": 2,
    }


def test_known_paces_compare_a_card_with_the_processor(monkeypatch):
    files = {"devices-gpu": measured("gpu:0", 0.5, card="Big One")}

    def read(name):
        if name not in files:
            raise InputError("not measured")
        return files[name]

    monkeypatch.setattr(own, "results", read)
    assert list(map(str, own.known_paces())) == ["Big One: a photo, 15 at once, 0.500 s (m)"]
    files["devices-cpu"] = measured("cpu:0", 2.0)
    assert list(map(str, own.known_paces())) == [
        "Abacus, 2 cores: a photo, 15 at once, 2.000 s (m)",
        "Big One: a photo, 15 at once, 0.500 s (m, 4.0 times as fast as the processor)",
    ]
