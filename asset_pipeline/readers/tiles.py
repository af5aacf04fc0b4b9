"""Materials laid on an OBJ's texture coordinates: scale and offset, and UDIM, where each whole step is another picture."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.readers.seams import split_by_face

FIRST_TILE, TILES_PER_ROW = 1001, 10


@dataclass(frozen=True)
class Look:
    """A material as its file describes it.

    scale, offset: of the texture coordinates, counted from the bottom left as OBJ does. tiles: the material of each UDIM
    number when its pictures come in tiles; `material` then is what lies beyond them.
    """

    material: Material
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    tiles: dict[int, Material] = field(default_factory=dict)

    @property
    def has_picture(self) -> bool:
        """Whether it shows a picture anywhere."""
        return any(material.picture is not None for material in (self.material, *self.tiles.values()))

    @property
    def is_plain(self) -> bool:
        """Whether its one picture lies on the texture coordinates as they are."""
        return not self.tiles and self.scale == (1.0, 1.0) and self.offset == (0.0, 0.0)


def lay_tiles(mesh: Mesh, looks: list[Look]) -> Mesh:
    """The mesh, whose face_material counts `looks`, with the materials themselves and texture coordinates to fit."""
    if mesh.uv is None or mesh.face_material is None or all(look.is_plain for look in looks):
        return replace(mesh, materials=tuple(look.material for look in looks))
    moved = _move(mesh, mesh.uv, looks, mesh.face_material)
    return _split_tiles(moved, looks)


def _move(mesh: Mesh, uv: NDArray[np.float32], looks: list[Look], part: NDArray[np.int32]) -> Mesh:
    """The mesh with every look's scale and offset worked into the texture coordinates."""
    if all((look.scale, look.offset) == ((1.0, 1.0), (0.0, 0.0)) for look in looks):
        return mesh
    split, of_look = split_by_face(mesh, part)
    scale = np.array([look.scale for look in looks])[of_look]
    offset = np.array([look.offset for look in looks])[of_look]
    table = np.asarray(split.uv if split.uv is not None else uv, np.float64)
    u = table[:, 0] * scale[:, 0] + offset[:, 0]
    v = 1 - ((1 - table[:, 1]) * scale[:, 1] + offset[:, 1])
    return replace(split, uv=np.stack([u, v], axis=1).astype(np.float32))


def _split_tiles(mesh: Mesh, looks: list[Look]) -> Mesh:
    """Each tile as a material of its own, its texture coordinates moved to 0..1."""
    part = mesh.face_material
    if mesh.uv is None or part is None or not any(look.tiles for look in looks):
        return replace(mesh, materials=tuple(look.material for look in looks))
    middle = mesh.uv[mesh.faces].mean(axis=1, dtype=np.float64)
    step = np.floor(np.nan_to_num(np.stack([middle[:, 0], 1 - middle[:, 1]], axis=1)))
    number = FIRST_TILE + np.clip(step[:, 0], -1, TILES_PER_ROW) + TILES_PER_ROW * np.clip(step[:, 1], -1, 900)
    within = (step >= 0).all(axis=1) & (step[:, 0] < TILES_PER_ROW)
    materials = [look.material for look in looks]
    places = [(0, 0)] * len(looks)
    use = part.copy()
    for index, look in enumerate(looks):
        for tile, material in sorted(look.tiles.items()):
            mine = (part == index) & within & (number == tile)
            if mine.any():
                use[mine] = len(materials)
                materials.append(material)
                places.append(((tile - FIRST_TILE) % TILES_PER_ROW, (tile - FIRST_TILE) // TILES_PER_ROW))
    split, of_material = split_by_face(replace(mesh, face_material=use), use)
    shift = np.array(places, np.float32)[of_material]
    table = np.zeros((0, 2), np.float32) if split.uv is None else split.uv
    uv = np.stack([table[:, 0] - shift[:, 0], table[:, 1] + shift[:, 1]], axis=1)
    used, inverse = np.unique(use, return_inverse=True)
    kept = tuple(materials[index] for index in used.tolist())
    return replace(split, uv=uv, materials=kept, face_material=inverse.reshape(-1).astype(np.int32))
