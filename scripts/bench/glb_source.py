"""A mesh as plain glTF 2.0, uncompressed, one primitive a material: what other tools are given to work on."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from asset_pipeline.mesh import Material, Mesh

FLOAT, USHORT, UINT = 5126, 5123, 5125


def write_glb(path: Path, mesh: Mesh) -> None:
    """Write positions, texture coordinates, colours (linear, 16 bit) and pictures."""
    binary = bytearray()
    document: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "bufferViews": [],
        "accessors": [],
    }
    attributes = {"POSITION": _add_rows(document, binary, mesh.positions.astype(np.float32), FLOAT)}
    if mesh.uv is not None:
        attributes["TEXCOORD_0"] = _add_rows(document, binary, mesh.uv.astype(np.float32), FLOAT)
    if mesh.colours is not None:
        share = mesh.colours / 255.0
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        rows = np.full((mesh.vertices, 4), 65535, np.uint16)
        rows[:, :3] = np.rint(linear * 65535)
        attributes["COLOR_0"] = _add_rows(document, binary, rows, USHORT, normalized=True)
    part = np.zeros(mesh.triangles, np.int32) if mesh.face_material is None else mesh.face_material
    primitives = []
    for index in range(max(1, len(mesh.materials))):
        corners = mesh.faces[part == index].reshape(-1, 1).astype(np.uint32)
        primitives.append({"attributes": attributes, "indices": _add_rows(document, binary, corners, UINT)})
        if mesh.materials:
            primitives[-1]["material"] = index
    document["meshes"] = [{"primitives": primitives}]
    for material in mesh.materials:
        _add_material(document, binary, material)
    path.write_bytes(_pack(document, binary))


def _add_bytes(document: dict[str, Any], binary: bytearray, data: bytes) -> int:
    binary += b"\0" * (-len(binary) % 4)
    document["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
    binary += data
    return len(document["bufferViews"]) - 1


def _add_rows(document: dict[str, Any], binary: bytearray, rows: np.ndarray, kind: int, **more: Any) -> int:
    shape = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[rows.shape[1]]
    view = _add_bytes(document, binary, np.ascontiguousarray(rows).tobytes())
    accessor = {"bufferView": view, "componentType": kind, "count": len(rows), "type": shape, **more}
    if shape == "VEC3":
        accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
    document["accessors"].append(accessor)
    return len(document["accessors"]) - 1


def _add_material(document: dict[str, Any], binary: bytearray, material: Material) -> None:
    look: dict[str, Any] = {"metallicFactor": 0, "baseColorFactor": [*material.colour, 1]}
    if material.picture is not None:
        data, kind = material.source_jpeg, "image/jpeg"
        if data is None:
            sink = io.BytesIO()
            Image.fromarray(material.picture).save(sink, "PNG")
            data, kind = sink.getvalue(), "image/png"
        images = document.setdefault("images", [])
        images.append({"bufferView": _add_bytes(document, binary, data), "mimeType": kind})
        document.setdefault("textures", []).append({"source": len(images) - 1})
        look["baseColorTexture"] = {"index": len(images) - 1}
    document.setdefault("materials", []).append({"name": material.name, "pbrMetallicRoughness": look})


def _pack(document: dict[str, Any], binary: bytearray) -> bytes:
    binary += b"\0" * (-len(binary) % 4)
    document["buffers"] = [{"byteLength": len(binary)}]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIII4s", b"glTF", 2, 28 + len(text) + len(binary), len(text), b"JSON")
    return head + text + struct.pack("<I4s", len(binary), b"BIN\0") + bytes(binary)
