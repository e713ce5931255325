"""What a file is, from its first bytes: for the message when it is not what it should be."""

from __future__ import annotations

from pathlib import Path

from colorlab.errors import InputError


def first_bytes(path: Path, what: str = "photo") -> bytes:
    """Read the beginning of a file that should be a picture.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    what : str
        What it should be, for the message.

    Returns
    -------
    bytes
        Its first 512 bytes, or all of a smaller file.

    Raises
    ------
    InputError
        When it is a folder, missing, unreadable or empty.
    """
    if path.is_dir():
        raise InputError(f"cannot read {path}: it is a folder; name one {what} inside it.")
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError as error:
        raise InputError(f"cannot read {path}: there is no such file; check the name.") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    if not head:
        raise InputError(f"cannot read {path}: the file is empty; copy or download it again.")
    return head


_MAGIC = (
    (b"\xff\xd8\xff", "a JPEG whose beginning is damaged or cut short"),
    (b"\x89PNG", "a PNG whose beginning is damaged or cut short"),
    (b"II*\0", "a TIFF that is damaged or of an unsupported kind"),
    (b"MM\0*", "a TIFF that is damaged or of an unsupported kind"),
    (b"RIFF", "a WebP, sound or film file that is damaged or of an unsupported kind"),
    (b"GIF8", "a GIF picture"),
    (b"8BPS", "a Photoshop document"),
    (b"%PDF", "a PDF document"),
    (b"PK\3\4", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1aE\xdf\xa3", "a film"),
)


def describe(head: bytes) -> str:
    """Say what a file seems to be that is not what it should be.

    Parameters
    ----------
    head : bytes
        Its beginning.

    Returns
    -------
    str
        Words that fit after "it is".
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page (was it saved instead of the picture?)"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        still = head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif")
        return "a HEIC or AVIF picture" if still else "a film"
    if b"\0" not in head and all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return "a text file"
    return "a BMP picture" if head.startswith(b"BM") else "of an unknown kind"


def one_line(error: BaseException) -> str:
    """Return an error's message without line breaks, or its type where it has none.

    Parameters
    ----------
    error : BaseException
        Any error.

    Returns
    -------
    str
        One line.
    """
    return " ".join(str(error).split()) or type(error).__name__
