"""Points as GLB: quantised and meshopt-compressed for phones, or plain core glTF for other tools.

Sources: glTF 2.0, 3.7.2.1 (points without normals are shown unlit); KHR_mesh_quantization; EXT_meshopt_compression.
"""

from typing import Any

import numpy as np

from asset_pipeline.mesh import Mesh
from asset_pipeline.output.encode import srgb_to_linear
from asset_pipeline.output.gltf_document import (
    FLOAT,
    UBYTE,
    USHORT,
    Document,
    add_packed,
    add_plain,
    pack_document,
    start_document,
)

STEPS_A_SPACING = 16.0  # positions are kept to this part of the usual distance between points
FINEST_STEPS = 65535
POINTS_MODE = 0
GREY = [0.58, 0.58, 0.58, 1]


def encode_points(points: Mesh, spacing_m: float) -> bytes:
    """The points with KHR_mesh_quantization and EXT_meshopt_compression; the mesh's extras say how large to draw one."""
    low, high = points.bounds()
    step = max(float((high - low).max()) / FINEST_STEPS, spacing_m / STEPS_A_SPACING) or 1.0
    document = start_document(["KHR_mesh_quantization", "EXT_meshopt_compression"])
    document.json["nodes"] = [{"mesh": 0, "scale": [step] * 3, "translation": low.tolist()}]
    rows = np.zeros((points.vertices, 4), np.uint16)
    rows[:, :3] = np.rint((points.positions - low) / step)
    bounds = {"min": rows[:, :3].min(axis=0).tolist(), "max": rows[:, :3].max(axis=0).tolist()}
    attributes = {"POSITION": add_packed(document, rows, {"componentType": USHORT, "type": "VEC3", **bounds})}
    if points.colours is not None:
        colours = np.full((points.vertices, 4), 255, np.uint8)
        colours[:, :3] = np.rint(srgb_to_linear(points.colours / 255) * 255)
        attributes["COLOR_0"] = add_packed(
            document, colours, {"componentType": UBYTE, "normalized": True, "type": "VEC3"}
        )
    _finish(document, attributes)
    document.json["meshes"][0]["extras"] = {"spacing_m": round(spacing_m, 6)}
    return pack_document(document)


def encode_plain_points(points: Mesh) -> bytes:
    """The points as core glTF 2.0 with float positions, for Blender and other tools."""
    document = start_document([])
    positions = points.positions.astype(np.float32)
    bounds = {"min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist()}
    attributes = {"POSITION": add_plain(document, positions, {"componentType": FLOAT, "type": "VEC3", **bounds})}
    if points.colours is not None:
        colours = srgb_to_linear(points.colours / 255).astype(np.float32)
        attributes["COLOR_0"] = add_plain(document, colours, {"componentType": FLOAT, "type": "VEC3"})
    _finish(document, attributes)
    return pack_document(document)


def _finish(document: Document, attributes: dict[str, int]) -> None:
    surface: dict[str, Any] = {"metallicFactor": 0, "roughnessFactor": 1}
    if "COLOR_0" not in attributes:
        surface["baseColorFactor"] = GREY
    document.json["materials"] = [{"pbrMetallicRoughness": surface}]
    document.json["meshes"] = [{"primitives": [{"attributes": attributes, "material": 0, "mode": POINTS_MODE}]}]
