"""Copies of pictures in a photo set."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from colorlab import media, samples
from colorlab.cli import main
from colorlab.datasets import look_alikes

CHANGES = {
    "saved small and anew": lambda rgb: media.resize(rgb, 80, 110),
    "mirrored": lambda rgb: rgb[:, ::-1],
    "cropped": lambda rgb: rgb[10:-20, 30:-15],
    "cropped and mirrored": lambda rgb: rgb[24:, 10:-35][:, ::-1],
    "darker": lambda rgb: rgb // 2 + 20,
}


def small(name):
    return media.resize(samples.sample(name).rgb, 160, 240)


@pytest.fixture
def folder(tmp_path):
    """All sample photos as small JPEGs."""
    for name in samples.NAMES:
        Image.fromarray(small(name)).save(tmp_path / f"{name}.jpg", quality=60)
    return tmp_path


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_whichever_of_the_two_is_the_crop(change, folder, tmp_path):
    changed = np.ascontiguousarray(CHANGES[change](small("coffee")))
    files = media.list_photos(folder)
    (match,) = look_alikes.nearest({"picture": changed}, files)
    assert match.photo.name == "coffee.jpg" and match.distance <= look_alikes.LIMIT

    Image.fromarray(changed).save(folder / "coffee.jpg", quality=50)
    found = look_alikes.nearest({name: small(name) for name in ("cat", "coffee")}, files)
    assert [match.picture for match in found] == ["cat", "coffee"]
    near = {match.photo.name for match in found if match.distance <= look_alikes.LIMIT}
    assert near == {"cat.jpg", "coffee.jpg"}


def test_other_pictures_are_no_look_alikes_and_the_nearest_is_named(folder):
    for name in samples.NAMES:
        others = [file for file in media.list_photos(folder) if file.stem != name]
        (match,) = look_alikes.nearest({name: small(name)}, others)
        assert match.distance > look_alikes.LIMIT
        assert match.photo in others


def test_a_copy_counts_once_in_every_file_and_in_any_part_of_a_long_list(folder):
    file = folder / "cat.jpg"
    listed = [folder / "china.jpg"] * 70 + [file, folder / "rocket.jpg", file]
    found = look_alikes.nearest({"cat": small("cat"), "flower": small("flower")}, listed)
    assert [match.photo for match in found if match.picture == "cat"] == [file, file]
    assert len([match for match in found if match.picture == "flower"]) == 1


def check(*words):
    return main(["data", "check", *map(str, words)])


def test_the_command_tells_copies_by_its_exit_status(folder, tmp_path, capsys):
    pictures = tmp_path.with_name(f"{tmp_path.name}-pictures")
    pictures.mkdir()
    for name in ("cat", "coffee"):
        (folder / f"{name}.jpg").rename(pictures / f"{name}.jpg")

    assert check("--photos", folder, "--against", pictures, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert check("--photos", folder, pictures) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(samples.NAMES) + 1
    assert all(line.startswith("LOOK-ALIKE  ") for line in lines[:-1])
    assert lines[-1].startswith("8 of 8 pictures have look-alikes")


def test_the_command_takes_splits_of_a_manifest(folder, capsys):
    rows = [f"{name}.jpg,{'train' if name == 'cat' else 'test'}" for name in samples.NAMES]
    manifest = folder.with_name(f"{folder.name}.csv")
    manifest.write_text("\n".join(["file,split", *rows]))
    assert check("--photos", manifest, "--split", "train", "--quiet") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"LOOK-ALIKE  cat: {folder / 'cat.jpg'}, ")
    assert check("--photos", manifest, "--split", "val") == 2
    assert check("--photos", folder / "none") == 2
    assert "no photo set at" in capsys.readouterr().err
