"""Small sound scans of every kind, and ways to damage them: bytes, numbers in text, and values inside the JSON of a glTF."""

import copy
import io
import json
import random
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from asset_pipeline.output.usdz_archive import pack_usdz
from tests.pipeline.builders import (
    BOX_FACES,
    BOX_POINTS,
    BOX_QUADS,
    Gltf,
    box_ply,
    checker,
    encode_picture,
    glb_bytes,
    ply_bytes,
    stl_bytes,
    zip_bytes,
)
from tests.pipeline.clouds import las_file
from tests.pipeline.compressed import draco_scene, meshopt_scene
from tests.pipeline.shapes import smooth_picture
from tests.pipeline.test_read_usd import SQUARE, UV, layer, material, mesh, texture

Files = dict[str, bytes]  # name and content; the first is the scan
OBJ = (
    "mtllib scan.mtl\no box\nv 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0 0 0 1\nv 0 1 0 1 1 1\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
    "vn 0 0 1\nusemtl wall\nf 1/1/1 2/2/1 3/3/1 4/4/1\nusemtl roof\nf -4//1 -3//1 \\\n-2//1\nl 1 2\n"
)
MTL = (
    "newmtl wall\nKd 1 0.9 1\nPr 0.5\nmap_Kd -s 2 2 -o 0.5 0 wall.<UDIM>.png\nnorm normal.png\nmap_Pr rough.png\n"
    "newmtl roof\nKd 0.5 0.5 0.5\nmap_Kd roof.jpg\nmap_Bump -bm 2 normal.png\nd 0.5\n"
)
ODD_VALUES: list[Any] = [-1, 0, 1, 2, 3, 5, 2**31 - 1, 2**31, 2**32, 2**63, 2**64, 1e308, -1e308, 0.5, 1e-320]
ODD_VALUES += [
    None,
    True,
    "",
    "x",
    "data:,",
    "../x",
    [],
    {},
    [1e39] * 16,
    [0] * 3,
    {"a": 1},
    "SCALAR",
    "VEC3",
    5120,
    5125,
]
ODD_WORDS = [b"-1", b"0", b"4294967295", b"99999999999999999999", b"1e999", b"nan", b"inf", b"-", b".", b"1e", b"\xff"]
ODD_WORDS += [b"\\\n", b"\n", b"\r", b" ", b"#", b"f ", b"v ", b"/", b"//", b"-o", b"map_Kd ", b"usemtl ", b"list"]
ODD_BYTES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x80", b"\xff\xff\xff\xff\x0f"]


def deep_scene() -> Gltf:
    """A glTF with much of what the reader knows: maps, transforms, a sparse accessor, several nodes and colours."""
    scene = Gltf()
    uv = scene.accessor((BOX_POINTS[:, :2] / 2).astype("<f4"))
    grey = scene.accessor(np.full((8, 4), 30000, "<u2"), normalized=True)
    pictures = [checker(), np.full((4, 4, 3), (128, 128, 255), np.uint8)]
    textures = [
        scene.add("textures", {"source": scene.add("images", {"bufferView": scene.view(encode_picture(picture))})})
        for picture in pictures
    ]
    moved = {"KHR_texture_transform": {"scale": [2, 2], "offset": [0.5, 0], "rotation": 0.0, "texCoord": 0}}
    surface = {"baseColorTexture": {"index": textures[0]}, "baseColorFactor": [1, 0.5, 0.2, 1], "roughnessFactor": 0.5}
    skin = scene.add(
        "materials",
        {
            "pbrMetallicRoughness": {**surface, "metallicRoughnessTexture": {"index": textures[1]}},
            "normalTexture": {"index": textures[1], "scale": 0.5, "extensions": moved},
        },
    )
    mesh = scene.mesh(BOX_POINTS, BOX_FACES, skin, TEXCOORD_0=uv, COLOR_0=grey)
    which, what = scene.view(struct.pack("<H", 3)), scene.view(struct.pack("<3f", 9, 9, 9))
    sparse = {"count": 1, "indices": {"bufferView": which, "componentType": 5123}, "values": {"bufferView": what}}
    position = scene.document["meshes"][mesh]["primitives"][0]["attributes"]["POSITION"]
    scene.document["accessors"][position]["sparse"] = sparse
    child = scene.node(root=False, mesh=mesh, rotation=[0, 0, 0, 1], scale=[1, 2, 1])
    scene.node(children=[child], translation=[1, 2, 3], matrix=np.eye(4).ravel().tolist())
    strip = scene.mesh(BOX_POINTS, np.arange(8), mode=5)
    scene.node(mesh=strip)
    return scene


