"""Downloading photo sets, from a server on this machine."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlab.datasets import fetch as fetching
from colorlab.datasets.sources import REGISTRY, Archive, RemoteSet
from colorlab.errors import InputError


def photo(seed: int, grey: bool = False, size: tuple[int, int] = (24, 32)) -> bytes:
    """Encode a smooth random picture as PNG."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    image = Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    (image.convert("L") if grey else image).save(buffer, "PNG")
    return buffer.getvalue()


PLAIN = {f"things/wet_{i}.png": photo(i) for i in range(12)}


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], link: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        if link:
            member = tarfile.TarInfo("things/wet_link.png")
            member.type, member.linkname = tarfile.SYMTYPE, link
            archive.addfile(member)
    return buffer.getvalue()


def source_of(path: str) -> str | None:
    return "wet" if "/wet_" in f"/{path}" else None


class Handler(SimpleHTTPRequestHandler):
    """Serve files; a name with "cut" promises more bytes than it delivers."""

    def log_message(self, *arguments: object) -> None:
        pass

    def end_headers(self) -> None:
        self.server.hits += 1
        super().end_headers()

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Content-Length" and "cut" in self.path:
            value = str(int(value) + 1000)
        super().send_header(keyword, value)


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "www"
    folder.mkdir()
    handler = functools.partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.hits, running.folder = 0, folder
        running.url = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield running
        running.shutdown()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COLORLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "data"


@pytest.fixture
def offer(server, home, monkeypatch):
    """Put an archive on the server and register it as the set "tiny"."""

    def register(data: bytes, file: str = "tiny.zip", sha256: str | None = None, **kwargs) -> None:
        (server.folder / file).write_bytes(data)
        archives = (Archive(file, kwargs.get("url", f"{server.url}/{file}"), sha256),)
        entry = RemoteSet("tiny set", "http://example.invalid", archives, source_of)
        monkeypatch.setitem(REGISTRY, "tiny", entry)

    return register


def tiny() -> Path:
    return fetching.fetch("tiny", progress=False)


def rows_of(index: Path) -> list[dict[str, str]]:
    with index.open(newline="") as file:
        return list(csv.DictReader(file))


def names(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


# ------------------------------------------------------------------- the good way


@pytest.mark.parametrize(("pack", "file"), [(zipped, "tiny.zip"), (tarred, "tiny.tar.gz")])
def test_a_set_is_downloaded_unpacked_and_indexed(offer, home, server, pack, file):
    clutter = {"README.txt": b"hello", "dry_1.png": photo(77), "__MACOSX/._wet_1.png": b"x"}
    odd = {
        "things/wet_grey.png": photo(50, grey=True),
        "things/wet_broken.png": photo(51)[:60],
        "copies/wet_0.png": photo(0),
        "things/wet_tall.PNG": photo(52, size=(40, 16)),
    }
    offer(pack({**PLAIN, **clutter, **odd}), file)
    index = tiny()
    assert index == home / "tiny.csv"
    assert names(home) == ["archives", "tiny", "tiny.csv", "tiny.json"]
    rows = rows_of(index)
    assert tuple(rows[0]) == fetching.COLUMNS
    assert [row["file"] for row in rows] == names(home / "tiny") and len(rows) == 13
    assert {row["source"] for row in rows} == {"wet"}
    assert {row["split"] for row in rows} <= {"train", "val", "test"}
    sizes = {(row["width"], row["height"]) for row in rows}
    assert sizes == {("32", "24"), ("16", "40")}
    card = json.loads((home / "tiny.json").read_text())
    assert (card["n_photos"], card["n_skipped_grey"]) == (13, 1)
    assert (card["n_skipped_damaged"], card["n_skipped_double"]) == (1, 1)
    assert card["sha256_is"].startswith("unverified")
    assert str(home) not in json.dumps(card)
    hits = server.hits
    assert tiny() == index and server.hits == hits


def test_splits_do_not_depend_on_the_archive(offer, home):
    offer(zipped(PLAIN))
    first = rows_of(tiny())
    for path in ("tiny.csv", "tiny.json", "archives/tiny.zip", "archives/sha256.json"):
        (home / path).unlink()
    (home / "tiny").rename(home / "old")
    offer(tarred(dict(reversed(PLAIN.items()))), "tiny.zip")
    assert rows_of(tiny()) == first


def test_look_alikes_share_group_and_split(offer):
    files = dict(PLAIN)
    for i in range(4):
        with Image.open(io.BytesIO(photo(i))) as image:
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=70)
        files[f"again/wet_{i}.jpg"] = buffer.getvalue()
    offer(zipped(files))
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows_of(tiny()):
        groups.setdefault(row["group"], []).append(row)
    assert sorted(map(len, groups.values())) == [1] * 8 + [2] * 4
    for members in groups.values():
        assert len({row["split"] for row in members}) == 1


