"""Files appear whole or not at all, and every refusal is one clear line."""

import errno
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from colorlab import files
from colorlab.errors import InputError


def write(path, text):
    with files.atomic_path(path) as temporary:
        temporary.write_text(text)


@pytest.mark.parametrize(
    ("folder", "variable", "usual"),
    [
        (files.data_dir, "COLORLAB_DATA", ["colorlab"]),
        (files.default_cache, "COLORLAB_CACHE", ["colorlab", "decoded"]),
    ],
)
def test_where_sets_and_caches_lie(folder, variable, usual, monkeypatch, tmp_path):
    monkeypatch.setenv(variable, str(tmp_path))
    assert folder() == tmp_path
    monkeypatch.setenv(variable, "~/photos")
    assert folder() == Path.home() / "photos"
    monkeypatch.delenv(variable)
    assert list(folder().parts[-len(usual) :]) == usual


def test_atomic_path_writes_beside_the_target_and_renames(tmp_path):
    target = tmp_path / "new" / "folder" / "result.tar.gz"
    with files.atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == target.suffix
        temporary.write_text("done")
        assert not target.exists()
    assert target.read_text() == "done"
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize("mishap", [RuntimeError, KeyboardInterrupt, InputError])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, mishap):
    target = tmp_path / "result.txt"
    target.write_text("old")
    with pytest.raises(mishap), files.atomic_path(target) as temporary:
        temporary.write_text("half of the new")
        raise mishap
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.txt"]


def test_a_parent_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    for target in (tmp_path / "file" / "x.txt", tmp_path / "file" / "deeper" / "x.txt"):
        with pytest.raises(InputError, match=r"cannot write .*file.*choose another place"):
            write(target, "text")
    assert (tmp_path / "file").read_text() == "not a folder"


def test_a_target_that_is_a_folder(tmp_path):
    with pytest.raises(InputError, match="it is a folder; name a file inside it"):
        write(tmp_path, "text")
    assert os.listdir(tmp_path) == []


def test_names_as_long_as_the_system_allows(tmp_path):
    longest = tmp_path / ("海" * 83 + ".json")  # 254 bytes
    write(longest, "text")
    assert os.listdir(tmp_path) == [longest.name]
    with pytest.raises(InputError, match="too long"):
        write(tmp_path / ("x" * 300), "text")
    assert os.listdir(tmp_path) == [longest.name]


def test_a_block_that_writes_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot write"), files.atomic_path(tmp_path / "x"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_missing_input_is_not_taken_for_an_unwritable_output(tmp_path):
    with pytest.raises(FileNotFoundError), files.atomic_path(tmp_path / "copy") as temporary:
        temporary.write_bytes((tmp_path / "original").read_bytes())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "writer",
    [
        lambda path: path.write_bytes(bytes(2**20)),
        lambda path: np.savez(path, a=np.zeros(2**17), b=np.zeros(3)),
        lambda path: np.savez_compressed(path, a=np.random.default_rng(0).random(2**17)),
    ],
    ids=["bytes", "npz", "npz compressed"],
)
def test_a_full_disk(small_disk, writer):
    target = small_disk / "state.npz"
    target.write_text("old")
    free = os.statvfs(small_disk).f_bfree
    with (
        pytest.raises(InputError, match=os.strerror(errno.ENOSPC)),
        files.atomic_path(target) as temporary,
    ):
        writer(temporary)
    assert target.read_text() == "old"
    assert os.listdir(small_disk) == ["state.npz"]
    assert os.statvfs(small_disk).f_bfree == free