def _rich_ply(form: str) -> bytes:
    vertex = [
        ("double", "x"),
        ("float", "y"),
        ("short", "z"),
        ("float", "s"),
        ("float", "t"),
        ("uchar", "float", "odd"),
    ]
    rows = [[float(x), float(y), int(z), 0.5, 0.25, [1.0] * (k % 3)] for k, (x, y, z) in enumerate(BOX_POINTS)]
    face = [("uchar", "int", "vertex_indices"), ("uchar", "float", "texcoord"), ("int", "texnumber"), ("uchar", "red")]
    face += [("uchar", "green"), ("uchar", "blue")]
    faces = [[quad, [0.0, 0.5] * len(quad), 0, 10, 20, 30] for quad in [*BOX_QUADS, [0, 1, 2]]]
    strips = ("tristrips", [("int", "int", "vertex_indices")], [[[0, 1, 2, -1, 3, 4, 5]]])
    data = ply_bytes(form, [("vertex", vertex, rows), ("face", face, faces), strips])
    return data.replace(b"comment made by a test", b"comment TextureFile wall.1001.png")


def _clouds() -> dict[str, bytes]:
    """The same points as LAS, LAZ and PLY, with colours and a coordinate system."""
    side = np.linspace(0, 30, 12)
    x, y = (axis.ravel() for axis in np.meshgrid(side, side))
    points = np.stack([x, y, np.sin(x / 5) + 0.1 * y], axis=1)
    shades = np.tile(np.arange(144, dtype=np.uint16) * 400, (3, 1))
    colours = dict(zip(("red", "green", "blue"), shades, strict=True))
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for suffix, form in (
            ("las", {"version": "1.2", "point_format": 2}),
            ("laz", {"version": "1.4", "point_format": 7}),
        ):
            path = las_file(Path(name) / f"cloud.{suffix}", points, epsg=6669, **form, **colours)  # type: ignore[arg-type]
            found[path.name] = path.read_bytes()
    vertex = [*(("float", axis) for axis in "xyz"), *(("uchar", shade) for shade in ("red", "green", "blue"))]
    rows = [[*point, 10, 20, 30] for point in points.tolist()]
    return {**found, "cloud.ply": ply_bytes("binary_little_endian", [("vertex", vertex, rows)])}


def _usd() -> dict[str, bytes]:
    """A textured square as a USD text layer, alone and in its archive."""
    look = material(
        texture("Picture", "wall.png"), "color3f inputs:diffuseColor.connect = </Scan/Look/Picture.outputs:rgb>"
    )
    body = mesh(SQUARE + UV + "        rel material:binding = </Scan/Look>\n") + look
    picture = encode_picture(checker())
    return {
        "scene.usda": layer(mesh()).encode(),
        "scene.usdz": pack_usdz({"scene.usda": layer(body).encode(), "wall.png": picture}),
    }


def _saved(picture: Image.Image, kind: str, **more: Any) -> bytes:
    sink = io.BytesIO()
    picture.save(sink, kind, **more)
    return sink.getvalue()