def test_splits_have_about_the_promised_shares():
    dealt = [fetching._split_of(f"wet-{i:010x}.png") for i in range(20_000)]
    for split, share in (("train", 0.70), ("val", 0.15), ("test", 0.15)):
        assert dealt.count(split) / 20_000 == pytest.approx(share, abs=0.013)  # 4 sigma


def test_the_first_address_that_answers_is_used(offer, server, monkeypatch):
    offer(zipped(PLAIN))
    gone = Archive("gone.zip", f"{server.url}/gone.zip")
    here = REGISTRY["tiny"].archives[0]
    entry = RemoteSet("t", "http://example.invalid", (gone, here), source_of)
    monkeypatch.setitem(REGISTRY, "tiny", entry)
    assert len(rows_of(tiny())) == 12


def test_an_archive_put_there_by_hand_is_used(offer, home):
    offer(b"", url=None)
    with pytest.raises(InputError, match=r"no direct address.*put it into .*archives"):
        tiny()
    (home / "archives" / "tiny.zip").write_bytes(zipped(PLAIN))
    assert len(rows_of(tiny())) == 12


# ------------------------------------------------------------------- what goes wrong


def test_offline_says_what_to_do(offer, home):
    offer(zipped(PLAIN), url="http://127.0.0.1:9/tiny.zip")
    with pytest.raises(InputError) as caught:
        tiny()
    line = str(caught.value)
    assert "\n" not in line
    for part in ("http://127.0.0.1:9/tiny.zip", str(home / "archives"), "need no network"):
        assert part in line
    assert names(home) == ["archives"] and not names(home / "archives")


def test_missing_page(offer, server):
    offer(zipped(PLAIN), url=f"{server.url}/nothing.zip")
    with pytest.raises(InputError, match="HTTP 404"):
        tiny()


def test_wrong_published_hash(offer, home):
    offer(zipped(PLAIN), sha256="0" * 64)
    with pytest.raises(InputError, match="another file than expected"):
        tiny()
    assert names(home) == ["archives"] and not names(home / "archives")


def test_right_published_hash(offer, home):
    data = zipped(PLAIN)
    offer(data, sha256=hashlib.sha256(data).hexdigest())
    tiny()
    assert json.loads((home / "tiny.json").read_text())["sha256_is"] == "published"


def test_hash_of_the_first_download_binds_later_ones(offer, home):
    offer(zipped(PLAIN))
    tiny()
    for path in ("tiny.csv", "archives/tiny.zip"):
        (home / path).unlink()
    (home / "tiny").rename(home / "old")
    offer(zipped({**PLAIN, "things/wet_new.png": photo(99)}))
    with pytest.raises(InputError, match=r"another file.*sha256\.json"):
        tiny()
    (home / "archives" / "tiny.zip").write_bytes(zipped({}))
    with pytest.raises(InputError, match=r"another file.*delete it"):
        tiny()
    assert not (home / "tiny").exists()


@pytest.mark.parametrize(
    "name", ["../wet_1.png", "/wet_1.png", "a/../../wet_1.png", "..\\wet_1.png", "C:\\wet_1.png"]
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_unsafe_paths_are_refused(offer, home, tmp_path, pack, name):
    offer(pack({**PLAIN, name: photo(60)}))
    with pytest.raises(InputError, match="unsafe path"):
        tiny()
    assert names(home) == ["archives"]
    assert not list(tmp_path.rglob("wet_1.png"))


def test_links_are_ignored(offer, home):
    offer(tarred(PLAIN, link="/etc/passwd"))
    tiny()
    assert not any(path.is_symlink() for path in (home / "tiny").iterdir())


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_truncated_archive_is_thrown_away(offer, home, pack):
    offer(pack(PLAIN)[:-400])
    with pytest.raises(InputError, match=r"cut short.*fetch tiny again"):
        tiny()
    assert names(home) == ["archives"] and not names(home / "archives")
    offer(pack(PLAIN))
    assert len(rows_of(tiny())) == 12


def test_corrupt_member(offer, home):
    data = bytearray(zipped(PLAIN))
    data[200:210] = bytes(10)
    offer(bytes(data))
    with pytest.raises(InputError, match="damaged or cut short"):
        tiny()
    assert names(home) == ["archives"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<!doctype html><html>please log in</html>", "no zip or tar archive"),
        (zipped({"note.txt": b"hello"}), "no colour photo"),
        (zipped({"wet_1.png": photo(1, grey=True)}), "no colour photo"),
    ],
)
def test_archive_without_photos(offer, home, data, message):
    offer(data)
    with pytest.raises(InputError, match=message):
        tiny()
    assert names(home) == ["archives"]


