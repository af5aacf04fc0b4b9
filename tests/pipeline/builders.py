"""Small scans made by code. A test states only what matters; everything else is a sound textured tetrahedron or box."""

import base64
import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SHARED = Path(__file__).parents[2] / ".." / "shared"
DATA = SHARED / "data"
HOSTILE = SHARED / "hostile"

BOX_POINTS = np.array([[x, y, z] for x in (0, 1) for y in (0, 2) for z in (0, 3)], dtype=np.float64)
BOX_QUADS = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
BOX_FACES = np.array([[q[0], q[i], q[i + 1]] for q in BOX_QUADS for i in (1, 2)], dtype=np.int32)

PLY_STRUCT = {
    "char": "b",
    "uchar": "B",
    "short": "h",
    "ushort": "H",
    "int": "i",
    "uint": "I",
    "float": "f",
    "double": "d",
}
COMPONENT = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


def checker(width: int = 8, height: int = 8) -> np.ndarray:
    """A picture whose four quarters differ: red, green, blue, white (row 0 on top)."""
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[: height // 2, : width // 2] = (255, 0, 0)
    picture[: height // 2, width // 2 :] = (0, 255, 0)
    picture[height // 2 :, : width // 2] = (0, 0, 255)
    return picture


def encode_picture(picture: np.ndarray, kind: str = "PNG") -> bytes:
    """The picture as the bytes of a PNG, JPEG or WebP file."""
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, kind, quality=95)
    return sink.getvalue()


def png_header(width: int, height: int) -> bytes:
    """The first bytes of a PNG that claims a size and holds nothing."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 1, 0, 0, 0, 0) + b"\0" * 4


def write_obj(folder: Path, text: str, name: str = "scan.obj", **beside: bytes | str) -> Path:
    """An OBJ with files beside it; `scan_mtl="..."` becomes scan.mtl."""
    for key, content in beside.items():
        stem, _, suffix = key.rpartition("_")
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{stem}.{suffix}").write_bytes(data)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def textured_obj(folder: Path, picture: bytes | None = None) -> Path:
    """One textured square of two triangles at z = 0, its uv filling the picture."""
    text = "mtllib scan.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl wall\nf 1/1 2/2 3/3 4/4\n"
    return write_obj(
        folder, text, scan_mtl="newmtl wall\nKd 1 1 1\nmap_Kd wall.png\n", wall_png=picture or encode_picture(checker())
    )


def ply_bytes(
    form: str,
    elements: Sequence[tuple[str, Sequence[tuple[str, ...]], Sequence[Sequence[Any]]]],
) -> bytes:
    """A PLY: elements are (name, properties, rows); a property is (type, name) or (count_type, type, name)."""
    lines = ["ply", f"format {form} 1.0", "comment made by a test"]
    for name, properties, rows in elements:
        lines.append(f"element {name} {len(rows)}")
        lines += [f"property {'list ' if len(item) == 3 else ''}{' '.join(item)}" for item in properties]
    head = ("\n".join(lines) + "\nend_header\n").encode()
    order = {"binary_little_endian": "<", "binary_big_endian": ">"}.get(form)
    body = io.BytesIO()
    for _, properties, rows in elements:
        for row in rows:
            body.write(_ply_row(order, properties, row))
    return head + body.getvalue()


def _ply_row(order: str | None, properties: Sequence[tuple[str, ...]], row: Sequence[Any]) -> bytes:
    if order is None:
        words = [
            f"{len(v)} {' '.join(map(repr, v))}" if len(p) == 3 else repr(v)
            for p, v in zip(properties, row, strict=True)
        ]
        return (" ".join(words) + "\n").encode()
    packed = b""
    for item, value in zip(properties, row, strict=True):
        if len(item) == 3:
            packed += struct.pack(order + PLY_STRUCT[item[0]], len(value))
            packed += struct.pack(f"{order}{len(value)}{PLY_STRUCT[item[1]]}", *value)
        else:
            packed += struct.pack(order + PLY_STRUCT[item[0]], value)
    return packed


def box_ply(form: str = "binary_little_endian", polygons: bool = False) -> bytes:
    """A box with uchar colours, its sides triangles or polygons of four."""
    rows = [[float(c) for c in point] + [10 * i, 20 * i, 30 * i] for i, point in enumerate(BOX_POINTS)]
    vertex = [("float", a) for a in "xyz"] + [("uchar", c) for c in ("red", "green", "blue")]
    faces = BOX_QUADS if polygons else BOX_FACES.tolist()
    return ply_bytes(
        form, [("vertex", vertex, rows), ("face", [("uchar", "int", "vertex_indices")], [[f] for f in faces])]
    )


def stl_bytes(triangles: np.ndarray, text: bool = False) -> bytes:
    """An STL of triangles (n, 3, 3)."""
    if text:
        lines = ["solid test"]
        for corners in triangles.tolist():
            lines += [
                "facet normal 0 0 0",
                "outer loop",
                *(f"vertex {x!r} {y!r} {z!r}" for x, y, z in corners),
                "endloop",
                "endfacet",
            ]
        return ("\n".join([*lines, "endsolid test"]) + "\n").encode()
    rows = b"".join(struct.pack("<12fH", 0, 0, 0, *corners.ravel(), 0) for corners in triangles)
    return b"\0" * 80 + struct.pack("<I", len(triangles)) + rows


class Gltf:
    """A glTF document put together piece by piece: `add` gives the index of what it added."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": []}],
            "buffers": [{}],
        }
        self.binary = bytearray()

    def add(self, name: str, item: Mapping[str, Any]) -> int:
        """Append to one of the document's lists."""
        self.document.setdefault(name, []).append(dict(item))
        return len(self.document[name]) - 1

    def view(self, data: bytes, **more: Any) -> int:
        """A buffer view of new bytes, aligned to 4."""
        self.binary += b"\0" * (-len(self.binary) % 4)
        start = len(self.binary)
        self.binary += data
        return self.add("bufferViews", {"buffer": 0, "byteOffset": start, "byteLength": len(data), **more})

    def accessor(self, values: np.ndarray, **more: Any) -> int:
        """An accessor of an array (n,) or (n, k) in its own type; min and max as glTF wants for positions."""
        table = values.reshape(len(values), -1)
        item = {
            "bufferView": self.view(values.tobytes()),
            "componentType": COMPONENT[values.dtype.str[1:]],
            "count": len(values),
            "type": TYPES[table.shape[1]],
            "min": table.min(axis=0).tolist(),
            "max": table.max(axis=0).tolist(),
        }
        return self.add("accessors", {**item, **more})

    def mesh(
        self,
        positions: np.ndarray,
        faces: np.ndarray | None,
        material: int | None = None,
        mode: int = 4,
        **attributes: int,
    ) -> int:
        """A mesh of one primitive; further attributes are accessor indices."""
        primitive: dict[str, Any] = {
            "attributes": {"POSITION": self.accessor(positions.astype("<f4")), **attributes},
            "mode": mode,
        }
        if faces is not None:
            primitive["indices"] = self.accessor(faces.ravel().astype("<u4"))
        if material is not None:
            primitive["material"] = material
        return self.add("meshes", {"primitives": [primitive]})

    def node(self, root: bool = True, **members: Any) -> int:
        """A node, by default a root of the scene."""
        index = self.add("nodes", members)
        if root:
            self.document["scenes"][0]["nodes"].append(index)
        return index

    def glb(self) -> bytes:
        """The whole as GLB bytes."""
        return glb_bytes(self._finished({}), bytes(self.binary))

    def gltf(self, uri: str | None = None) -> bytes:
        """The JSON alone, its buffer a data URI or the file named."""
        inline = "data:application/octet-stream;base64," + base64.b64encode(self.binary).decode()
        return json.dumps(self._finished({"uri": uri or inline})).encode()

    def _finished(self, buffer: dict[str, Any]) -> dict[str, Any]:
        first = {"byteLength": len(self.binary), **buffer}
        return {**self.document, "buffers": [first, *self.document["buffers"][1:]] if self.binary else []}


def glb_bytes(document: Mapping[str, Any] | bytes, binary: bytes = b"") -> bytes:
    """A GLB of JSON and one binary chunk, padded as the format asks."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def box_gltf(**node: Any) -> Gltf:
    """A box of 12 triangles under one node."""
    scene = Gltf()
    scene.node(mesh=scene.mesh(BOX_POINTS, BOX_FACES), **node)
    return scene


def zip_bytes(files: Mapping[str, bytes], **attributes: int) -> bytes:
    """A ZIP of files; `external_attr=...` and `flag_bits=...` go to every member."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(member, key, value)
            archive.writestr(member, data)
    return sink.getvalue()
