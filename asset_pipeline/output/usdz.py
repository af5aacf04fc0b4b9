"""model.usdz: one level for AR Quick Look on iPhone and iPad, its pictures JPEG, never above 8 MB."""

from dataclasses import replace

import numpy as np

from asset_pipeline.appearance.look import fit_material
from asset_pipeline.appearance.sides import Sides
from asset_pipeline.appearance.texture import FULL_JPEG, JPEG
from asset_pipeline.errors import BuildFailed
from asset_pipeline.manifest import USDZ_FILE, Credit
from asset_pipeline.mesh import Image, Material, Mesh
from asset_pipeline.output.encode import split_vertices
from asset_pipeline.output.usda import Look, dump_body
from asset_pipeline.output.usdz_archive import LAYER_FILE, USDZ_MAX_BYTES, USDZ_MAX_TRIANGLES, dump_head, pack_usdz
from asset_pipeline.scan import ScanWarning, warn

MAX_TEXTURE_PX = 2048  # unpacked it takes 16 MB of a phone's memory
MIN_TEXTURE_PX = 64
JPEG_QUALITY = 85  # 39 dB on weathered stone
BASELINE = {"optimize": True}  # not progressive: every phone unpacks it in one go
FULL_BASELINE = replace(FULL_JPEG, options={**BASELINE, "subsampling": "4:4:4"})
CODECS = {"colour": replace(JPEG, options=BASELINE), "normal": FULL_BASELINE, "roughness": FULL_BASELINE}
GREY = (0.58, 0.58, 0.58)  # linear; of a surface without any colour, as in the GLB


def choose_level(triangles: list[int]) -> int | None:
    """Which of the levels, finest first, goes into the USDZ: the finest of at most 50,000 triangles, None without any."""
    return next((index for index, count in enumerate(triangles) if count <= USDZ_MAX_TRIANGLES), None)


def make_usdz(mesh: Mesh) -> tuple[bytes, list[ScanWarning]]:
    """The mesh of a level as USDZ without credit, and what had to be made smaller for it. Raises BuildFailed."""
    if mesh.triangles > USDZ_MAX_TRIANGLES or mesh.colours is not None:
        raise ValueError(f"a USDZ holds at most {USDZ_MAX_TRIANGLES} triangles, and no vertex colours: bake a picture")
    asked = side = min(MAX_TEXTURE_PX, _largest_picture(mesh))
    while len(data := encode_usdz(mesh, side)) > USDZ_MAX_BYTES:
        side //= 2
        if side < MIN_TEXTURE_PX:
            raise BuildFailed("usdz_too_large", f"{USDZ_FILE} would have {len(data)} bytes; 8 MB is the most.", "usdz")
    if side == asked:
        return data, []
    return data, [warn("usdz_texture_reduced", px=side, asked_px=asked)]


def encode_usdz(mesh: Mesh, texture_px: int) -> bytes:
    """The mesh, which has one material at most, as USDZ without credit; no picture is larger than texture_px."""
    look, pictures = _look_at(mesh, texture_px)
    layer = dump_head(Credit()) + dump_body(split_vertices(mesh), look).encode()
    return pack_usdz({LAYER_FILE: layer, **pictures})


def _look_at(mesh: Mesh, texture_px: int) -> tuple[Look, dict[str, bytes]]:
    """How the mesh looks in the terms of USD, and its pictures by their names in the archive."""
    if not mesh.materials:
        return Look(GREY), {}
    material = fit_material(mesh.materials[0], Sides(texture_px, texture_px))
    shown = {} if mesh.uv is None else _pictures(material)
    files = {f"textures/{name}.jpg": CODECS[name].write(picture, JPEG_QUALITY) for name, picture in shown.items()}
    names = {f"{name}_file": f"textures/{name}.jpg" for name in shown}
    repeats = mesh.uv is not None and bool(np.any((mesh.uv < 0) | (mesh.uv > 1)))
    px = max((max(picture.shape[:2]) for picture in shown.values()), default=1)
    bare = material.picture is None and material.colour == (1.0, 1.0, 1.0)
    red, green, blue = GREY if bare else (_linear(value) for value in material.colour)
    return Look(
        (red, green, blue), material.roughness, material.metallic, **names, texture_px=px, repeats=repeats
    ), files


def _pictures(material: Material) -> dict[str, Image]:
    found = {"colour": material.picture, "normal": material.normal_map, "roughness": material.roughness_map}
    return {name: picture for name, picture in found.items() if picture is not None}


def _largest_picture(mesh: Mesh) -> int:
    pictures = (picture for material in mesh.materials for picture in _pictures(material).values())
    return max((max(picture.shape[:2]) for picture in pictures), default=MIN_TEXTURE_PX)


def _linear(value: float) -> float:
    """One sRGB channel 0..1 in linear light."""
    return round(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4, 4)