def test_no_space_simulated_for_everyone(tmp_path):
    with pytest.raises(InputError, match="No space left"), files.atomic_path(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_waiting_for_the_disk_is_a_choice(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(os, "fsync", waited.append)
    for sync, count in ((True, 1), (False, 1)):
        with files.atomic_path(tmp_path / "a", sync=sync) as temporary:
            temporary.touch()
        assert len(waited) == count


def test_leftovers_of_killed_processes_are_removed(tmp_path):
    with files.atomic_path(tmp_path / "run" / "state.npz") as temporary:
        temporary.touch()
        files.remove_leftovers(tmp_path)
        files.remove_leftovers(tmp_path / "not there")
        assert temporary.exists()  # another folder's
        files.remove_leftovers(tmp_path / "run")
        assert not temporary.exists()
        temporary.touch()
    with (
        files.atomic_path(tmp_path / "a.b") as temporary,
        files.atomic_path(tmp_path / "c") as bare,
    ):
        bare.touch(), temporary.touch()
        files.remove_leftovers(tmp_path)
        assert not bare.exists() and not temporary.exists()
        bare.touch(), temporary.touch()
    assert os.listdir(tmp_path / "run") == ["state.npz"]


def test_files_of_other_people_are_no_leftovers(tmp_path):
    names = [
        *("part.npz", ".partner", ".config.partner", ".config.part", ".film.mkv.part", ".x.part1"),
        *(".a.0123abc.part.npz", ".a.0123ABCD.part.npz", "a.0123abcd.part.npz"),
        *(".a.0123abcd.partial", ".a.0123abcd.part.npz.bak"),
    ]
    (tmp_path / ".folder.0123abcd.part").mkdir()
    for name in names:
        (tmp_path / name).touch()
    files.remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([*names, ".folder.0123abcd.part"])


def test_a_name_that_cannot_be_given(tmp_path):
    (tmp_path / "weights").touch()
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*taken: "):
        files.rename(tmp_path / "weights", tmp_path / "taken")
    files.rename(tmp_path / "weights", tmp_path / "free")
    assert sorted(os.listdir(tmp_path)) == ["free", "taken"]


def test_json_comes_back(tmp_path):
    content = {"name": "Küste", "values": [1, 2.5, None], "nested": {"yes": True}}
    files.write_json(tmp_path / "a.json", content)
    assert files.read_json(tmp_path / "a.json") == content
    assert "Küste" in (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), object()])
def test_what_json_cannot_hold_is_refused_and_the_old_file_kept(tmp_path, bad):
    files.write_json(tmp_path / "a.json", [1])
    with pytest.raises((ValueError, TypeError)):
        files.write_json(tmp_path / "a.json", [bad])
    assert files.read_json(tmp_path / "a.json") == [1]
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("raw", [b"", b"{", b"not json", b"\xff\xfe\x00", b"[1,]"])
def test_a_file_that_is_not_json(tmp_path, raw):
    (tmp_path / "a.json").write_bytes(raw)
    with pytest.raises(InputError, match="is not valid JSON"):
        files.read_json(tmp_path / "a.json")


def test_json_that_is_not_there(tmp_path):
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(InputError, match="cannot read"):
            files.read_json(path)


def test_arrays_come_back(tmp_path):
    np.savez(tmp_path / "a.npz", **{"a/b": np.arange(3), "text": np.array(json.dumps([1]))})
    arrays = files.read_arrays(tmp_path / "a.npz")
    assert set(arrays) == {"a/b", "text"}
    np.testing.assert_array_equal(arrays["a/b"], [0, 1, 2])


def test_damaged_arrays(tmp_path):
    good = tmp_path / "good.npz"
    np.savez_compressed(good, a=np.random.default_rng(0).random(1000))
    whole = good.read_bytes()
    np.save(tmp_path / "single.npy", np.zeros(3))
    np.savez(tmp_path / "pickle.npz", a=np.array([{}], dtype=object))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    damaged = {
        "empty": b"",
        "no archive": b"hello",
        "flipped": bytes(flipped),
        "single array": (tmp_path / "single.npy").read_bytes(),
        "pickled": (tmp_path / "pickle.npz").read_bytes(),
        **{f"cut at {k}": whole[:k] for k in (3, 50, len(whole) // 2, len(whole) - 1)},
    }
    for name, content in damaged.items():
        path = tmp_path / "bad.npz"
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read as NumPy arrays"):
            pytest.fail(f"{name} was read as {files.read_arrays(path)}")
    with pytest.raises(InputError, match="cannot be read"):
        files.read_arrays(tmp_path / "missing.npz")


def test_sha256_is_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 10000)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 10000).hexdigest()


def test_ensure_folder(tmp_path):
    folder = files.ensure_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert files.ensure_folder(str(folder)) == folder
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        files.ensure_folder(tmp_path / "file")
