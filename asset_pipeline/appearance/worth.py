"""Pictures no larger than they are worth: what a visitor waits for them against the likeness to the scan that they win."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from asset_pipeline.appearance.look import find_used, fit_mask, fit_material
from asset_pipeline.appearance.measure import Places, find_places, has_colour, measure_colour, measure_look
from asset_pipeline.appearance.sides import Sides
from asset_pipeline.appearance.source import Source
from asset_pipeline.appearance.texture import Original, asked_of_colour, asked_of_normals, guess_bytes
from asset_pipeline.mesh import Material, Mesh

BYTES_PER_DB = (
    1.27  # what likeness may cost for each dB: a level of more triangles, too, has nearly 30 % more bytes for it
)
BEFORE_BYTES = 400_000  # what a phone loads before its first model: beside it a little more or less is not noticed
VERTEX_BYTES = 10  # of a level without its pictures, its triangles included
HALVED = 0.3  # what is left of a picture's bytes at half its side
LEAST_PX = 128
SAMPLES = 20_000
LEAST_LOSS_DB = 0.01  # samples tell no finer


@dataclass(frozen=True)
class _Choice:
    """A level's pictures at some sides: how like the scan it is in dB with them, and about how many bytes they are."""

    material: Material
    colour_db: float
    lit_db: float
    colour_bytes: float
    normal_bytes: float


def weigh_pictures(mesh: Mesh, source: Source) -> tuple[Mesh, float | None]:
    """(the dressed mesh, its pictures halved or its normal map left out where that costs little, its colours' PSNR in dB).

    Step by step, what saves most for each dB first, as long as a dB costs more than 27 % of all that a visitor loads.
    """
    places = find_places(source, mesh, SAMPLES)
    choice = _begin(mesh, source, places)
    while True:
        steps = [(_price(mesh, choice, smaller), smaller) for smaller in _smaller(mesh, choice, source, places)]
        price, best = max(steps, key=lambda step: step[0], default=(0.0, choice))
        if price <= BYTES_PER_DB:
            break
        choice = best
    has_picture = choice.material.picture is not None
    return replace(mesh, materials=(choice.material,)), choice.colour_db if has_picture else None


def _begin(mesh: Mesh, source: Source, places: Places) -> _Choice:
    """The pictures as they were baked."""
    material = mesh.materials[0]
    used = find_used(mesh, material)
    colour_db = measure_colour(mesh, places) if has_colour(source.scan) else 0.0
    lit_db = colour_bytes = normal_bytes = 0.0
    if (picture := material.picture) is not None:
        mask = None if used is None else fit_mask(used, picture)
        colour_bytes = guess_bytes(Original(picture, "colour", mask, asked_db=asked_of_colour(colour_db)))
    if (picture := material.normal_map) is not None:
        mask = None if used is None else fit_mask(used, picture)
        normal_bytes = guess_bytes(Original(picture, "normal", mask, asked_db=asked_of_normals(picture, mask)))
        lit_db = measure_look(source, mesh, places)
    return _Choice(material, colour_db, lit_db, colour_bytes, normal_bytes)


def _smaller(mesh: Mesh, choice: _Choice, source: Source, places: Places) -> Iterator[_Choice]:
    """The choices that are one step smaller."""
    was = mesh.materials[0]
    colour_px, normal_px = _side(choice.material, "picture"), _side(choice.material, "normal_map")
    if colour_px > LEAST_PX:
        halved = fit_material(was, Sides(colour_px // 2, normal_px))
        material = replace(halved, normal_map=choice.material.normal_map)
        colour_db = measure_colour(replace(mesh, materials=(material,)), places)
        yield replace(choice, material=material, colour_db=colour_db, colour_bytes=choice.colour_bytes * HALVED)
    if normal_px > LEAST_PX:
        halved = fit_material(was, Sides(max(colour_px, 1), normal_px // 2))
        smaller = replace(choice.material, normal_map=halved.normal_map)
        yield _relit(mesh, replace(choice, material=smaller, normal_bytes=choice.normal_bytes * HALVED), source, places)
    if normal_px and colour_px:  # a level without any picture is another way to dress it
        without = replace(choice.material, normal_map=None)
        yield _relit(mesh, replace(choice, material=without, normal_bytes=0.0), source, places)


def _relit(mesh: Mesh, choice: _Choice, source: Source, places: Places) -> _Choice:
    shown = replace(mesh, materials=(choice.material,))
    return replace(choice, lit_db=measure_look(source, shown, places))


def _side(material: Material, name: str) -> int:
    picture = getattr(material, name)
    return 0 if picture is None else max(picture.shape[:2])


def _price(mesh: Mesh, choice: _Choice, smaller: _Choice) -> float:
    """How many times the bytes each dB costs that the larger choice has more."""
    rest = BEFORE_BYTES + VERTEX_BYTES * mesh.vertices
    times = (rest + choice.colour_bytes + choice.normal_bytes) / (rest + smaller.colour_bytes + smaller.normal_bytes)
    lost_db = choice.colour_db - smaller.colour_db + choice.lit_db - smaller.lit_db
    return float(np.exp(np.log(times) / max(lost_db, LEAST_LOSS_DB)))
