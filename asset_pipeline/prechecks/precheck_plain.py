"""Header checks of OBJ, PLY and STL."""

import struct
from dataclasses import dataclass
from pathlib import Path

from asset_pipeline.errors import ScanRefused

PLY_BYTES = {
    "char": 1, "int8": 1, "uchar": 1, "uint8": 1,
    "short": 2, "int16": 2, "ushort": 2, "uint16": 2,
    "int": 4, "int32": 4, "uint": 4, "uint32": 4, "float": 4, "float32": 4,
    "double": 8, "float64": 8,
}  # fmt: skip
PLY_FLOATS = {"float", "float32", "double", "float64"}
PLY_FORMATS = ("ascii", "binary_little_endian", "binary_big_endian")
HEADER_BYTES = 64 * 1024
MAX_NAME_BYTES = 255
STL_HEADER_BYTES = 84
STL_TRIANGLE_BYTES = 50
OBJ_KEYWORDS = {b"v", b"vt", b"vn", b"vp", b"f", b"g", b"o", b"s", b"l", b"p", b"mtllib", b"usemtl", b"#"}


@dataclass(frozen=True)
class PlyProperty:
    """One property; a list has the type of its count as well."""

    name: str
    type: str
    count_type: str | None = None


@dataclass(frozen=True)
class PlyElement:
    """One element of a PLY header, such as `vertex`, in the order of the file."""

    name: str
    count: int
    properties: tuple[PlyProperty, ...]


@dataclass(frozen=True)
class PlyHeader:
    """What a PLY header says; the body starts at body_offset. comments: as Latin-1, without the word `comment`."""

    format: str
    elements: tuple[PlyElement, ...]
    body_offset: int
    comments: tuple[str, ...] = ()


def refuse(code: str, text: str) -> ScanRefused:
    """A refusal at the header check."""
    return ScanRefused(code, text, "check")


def is_plain_name(name: str) -> bool:
    """Whether a file named inside a scan stays in the scan's own folder: relative, no scheme, no way up, a file."""
    parts = name.replace("\\", "/").split("/")
    return (
        bool(name.strip())
        and not set(parts) <= {"", "."}
        and ":" not in name
        and "\0" not in name
        and not name.startswith(("/", "\\"))
        and ".." not in parts
    )


def check_obj(path: Path) -> None:
    """Look at the first lines of an OBJ: text, known keywords, no file named outside. Raises ScanRefused."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    if b"\0" in head:
        raise refuse("obj_not_text", f"{path.name} is not a text file, so it is no OBJ.")
    lines = [line.split(None, 1) for line in head.splitlines() if line.strip()]
    if not any(words[0] in OBJ_KEYWORDS and not words[0].startswith(b"#") for words in lines):
        raise refuse("obj_no_content", f"{path.name} has no line that belongs in an OBJ.")
    for words in lines:
        if words[0] == b"mtllib" and len(words) == 2:
            check_library(words[1].decode("utf-8", "replace").strip())


def check_library(name: str) -> None:
    """Refuse a material library or picture outside the scan's folder, or of an impossible name. Raises ScanRefused."""
    if not is_plain_name(name):
        raise refuse(
            "path_outside", f"The scan names a file outside its own folder ({name[:80]}); put all files side by side."
        )
    if any(len(part.encode("utf-8", "replace")) > MAX_NAME_BYTES for part in name.replace("\\", "/").split("/")):
        raise refuse("name_too_long", f"The scan names a file by a name that no file can have ({name[:40]}...).")


def check_ply(path: Path) -> None:
    """Hold a PLY header's counts against the file's size. Raises ScanRefused."""
    header = read_ply_header(path)
    body_bytes = path.stat().st_size - header.body_offset
    least = 0
    for element in header.elements:
        if header.format == "ascii":
            least += element.count * 2 * len(element.properties)  # a digit and a space a property
        else:
            sizes = (PLY_BYTES[item.count_type or item.type] for item in element.properties)
            least += element.count * sum(sizes)
    if least > body_bytes + 1:  # the last line may lack its end
        raise refuse(
            "ply_too_short",
            f"{path.name} claims at least {least} bytes of data and has {body_bytes}: it is cut off or false.",
        )


def read_ply_header(path: Path) -> PlyHeader:
    """The header of a PLY file. Raises ScanRefused."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    end = head.find(b"end_header")
    newline = head.find(b"\n", end)
    if not head.startswith(b"ply") or end < 0 or newline < 0:
        raise refuse("ply_no_header", f"{path.name} does not begin with a PLY header.")
    lines = head[:end].decode("latin-1").replace("\r", "\n").split("\n")[1:]
    form, elements = _parse_header([line.split() for line in lines], path.name)
    if form not in PLY_FORMATS:
        raise refuse(
            "ply_format", f"{path.name} says its format is {form or 'nothing'}; known are {', '.join(PLY_FORMATS)}."
        )
    comments = tuple(line.strip()[8:].strip() for line in lines if line.split()[:1] == ["comment"] and line.split()[1:])
    return PlyHeader(form, tuple(elements), newline + 1, comments)


def _parse_header(lines: list[list[str]], name: str) -> tuple[str, list[PlyElement]]:
    form, elements = "", list[PlyElement]()
    for words in lines:
        if not words or words[0] in {"comment", "obj_info"}:
            continue
        if words[0] == "format" and len(words) == 3:
            form = words[1]
        elif words[0] == "element" and len(words) == 3 and words[2].isdecimal() and len(words[2]) < 16:
            elements.append(PlyElement(words[1], int(words[2]), ()))
        elif words[0] == "property" and elements:
            last = elements.pop()
            elements.append(PlyElement(last.name, last.count, (*last.properties, _parse_property(words, name))))
        else:
            raise refuse("ply_header", f"The header of {name} has a line we cannot read: {' '.join(words)[:80]}.")
    return form, elements


def _parse_property(words: list[str], name: str) -> PlyProperty:
    if len(words) == 3 and words[1] in PLY_BYTES:
        return PlyProperty(words[2], words[1])
    counts = set(PLY_BYTES) - PLY_FLOATS
    if len(words) == 5 and words[1] == "list" and words[2] in counts and words[3] in PLY_BYTES:
        return PlyProperty(words[4], words[3], words[2])
    raise refuse("ply_property", f"The header of {name} has a property we cannot read: {' '.join(words)[:80]}.")


def count_stl_triangles(path: Path) -> int | None:
    """How many triangles a binary STL has; None for a text one. Raises ScanRefused when it is neither.

    The word `solid` says nothing: many binary files begin with it. A size that fits the count does. Some programs append
    bytes of their own, or leave the count at 0.
    """
    size, count = path.stat().st_size, -1
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    if size >= STL_HEADER_BYTES:
        count = int(struct.unpack("<I", head[80:STL_HEADER_BYTES])[0])
        if size == STL_HEADER_BYTES + STL_TRIANGLE_BYTES * count:
            return count
    if head.lstrip()[:5].lower() == b"solid" and b"\0" not in head and b"facet" in head.lower():
        return None
    there = (size - STL_HEADER_BYTES) // STL_TRIANGLE_BYTES
    if there > 0 and count in {0, 0xFFFFFFFF} and (size - STL_HEADER_BYTES) % STL_TRIANGLE_BYTES == 0:
        return there
    if 0 < count <= there and head.lstrip()[:5].lower() != b"solid":
        return count
    raise refuse("stl_size", f"{path.name} is neither a text STL nor a binary one whose size fits its triangle count.")


def check_stl(path: Path) -> None:
    """Accept a binary STL of the right size or a text one. Raises ScanRefused."""
    count_stl_triangles(path)