def test_download_broken_off(offer, home):
    offer(zipped(PLAIN), "cut.zip")
    with pytest.raises(InputError, match=r"no answer from .*cut\.zip"):
        tiny()
    assert not names(home / "archives")


def test_interrupted_while_unpacking(offer, home, monkeypatch):
    offer(zipped(PLAIN))
    genuine, calls = fetching.read_photo, []

    def interrupted(path):
        calls.append(path)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return genuine(path)

    monkeypatch.setattr(fetching, "read_photo", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny()
    assert names(home) == ["archives"]
    monkeypatch.undo()


def test_leftovers_are_not_overwritten(offer, home):
    offer(zipped(PLAIN))
    (home / "tiny").mkdir(parents=True)
    with pytest.raises(InputError, match="without the rest"):
        tiny()


def test_unwritable_data_folder(offer, tmp_path, monkeypatch):
    offer(zipped(PLAIN))
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("COLORLAB_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(InputError, match="cannot write"):
        tiny()


def test_unknown_set(home):
    with pytest.raises(InputError, match=r"'nope'.*cvcl-coast"):
        fetching.fetch("nope")


# ------------------------------------------------------------------- registry and listing


def test_list_sets(offer, home):
    offer(zipped(PLAIN))
    assert not any(entry["present"] for entry in fetching.list_sets())
    index = tiny()
    (home / "mine").mkdir()
    (home / "mine.csv").write_text("file,source\na.png,x\n")
    listed = {entry["name"]: entry for entry in fetching.list_sets()}
    assert listed["tiny"]["present"] and listed["tiny"]["n_photos"] == 12
    assert listed["tiny"]["path"] == index
    assert listed["mine"]["title"] == "a set of your own" and listed["mine"]["n_photos"] == 1
    assert listed["sun397-water"]["sha256_is"] == "published"
    assert listed["cvcl-coast"]["sha256_is"].startswith("unverified")
    assert listed["mcgill"]["url"] is None
    assert len([name for name in listed if name.startswith("cvcl-")]) == 8


@pytest.mark.parametrize(
    ("name", "path", "source"),
    [
        ("cvcl-coast", "coast/coast_art1130.jpg", "cvcl_coast"),
        ("cvcl-coast", "spatial_envelope/forest_for1.jpg", None),
        ("cvcl", "spatial_envelope/tallbuilding_a1.jpg", "cvcl_tallbuilding"),
        ("cvcl", "spatial_envelope/Thumbs.db", None),
        ("cvcl-inside-city", "insidecity_hous1.jpg", "cvcl_insidecity"),
        ("sun397-water", "SUN397/w/waterfall/fan/sun_a.jpg", "sun397_waterfall_fan"),
        ("sun397-water", "SUN397/o/ocean/sun_a.jpg", "sun397_ocean"),
        ("sun397-water", "SUN397/o/office/sun_a.jpg", None),
        ("sun397-water", "SUN397/u/underwater/coral_reef/sun_a.jpg", None),
        ("mcgill", "LandScapes/merry_mtl07_053.tif", "mcgill_landscapes"),
        ("mcgill", "merry_mtl07_053.tif", "mcgill"),
    ],
)
def test_sources_are_told_from_paths(name, path, source):
    assert REGISTRY[name].source_of(path) == source


def test_registry_is_well_formed():
    for entry in REGISTRY.values():
        assert entry.title and entry.page.startswith("http") and entry.archives
        for archive in entry.archives:
            assert archive.sha256 is None or len(archive.sha256) == 64
            assert archive.url is None or archive.url.endswith(archive.file)
