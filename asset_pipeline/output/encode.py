"""A level as GLB: quantised and meshopt-compressed for phones, or plain core glTF for other tools.

Sources: glTF 2.0; KHR_mesh_quantization; EXT_meshopt_compression.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import meshopt
import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.texture import Texture
from asset_pipeline.geometry.normals import smooth_normals
from asset_pipeline.mesh import Faces, Mesh
from asset_pipeline.output.gltf_document import (
    BYTE,
    ELEMENT_BUFFER,
    FLOAT,
    UBYTE,
    UINT,
    USHORT,
    Document,
    add_indices,
    add_packed,
    add_plain,
    add_texture,
    pack_document,
    start_document,
)

FINEST_STEPS = 65535
STEPS_PER_ERROR = 3.0  # rounding positions to a third of the level's error adds half a per cent to it
NORMAL_BITS = 8
TEXEL_PARTS = 8  # texture coordinates are kept to an eighth of a texel
COLOUR_BITS = 7  # of a vertex colour's mantissa where bytes are too coarse: at most 1.2 steps of sRGB off
MIN_COLOUR_DB = 52.0  # below it the rounding of linear bytes shows as bands in dark places
GREY = [0.58, 0.58, 0.58, 1]


@dataclass(frozen=True)
class Look:
    """What a level's material is written with: its encoded pictures, and the factors they are multiplied by."""

    colour: Texture | None = None
    normal: Texture | None = None
    roughness: Texture | None = None
    factor: tuple[float, float, float] = (1.0, 1.0, 1.0)
    roughness_factor: float = 1.0
    metallic_factor: float = 0.0

    @property
    def pictures(self) -> tuple[Texture, ...]:
        """The pictures there are."""
        return tuple(each for each in (self.colour, self.normal, self.roughness) if each is not None)


@dataclass(frozen=True)
class Vertices:
    """A level's vertex rows with a normal each, in the order a GPU likes; uv and colours as the level has them."""

    positions: NDArray[np.float64]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32] | None
    colours: NDArray[np.uint8] | None
    faces: Faces


def snap_mesh(mesh: Mesh, error_m: float) -> tuple[Mesh, float]:
    """(the mesh with its positions on the grid they are written in, the grid's step in metres), as coarse as its error allows."""
    low, high = mesh.bounds()
    span = float((high - low).max())
    step = max(span / FINEST_STEPS, min(error_m / STEPS_PER_ERROR, span / 255)) or 1.0
    return replace(mesh, positions=low + np.rint((mesh.positions - low) / step) * step), step


def split_vertices(mesh: Mesh, corner_normals: NDArray[np.float32] | None = None) -> Vertices:
    """Vertex rows such that each has one normal: those on a sharp edge stand once a side.

    corner_normals (m, 3, 3): one a corner of each face; smooth ones when there are none.
    """
    normals = (smooth_normals(mesh) if corner_normals is None else corner_normals).reshape(-1, 3)
    quantised = np.rint(normals * 63).astype(np.int64)  # normals that differ by less are one
    key = mesh.faces.reshape(-1).astype(np.int64) * 128**3 + (quantised + 64) @ np.array([128**2, 128, 1])
    _, kept, corners = np.unique(key, return_index=True, return_inverse=True)
    # a strip's order: 3 % fewer bytes than the one a large vertex cache likes best
    indices, places, _ = meshopt.reorder_mesh(corners.reshape(-1).astype(np.uint32), True, True)
    order = np.empty(len(kept), np.int64)
    order[places] = np.arange(len(kept))
    rows = mesh.faces.reshape(-1)[kept[order]]
    return Vertices(
        positions=mesh.positions[rows],
        normals=normals[kept[order]],
        uv=None if mesh.uv is None else mesh.uv[rows],
        colours=None if mesh.colours is None else mesh.colours[rows],
        faces=indices.reshape(-1, 3).astype(np.int32),
    )


def encode_level(vertices: Vertices, look: Look, step: float) -> bytes:
    """The level, its positions on a grid of that step from their lowest corner, with KHR_mesh_quantization and meshopt."""
    return encode_parts([(vertices, look)], step)


def encode_parts(parts: Sequence[tuple[Vertices, Look]], step: float) -> bytes:
    """Several parts, each with a look of its own, as the primitives of one mesh on one grid."""
    low = np.min([vertices.positions.min(axis=0) for vertices, _ in parts], axis=0)
    document = start_document(["KHR_mesh_quantization", "EXT_meshopt_compression"])
    document.json["nodes"] = [{"mesh": 0, "scale": [step] * 3, "translation": low.tolist()}]
    for vertices, look in parts:
        quantised = np.rint((vertices.positions - low) / step).astype(np.uint16)
        attributes = {
            "POSITION": _add_positions(document, quantised),
            "NORMAL": _add_normals(document, vertices.normals),
        }
        if vertices.uv is not None and look.pictures:
            attributes["TEXCOORD_0"] = _add_uv(document, vertices.uv, max(picture.px for picture in look.pictures))
        if vertices.colours is not None:
            attributes["COLOR_0"] = _add_colours(document, vertices.colours)
        _finish(document, attributes, add_indices(document, vertices.faces.reshape(-1).astype(np.uint32)), look)
    return pack_document(document)


