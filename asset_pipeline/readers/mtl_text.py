"""MTL text: what each material says of its colour, its pictures and how they lie."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from asset_pipeline.errors import ScanRefused
from asset_pipeline.readers.neighbours import decode_name

# how many words follow an option of a map; a range means "as many numbers as there are"
OPTION_WORDS = {
    "-blendu": (1, 1), "-blendv": (1, 1), "-cc": (1, 1), "-clamp": (1, 1), "-texres": (1, 1), "-bm": (1, 1),
    "-boost": (1, 1), "-imfchan": (1, 1), "-type": (1, 1), "-mm": (2, 2), "-o": (1, 3), "-s": (1, 3), "-t": (1, 3),
}  # fmt: skip
HARMLESS = {"-blendu", "-blendv", "-texres", "-boost", "-imfchan", "-type", "-bm", "-o", "-s"}
# the kinds of map, and the keywords that name them, the better one first
MAPS = {
    "colour": ("map_kd", "map_ka"),
    "normals": ("norm", "map_kn", "map_bump", "bump"),
    "roughness": ("map_pr", "map_ns"),
    "metal": ("map_pm",),
}
KEYWORDS = {name for names in MAPS.values() for name in names}
QUIET = {"newmtl", "ka", "ks", "ke", "ns", "ni", "illum", "tf", "sharpness", "d", "tr"}  # light, not colour


@dataclass(frozen=True)
class MapName:
    """A picture that a material names: its file, scale and offset of the texture coordinates, -bm, and options not followed."""

    file: str
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    strength: float = 1.0
    unfollowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One newmtl of a library; maps by keyword."""

    name: str
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    roughness: float | None = None
    metallic: float | None = None
    maps: dict[str, MapName] = field(default_factory=dict)

    def find_map(self, kind: str) -> tuple[str, MapName] | None:
        """The keyword and the picture for colour, normals, roughness or metal; None when the material names none."""
        return next(((name, self.maps[name]) for name in MAPS[kind] if name in self.maps), None)


def parse_library(data: bytes, name: str) -> tuple[list[Entry], set[str]]:
    """The materials of an MTL, and the keywords that nothing here understands. Raises ScanRefused."""
    entries: list[Entry] = []
    unread: set[str] = set()
    for keyword, rest in _statements(data):
        if keyword == "newmtl":
            entries.append(Entry(decode_name(rest)))
        elif entries and (keyword in KEYWORDS or keyword in SCALARS):
            entries[-1] = _with_statement(entries[-1], keyword, rest, name)
        elif keyword not in QUIET:
            unread.add(keyword)
        elif keyword in {"d", "tr"} and _is_clear(keyword, rest):
            unread.add("transparency")
    return entries, unread


def _with_statement(entry: Entry, keyword: str, rest: bytes, name: str) -> Entry:
    if keyword in KEYWORDS:
        named = _parse_map(rest)
        return replace(entry, maps={**entry.maps, keyword: named}) if named.file else entry
    return SCALARS[keyword](entry, rest, name)


def _statements(data: bytes) -> Iterator[tuple[str, bytes]]:
    for line in data.removeprefix(b"\xef\xbb\xbf").replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines():
        words = line.split(None, 1)
        if words and not words[0].startswith(b"#"):
            yield decode_name(words[0])[:40].lower(), words[1].strip() if len(words) > 1 else b""


def _with_colour(entry: Entry, rest: bytes, name: str) -> Entry:
    try:
        red, green, blue = (min(max(float(word), 0.0), 1.0) for word in (rest.split() * 3)[:3])
    except ValueError:
        raise ScanRefused("mtl_colour", f"{name} has a colour that is not three numbers.", "read") from None
    return replace(entry, colour=(red, green, blue))


def _with_roughness(entry: Entry, rest: bytes, _: str) -> Entry:
    return replace(entry, roughness=_share(rest))


def _with_metal(entry: Entry, rest: bytes, _: str) -> Entry:
    return replace(entry, metallic=_share(rest))


SCALARS: dict[str, Callable[[Entry, bytes, str], Entry]] = {
    "kd": _with_colour,
    "pr": _with_roughness,
    "pm": _with_metal,
}


def _share(rest: bytes) -> float | None:
    try:
        value = float(rest.split()[0])
    except (ValueError, IndexError):
        return None
    return None if math.isnan(value) else min(max(value, 0.0), 1.0)


def _is_clear(keyword: str, rest: bytes) -> bool:
    value = _share(rest)
    return value is not None and (value > 0 if keyword == "tr" else value < 1)


def _parse_map(rest: bytes) -> MapName:
    """The file name of a map, which may hold spaces, and the options before it."""
    found = MapName("")
    while rest.startswith(b"-"):
        option, *more = rest.split(None, 1)
        name = decode_name(option).lower()
        least, most = OPTION_WORDS.get(name, (0, 0))
        if most == 0 or not more:
            break
        rest, values = more[0], list[bytes]()
        while len(values) < most and (len(values) < least or _starts_with_number(rest)):
            word, *more = rest.split(None, 1)
            values, rest = [*values, word], more[0] if more else b""
        found = _with_option(found, name, values)
    return replace(found, file=decode_name(rest).strip('"'))


def _with_option(found: MapName, name: str, values: list[bytes]) -> MapName:
    numbers = [float(word) for word in values if _is_number(word)]
    if name in {"-s", "-o"} and numbers:
        rest = 1.0 if name == "-s" else 0.0
        pair = (numbers[0], numbers[1] if len(numbers) > 1 else rest)
        return replace(found, scale=pair) if name == "-s" else replace(found, offset=pair)
    if name == "-bm" and numbers:
        return replace(found, strength=numbers[0])
    off = values == [b"off"] or name in HARMLESS or (name == "-mm" and numbers == [0.0, 1.0])
    return found if off else replace(found, unfollowed=(*found.unfollowed, name))


def _is_number(word: bytes) -> bool:
    try:
        value = float(word)
    except ValueError:
        return False
    return abs(value) < 1e6  # neither NaN nor infinity, which float() takes


def _starts_with_number(rest: bytes) -> bool:
    words = rest.split(None, 1)
    return len(words) > 1 and _is_number(words[0])  # the last word is the file, even when it is called 1
