"""MTL, the materials of an OBJ: colour and colour picture; what else it says is named and left out."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Material
from asset_pipeline.picture import read_picture
from asset_pipeline.precheck_plain import check_library, refuse
from asset_pipeline.scan import ScanWarning

MAX_LIBRARY_BYTES = 4 * 1024 * 1024
MAX_PICTURE_BYTES = 512 * 1024 * 1024
# how many words follow an option of map_Kd; a range means "as many numbers as there are"
OPTION_WORDS = {
    b"-blendu": (1, 1), b"-blendv": (1, 1), b"-cc": (1, 1), b"-clamp": (1, 1), b"-texres": (1, 1), b"-bm": (1, 1),
    b"-boost": (1, 1), b"-imfchan": (1, 1), b"-type": (1, 1), b"-mm": (2, 2), b"-o": (1, 3), b"-s": (1, 3), b"-t": (1, 3),
}  # fmt: skip
QUIET = {"newmtl", "kd", "map_kd", "ka", "ks", "ke", "ns", "ni", "illum", "tf", "sharpness"}  # light, not colour


@dataclass(frozen=True)
class Entry:
    """One newmtl of a library, its picture still a name."""

    name: str
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    picture: str = ""


def decode_name(data: bytes) -> str:
    """A name in a text file: UTF-8, or else the code page of Japanese Windows, or else Latin."""
    for encoding in ("utf-8", "cp932"):
        try:
            return data.decode(encoding).strip()
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1").strip()


def find_beside(scan: Path, name: str) -> Path | None:
    """The file that a scan names, in the scan's own folder, whatever the case and the composition of its letters.

    None when it is not there. Raises ScanRefused for a name that leads elsewhere.
    """
    name = name.replace("\\", "/")
    check_library(name)
    folder = scan.parent.joinpath(*name.split("/")[:-1])
    if not folder.is_dir():
        return None
    wanted = _plain(name.rsplit("/", 1)[-1])
    entries = sorted(entry for entry in folder.iterdir() if _plain(entry.name) == wanted)
    exact = [entry for entry in entries if entry.name == name.rsplit("/", 1)[-1]]
    for entry in exact or entries:
        if not entry.resolve().is_relative_to(scan.parent.resolve()):
            raise refuse("path_outside", f"The file {entry.name} beside the scan is a link that leads elsewhere.")
        if entry.is_file():
            return entry
    return None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def read_library(scan: Path, name: str) -> tuple[list[Material], list[ScanWarning]]:
    """The materials of a library beside an OBJ; a missing file is a warning. Raises ScanRefused."""
    library = find_beside(scan, name)
    if library is None:
        text = (
            f"The material file {name} is not beside {scan.name}, so its colours are lost; pack all files into one ZIP."
        )
        return [], [ScanWarning("mtl_missing", text)]
    if library.stat().st_size > MAX_LIBRARY_BYTES:
        raise ScanRefused("mtl_too_large", f"The material file {name} is larger than any real one.", "read")
    entries, warnings = _parse_library(library.read_bytes(), name)
    pictures: dict[str, bytes | None] = {}
    materials = []
    for entry in entries:
        if entry.picture and entry.picture not in pictures:
            pictures[entry.picture], more = _read_picture(scan, entry.picture)
            warnings += more
        data = pictures.get(entry.picture)
        if data is None:
            materials.append(Material(entry.name, entry.colour))
            continue
        shown = read_picture(data, entry.picture)
        warnings += shown.warnings
        materials.append(Material(entry.name, entry.colour, shown.image, shown.jpeg))
    return _share_pictures(materials), warnings


def _share_pictures(materials: list[Material]) -> list[Material]:
    """Materials over the same JPEG hold one decoded picture, not one each."""
    first: dict[bytes, Material] = {}
    shared = []
    for material in materials:
        if material.source_jpeg is not None:
            original = first.setdefault(material.source_jpeg, material)
            material = replace(material, picture=original.picture, source_jpeg=original.source_jpeg)  # noqa: PLW2901
        shared.append(material)
    return shared


def _read_picture(scan: Path, name: str) -> tuple[bytes | None, list[ScanWarning]]:
    warnings = []
    if PureWindowsPath(name).drive and name[:2] != "\\\\":
        warnings.append(
            ScanWarning("picture_path", f"The picture path {name} is of another computer; its file name is used.")
        )
        name = PureWindowsPath(name).name
    path = find_beside(scan, name)
    if path is None:
        text = f"The picture {name} is not beside {scan.name}, so its colours are lost; pack all files into one ZIP."
        return None, [*warnings, ScanWarning("picture_missing", text)]
    if path.stat().st_size > MAX_PICTURE_BYTES:
        raise ScanRefused("picture_too_large", f"The picture {name} has more than 512 MB.", "read")
    return path.read_bytes(), warnings


def _parse_library(data: bytes, name: str) -> tuple[list[Entry], list[ScanWarning]]:
    entries: list[Entry] = []
    unread: set[str] = set()
    unapplied: set[str] = set()
    for keyword, rest in _statements(data):
        if keyword == "newmtl":
            entries.append(Entry(decode_name(rest)))
        elif entries and keyword == "kd":
            entries[-1] = replace(entries[-1], colour=_parse_colour(rest, name))
        elif entries and keyword == "map_kd":
            picture, options = _parse_map(rest)
            entries[-1] = replace(entries[-1], picture=picture)
            unapplied.update(options)
        elif keyword not in QUIET:
            unread.add(keyword)
    warnings = []
    if unapplied:
        warnings.append(
            ScanWarning("map_options", f"{name}: map_Kd options not applied: {', '.join(sorted(unapplied))}.")
        )
    if unread:
        warnings.append(ScanWarning("materials_dropped", f"Not kept from {name}: {', '.join(sorted(unread)[:8])}."))
    return entries, warnings


def _statements(data: bytes) -> Iterator[tuple[str, bytes]]:
    for line in data.splitlines():
        words = line.split(None, 1)
        if words and not words[0].startswith(b"#"):
            yield decode_name(words[0])[:40].lower(), words[1].strip() if len(words) > 1 else b""


def _parse_colour(rest: bytes, name: str) -> tuple[float, float, float]:
    try:
        red, green, blue = (min(max(float(word), 0.0), 1.0) for word in (rest.split() * 3)[:3])
    except ValueError:
        raise ScanRefused("mtl_colour", f"{name} has a colour that is not three numbers.", "read") from None
    return red, green, blue


def _parse_map(rest: bytes) -> tuple[str, list[str]]:
    """The file name of a map_Kd, which may hold spaces, and the options before it that change the picture."""
    options = []
    while rest.startswith(b"-"):
        words = rest.split(None, 1)
        least, most = OPTION_WORDS.get(words[0].lower(), (0, 0))
        if most == 0 or len(words) < 2:
            break
        rest, taken = words[1], 0
        while taken < most and (taken < least or _is_number(rest)):
            rest, taken = [*rest.split(None, 1), b"", b""][1], taken + 1
        options.append(decode_name(words[0]))
    return decode_name(rest), options


def _is_number(rest: bytes) -> bool:
    try:
        float(rest.split(None, 1)[0])
    except (ValueError, IndexError):
        return False
    return len(rest.split(None, 1)) > 1  # the last word is the file, even when it is called 1