def encode_plain(vertices: Vertices, look: Look) -> bytes:
    """The level as core glTF 2.0 with float positions, for Blender and other tools; the look's pictures JPEG or PNG."""
    document = start_document([])
    positions = vertices.positions.astype(np.float32)
    bounds = {"min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist()}
    attributes = {
        "POSITION": add_plain(document, positions, {"componentType": FLOAT, "type": "VEC3", **bounds}),
        "NORMAL": add_plain(document, vertices.normals, {"componentType": FLOAT, "type": "VEC3"}),
    }
    if vertices.uv is not None and look.pictures:
        attributes["TEXCOORD_0"] = add_plain(document, vertices.uv, {"componentType": FLOAT, "type": "VEC2"})
    if vertices.colours is not None:
        colours = srgb_to_linear(vertices.colours / 255).astype(np.float32)
        attributes["COLOR_0"] = add_plain(document, colours, {"componentType": FLOAT, "type": "VEC3"})
    corners = vertices.faces.astype(np.uint32).reshape(-1)
    indices = add_plain(document, corners, {"componentType": UINT, "type": "SCALAR"}, ELEMENT_BUFFER)
    _finish(document, attributes, indices, look)
    return pack_document(document)


def srgb_to_linear(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light 0..1 of sRGB values 0..1, as glTF wants vertex colours and factors."""
    return np.asarray(np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4))


def linear_to_srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB values 0..1 of linear light 0..1."""
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055))


def _add_positions(document: Document, quantised: NDArray[np.uint16]) -> int:
    rows = np.zeros((len(quantised), 4), np.uint16)  # rows are padded to 8 bytes, as glTF asks for multiples of 4
    rows[:, :3] = quantised
    bounds = {"min": quantised.min(axis=0).tolist(), "max": quantised.max(axis=0).tolist()}
    return add_packed(document, rows, {"componentType": USHORT, "type": "VEC3", **bounds})


def _add_normals(document: Document, normals: NDArray[np.float32]) -> int:
    four = np.concatenate([normals, np.ones((len(normals), 1), np.float32)], axis=1)
    rows = meshopt.encode_filter_oct(four, 4, NORMAL_BITS)
    return add_packed(document, rows, {"componentType": BYTE, "normalized": True, "type": "VEC3"}, "OCTAHEDRAL")


def _add_uv(document: Document, uv: NDArray[np.float32], px: int) -> int:
    """Texture coordinates in 16 bits, of which those finer than a part of a texel are left empty: they would not compress."""
    coarse = 2 ** max(0, int(np.log2(65536 / (TEXEL_PARTS * px))))
    rows = np.minimum(np.rint(np.clip(uv, 0, 1) * (65535 / coarse)) * coarse, 65535).astype(np.uint16)
    return add_packed(document, rows, {"componentType": USHORT, "normalized": True, "type": "VEC2"})


def _add_colours(document: Document, colours: NDArray[np.uint8]) -> int:
    """Vertex colours as linear bytes where the scan's colours allow, else as floats of few bits, fine in the dark."""
    srgb = colours.astype(np.float64) / 255
    linear = srgb_to_linear(srgb)
    rounded = np.rint(linear * 255)
    mean_square = float(np.mean((linear_to_srgb(rounded / 255) - srgb) ** 2))
    if mean_square <= 10 ** (-MIN_COLOUR_DB / 10):
        rows = np.zeros((len(colours), 4), np.uint8)
        rows[:, :3] = rounded
        return add_packed(document, rows, {"componentType": UBYTE, "normalized": True, "type": "VEC3"})
    packed = meshopt.encode_filter_exp(linear.astype(np.float32), COLOUR_BITS, mode="Separate")
    return add_packed(document, packed, {"componentType": FLOAT, "type": "VEC3"}, "EXPONENTIAL")


def _finish(document: Document, attributes: dict[str, int], indices: int, look: Look) -> None:
    surface: dict[str, Any] = {"metallicFactor": look.metallic_factor, "roughnessFactor": look.roughness_factor}
    material: dict[str, Any] = {"pbrMetallicRoughness": surface, "doubleSided": True}
    if look.factor != (1.0, 1.0, 1.0):
        surface["baseColorFactor"] = [*srgb_to_linear(np.array(look.factor)).round(6).tolist(), 1]
    elif look.colour is None and "COLOR_0" not in attributes:
        surface["baseColorFactor"] = GREY
    if look.colour is not None:
        surface["baseColorTexture"] = add_texture(document, look.colour)
    if look.roughness is not None:
        surface["metallicRoughnessTexture"] = add_texture(document, look.roughness)
    if look.normal is not None:
        material["normalTexture"] = add_texture(document, look.normal)
    materials = document.json["materials"]
    materials.append(material)
    primitive = {"attributes": attributes, "indices": indices, "material": len(materials) - 1, "mode": 4}
    document.json["meshes"] = document.json["meshes"] or [{"primitives": []}]
    document.json["meshes"][0]["primitives"].append(primitive)