def make_scans() -> dict[str, Files]:
    """Sound scans by a name that says what is in them."""
    picture = encode_picture(checker())
    beside = {
        "scan.mtl": MTL.encode(),
        "wall.1001.png": picture,
        "normal.png": picture,
        "rough.png": picture,
        "roof.jpg": encode_picture(smooth_picture(16), "JPEG"),
    }
    single = {
        "box.ply": box_ply(),
        "text.stl": stl_bytes(BOX_POINTS[BOX_FACES], text=True),
        "box.stl": stl_bytes(BOX_POINTS[BOX_FACES]),
        "deep.glb": deep_scene().glb(),
        "deep.gltf": deep_scene().gltf(),
        "draco.glb": draco_scene().glb(),
        "meshopt.glb": meshopt_scene().glb(),
        "meshopt1.glb": meshopt_scene(1, "KHR_meshopt_compression").glb(),
        **_clouds(),
        **_usd(),
        "zipped.zip": zip_bytes({"scan.obj": OBJ.encode(), **beside}),
    }
    found: dict[str, Files] = {name: {name: data} for name, data in single.items()}
    for form in ("ascii", "binary_little_endian", "binary_big_endian"):
        found[f"rich {form}"] = {"rich.ply": _rich_ply(form), "wall.1001.png": picture}
    found["obj"] = {"scan.obj": OBJ.encode(), **beside}
    return found


def make_pictures() -> Files:
    """Sound pictures of every kind we read."""
    picture = Image.fromarray(smooth_picture(24))
    kinds = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "avif": "AVIF", "tif": "TIFF", "bmp": "BMP"}
    found = {suffix: _saved(picture, kind) for suffix, kind in kinds.items()}
    found["progressive.jpg"] = _saved(picture, "JPEG", progressive=True)
    found["deep.png"] = _saved(Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257), "PNG")
    found["palette.png"] = _saved(picture.convert("P"), "PNG")
    found["cmyk.jpg"] = _saved(picture.convert("CMYK"), "JPEG")
    return found


def damage(data: bytes, chance: random.Random) -> bytes:
    """The data with one to eight changes, or cut off."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(found) + 1)
        if chance.random() < 0.1 and len(found) > 1:
            del found[at:]
        elif chance.random() < 0.6:
            old, new = chance.choice(
                [
                    (chance.randrange(1, 9), b""),
                    (0, bytes(found[at : at + chance.randrange(1, 60)])),
                    (4, chance.choice(ODD_BYTES)),
                    (0, chance.choice(ODD_WORDS)),
                    (chance.randrange(4), chance.choice(ODD_WORDS)),
                ]
            )
            found[at : at + old] = new
        elif at < len(found):
            found[at] = chance.choice((chance.randrange(256), found[at] ^ (1 << chance.randrange(8))))
    return bytes(found)


def damage_json(document: Any, chance: random.Random) -> Any:
    """The document with one to three of its values replaced, taken away or doubled."""
    found = json.loads(json.dumps(document))
    for _ in range(chance.choice((1, 1, 2, 3))):
        holder, key = chance.choice(_places(found))
        way = chance.randrange(6)
        if way == 0 and isinstance(holder, dict):
            holder.pop(key, None)
        elif way == 1 and isinstance(holder, list):
            holder.insert(key, holder[key])
        elif way == 2:
            other, name = chance.choice(_places(found))
            holder[key] = copy.deepcopy(other[name])
        else:
            holder[key] = copy.deepcopy(chance.choice(ODD_VALUES))
    return found


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    found = [(value, key) for key in keys]
    for key in keys:
        found += _places(value[key])
    return found


def damage_scan(files: Files, chance: random.Random) -> Files:
    """One of the files of a scan damaged; of a glTF more often its JSON or its data than the frame round them."""
    name = chance.choice(list(files))
    change: Callable[[bytes, random.Random], bytes] = damage
    if name.endswith((".glb", ".gltf")) and chance.random() < 0.9:
        change = _damage_gltf
    return {**files, name: change(files[name], chance)}


def _damage_gltf(data: bytes, chance: random.Random) -> bytes:
    if not data.startswith(b"glTF"):
        return json.dumps(damage_json(json.loads(data), chance)).encode()
    (length,) = struct.unpack_from("<I", data, 12)
    document, binary = json.loads(data[20 : 20 + length]), data[28 + length :]
    if chance.random() < 0.5:
        return glb_bytes(damage_json(document, chance), binary)
    broken = damage(binary, chance)  # as long as before, so that the frame still holds
    return glb_bytes(document, broken[: len(binary)].ljust(len(binary), b"\0"))
