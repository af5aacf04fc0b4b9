"""A finished model as GLB: one mesh, one material, one JPEG, shade in the corners as vertex colours."""

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT, UINT, UBYTE = 5126, 5125, 5121
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
LINEAR, MIPMAPS, CLAMP = 9729, 9987, 33071


@dataclass(frozen=True)
class Model:
    """A mesh with its picture: positions (n, 3) in metres, y up; faces (m, 3); uv (n, 2) 0..1, origin top left.

    colours (n, 3): what each vertex takes from the picture, 0..1 in sRGB.
    """

    name: str
    positions: NDArray[np.float32]
    faces: NDArray[np.uint32]
    uv: NDArray[np.float32]
    colours: NDArray[np.float32]
    jpeg: bytes


class Chunk:
    """The binary part of a GLB while it grows, with the views and accessors that describe it."""

    def __init__(self) -> None:
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self.data = bytearray()

    def add_view(self, data: bytes, **more: Any) -> int:
        """Append bytes; the number of their view."""
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data), **more})
        self.data.extend(data + b"\0" * (-len(data) % 4))
        return len(self.views) - 1

    def add_rows(self, rows: NDArray[Any], component: int, kind: str, **more: Any) -> int:
        """Append an array; the number of its accessor."""
        view = self.add_view(rows.tobytes(), target=ELEMENT_BUFFER if kind == "SCALAR" else ARRAY_BUFFER)
        entry = {"bufferView": view, "componentType": component, "count": len(rows), "type": kind, **more}
        self.accessors.append(entry)
        return len(self.accessors) - 1


def dump_glb(model: Model) -> bytes:
    """The model as the bytes of a GLB file."""
    chunk = Chunk()
    low, high = model.positions.min(axis=0).tolist(), model.positions.max(axis=0).tolist()
    primitive = {
        "attributes": {
            "POSITION": chunk.add_rows(model.positions, FLOAT, "VEC3", min=low, max=high),
            "TEXCOORD_0": chunk.add_rows(model.uv, FLOAT, "VEC2"),
            "COLOR_0": chunk.add_rows(_colour_rows(model.colours), UBYTE, "VEC4", normalized=True),
        },
        "indices": chunk.add_rows(model.faces.reshape(-1), UINT, "SCALAR"),
        "material": 0,
    }
    surface = {"baseColorTexture": {"index": 0}, "metallicFactor": 0, "roughnessFactor": 1}
    document = {
        "asset": {"version": "2.0", "generator": "Dejima XR, scripts/make_dejima_models.py"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": model.name}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"pbrMetallicRoughness": surface}],
        "textures": [{"sampler": 0, "source": 0}],
        "samplers": [{"magFilter": LINEAR, "minFilter": MIPMAPS, "wrapS": CLAMP, "wrapT": CLAMP}],
        "images": [{"bufferView": chunk.add_view(model.jpeg), "mimeType": "image/jpeg"}],
        "accessors": chunk.accessors,
        "bufferViews": chunk.views,
        "buffers": [{"byteLength": len(chunk.data)}],
    }
    return _pack(json.dumps(document, separators=(",", ":")).encode(), bytes(chunk.data))


def _pack(text: bytes, data: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _colour_rows(colours: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Colours (n, 4) as bytes in linear light, as glTF counts vertex colours."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    rows = np.full((len(colours), 4), 255, np.uint8)
    rows[:, :3] = np.clip(linear * 255 + 0.5, 0, 255).astype(np.uint8)
    return rows
