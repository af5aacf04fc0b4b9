"""The materials of an OBJ: colour, normals, roughness and metal with their pictures; what else they say is named."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Image, Material
from asset_pipeline.prechecks.precheck_image import MAX_PIXELS
from asset_pipeline.readers.gltf_materials import scale_normals
from asset_pipeline.readers.mtl_text import Entry, MapName, parse_library
from asset_pipeline.readers.neighbours import find_beside, find_picture
from asset_pipeline.readers.picture import MAP_PIXELS, Picture, read_picture
from asset_pipeline.readers.tiles import Look
from asset_pipeline.scan import ScanWarning, warn

MAX_LIBRARY_BYTES = 4 * 1024 * 1024
MAX_PICTURE_BYTES = 512 * 1024 * 1024
MAX_TILES = 100
TILE = re.compile(r"<UDIM>|(?<=[._-])1\d\d\d(?=\.[^.]+$)", re.IGNORECASE)
FLAT_BLUE, GREY_SPREAD = 150, 4  # a normal map is blue on the whole; one of heights is grey


@dataclass
class Reading:
    """Pictures decoded so far by (path, most pixels), and what is to be told."""

    scan: Path
    textured: bool
    pictures: dict[tuple[Path, int], Picture] = field(default_factory=dict)
    warnings: list[ScanWarning] = field(default_factory=list)

    def tell(self, warning: ScanWarning) -> None:
        """Add a warning once."""
        if warning not in self.warnings:
            self.warnings.append(warning)


def read_looks(
    scan: Path, libraries: list[str], used: list[str], textured: bool
) -> tuple[dict[str, Look], list[ScanWarning]]:
    """The materials in use by their names, as the libraries beside an OBJ describe them, and what is to be told.

    textured: whether the scan has texture coordinates, so that a picture which is not there is missed. The first library
    that describes a name counts. Raises ScanRefused.
    """
    reading = Reading(scan, textured)
    entries: dict[str, Entry] = {}
    for name in libraries:
        for entry in _read_library(reading, name):
            entries.setdefault(entry.name, entry)
    folded = {name.casefold(): entry for name, entry in reversed(entries.items())}
    described = {name: entries.get(name) or folded.get(name.casefold()) for name in used}
    missing = [name for name, entry in described.items() if entry is None]
    if missing and entries:
        reading.tell(warn("material_missing", names=", ".join(missing[:5])))
    looks = {name: _read_look(reading, name, entry) for name, entry in described.items() if entry is not None}
    return looks, reading.warnings


def _read_library(reading: Reading, name: str) -> list[Entry]:
    library = find_beside(reading.scan, name)
    if library is None:
        library = find_beside(reading.scan, f"{reading.scan.stem}.mtl")  # a renamed scan names its library as it was
        if library is None:
            reading.tell(warn("mtl_missing", name=name))
            return []
        reading.tell(warn("mtl_other", name=name, other=library.name))
    if library.stat().st_size > MAX_LIBRARY_BYTES:
        raise ScanRefused("mtl_too_large", f"The material file {name} is larger than any real one.", "read")
    entries, unread = parse_library(library.read_bytes(), name)
    if unread:
        reading.tell(warn("materials_dropped", names=", ".join(sorted(unread)[:8])))
    return entries


def _read_look(reading: Reading, name: str, entry: Entry) -> Look:
    named = [entry.find_map(kind) for kind in ("colour", "normals", "roughness", "metal")]
    maps = [found[1] for found in named if found is not None]
    if not maps:
        return Look(_plain(entry, name))
    first = maps[0]
    unfollowed = sorted({option for found in maps for option in found.unfollowed})
    if unfollowed:
        reading.tell(warn("map_options", name=name, names=", ".join(unfollowed)))
    if any((found.scale, found.offset) != (first.scale, first.offset) for found in maps):
        reading.tell(warn("maps_unlike", name=name))
    tiles = _find_tiles(reading, first.file)
    looks = {number: _read_material(reading, name, entry, number) for number in tiles}
    whole = _plain(entry, name) if tiles else _read_material(reading, name, entry, 0)
    return Look(whole, first.scale, first.offset, looks)


def _plain(entry: Entry, name: str) -> Material:
    rough = 1.0 if entry.roughness is None else entry.roughness
    return Material(name, entry.colour, roughness=rough, metallic=entry.metallic or 0.0)


def _find_tiles(reading: Reading, file: str) -> list[int]:
    """The UDIM numbers of which there is a picture beside the scan; none when the picture is no set of tiles."""
    match = TILE.search(file)
    if match is None:
        return []
    numbers = range(1001, 1001 + MAX_TILES)
    found = [number for number in numbers if find_picture(reading.scan, _tile_name(file, number)) is not None]
    if match.group().startswith("<") or len(found) > 1:
        return found or [1001]
    return []


def _tile_name(file: str, number: int) -> str:
    return TILE.sub(str(number), file) if number else file


def _read_material(reading: Reading, name: str, entry: Entry, tile: int) -> Material:
    """The material with its pictures, those of one tile when tile is not 0."""
    material = _plain(entry, name)
    colour = entry.find_map("colour")
    if colour is not None:
        shown = _read_map(reading, _tile_name(colour[1].file, tile), MAX_PIXELS, needed=True)
        if shown is not None:
            # a grey factor is a leftover of the exporter, the picture has the colours; a tint is meant
            tint = entry.colour if len(set(entry.colour)) > 1 else (1.0, 1.0, 1.0)
            material = replace(material, colour=tint, picture=shown.image, source_jpeg=shown.jpeg)
    normals = entry.find_map("normals")
    if normals is not None:
        material = replace(material, normal_map=_read_normals(reading, normals, tile))
    return _with_roughness(reading, material, entry, tile)


def _read_map(reading: Reading, file: str, most_pixels: int, needed: bool = False) -> Picture | None:
    """A picture beside the scan, decoded once. Raises ScanRefused when one that is needed is not there."""
    scan, path = reading.scan, find_picture(reading.scan, file)
    bare = file.replace("\\", "/").rsplit("/", 1)[-1]
    if path is None:
        if needed and reading.textured:
            text = f"No texture found: put {bare} beside {scan.name}, or pack all files into one ZIP."
            raise ScanRefused("picture_missing", text, "read")
        reading.tell(warn("picture_missing", name=bare))
        return None
    if bare != file and path.parent == scan.parent:
        reading.tell(warn("picture_path", name=file[:100], other=path.name))
    if path.stat().st_size > MAX_PICTURE_BYTES:
        raise ScanRefused("picture_too_large", f"The picture {bare} has more than 512 MB.", "read")
    if (path, most_pixels) not in reading.pictures:
        picture = read_picture(path.read_bytes(), path.name, most_pixels)
        reading.pictures[path, most_pixels] = picture
        for warning in picture.warnings:
            reading.tell(warning)
    return reading.pictures[path, most_pixels]


def _read_normals(reading: Reading, named: tuple[str, MapName], tile: int) -> Image | None:
    keyword, found = named
    shown = _read_map(reading, _tile_name(found.file, tile), MAP_PIXELS)
    if shown is None:
        return None
    sample = shown.image[:: max(1, len(shown.image) // 64), :: max(1, shown.image.shape[1] // 64)].astype(np.int16)
    # both are called bump maps: heights in grey, of a strength nobody states, and normals in blue
    heights = np.mean(np.ptp(sample, axis=2)) < GREY_SPREAD or np.mean(sample[..., 2]) < FLAT_BLUE
    if keyword in {"map_bump", "bump"} and heights:
        reading.tell(warn("bump_dropped", name=found.file))
        return None
    return shown.image if found.strength == 1.0 else scale_normals(shown.image, found.strength)


def _with_roughness(reading: Reading, material: Material, entry: Entry, tile: int) -> Material:
    """The material with its roughness in green and its metal in blue, as glTF has them in one picture."""
    planes: list[Image | None] = []
    for kind in ("roughness", "metal"):
        named = entry.find_map(kind)
        shown = None if named is None else _read_map(reading, _tile_name(named[1].file, tile), MAP_PIXELS)
        planes.append(None if shown is None else shown.image[:, :, 0])
    rough, metal = planes
    if rough is None and metal is None:
        return material
    if rough is not None and metal is not None and rough.shape != metal.shape:
        rows, columns = (
            np.arange(wanted) * had // wanted for wanted, had in zip(rough.shape, metal.shape, strict=True)
        )
        metal = metal[rows][:, columns]
    first = rough if rough is not None else metal
    full = np.full(first.shape if first is not None else (1, 1), 255, np.uint8)
    green, blue = (full if plane is None else plane for plane in (rough, metal))
    return replace(
        material,
        roughness_map=np.ascontiguousarray(np.stack([full, green, blue], axis=2)),
        roughness=1.0 if rough is not None else material.roughness,
        metallic=1.0 if metal is not None else material.metallic,
    )
