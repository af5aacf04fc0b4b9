"""Materials of a glTF as the pipeline knows them: colour, normals, roughness and metal; what else they say is named."""

from dataclasses import dataclass, field, replace

import numpy as np

from asset_pipeline.mesh import Image, Material
from asset_pipeline.prechecks.precheck_image import MAX_PIXELS
from asset_pipeline.prechecks.precheck_scene import Document, find_source
from asset_pipeline.readers.gltf_buffers import Gltf, read_picture_bytes
from asset_pipeline.readers.gltf_placing import Placing, read_placing
from asset_pipeline.readers.picture import MAP_PIXELS, Picture, read_picture
from asset_pipeline.scan import ScanWarning, warn

GLOSSINESS = "KHR_materials_pbrSpecularGlossiness"
UNDERSTOOD = {"KHR_materials_unlit", GLOSSINESS}
MAP_SIDE_PX = int(MAP_PIXELS**0.5)
STRIP_ROWS = 512


@dataclass
class Reading:
    """Pictures decoded so far by (image, most pixels), what is not kept, and what to tell."""

    gltf: Gltf
    pictures: dict[tuple[int, int], Picture] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    warnings: list[ScanWarning] = field(default_factory=list)


def linear_to_srgb(value: float) -> float:
    """One colour channel 0..1 from linear light to sRGB (IEC 61966-2-1)."""
    value = min(max(value, 0.0), 1.0)
    return round(12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055, 6)


def read_materials(gltf: Gltf, used: list[int]) -> tuple[dict[int, Material], list[ScanWarning]]:
    """The materials in use by their index, -1 standing for "none". Raises ScanRefused."""
    reading = Reading(gltf)
    materials = {index: _read_material(reading, gltf.items("materials")[index]) for index in used if index >= 0}
    if -1 in used:
        materials[-1] = Material()
    if reading.lost:
        reading.warnings.append(warn("materials_dropped", names=", ".join(sorted(reading.lost))))
    return materials, reading.warnings


def find_placing(gltf: Gltf, index: int) -> Placing | None:
    """How the material of that index lays its pictures on the surface; None when it has none. -1 is no material."""
    return _placing(gltf.items("materials")[index]) if index >= 0 else None


def _placing(material: Document) -> Placing | None:
    infos = (_colour_map(material), material.get("normalTexture"), _surface(material).get("metallicRoughnessTexture"))
    return next((read_placing(info) for info in infos if info is not None), None)


def _surface(material: Document) -> Document:
    found: Document = material.get("pbrMetallicRoughness", {})
    return found


def _glossy(material: Document) -> Document | None:
    found: Document | None = material.get("extensions", {}).get(GLOSSINESS)
    return found


def _colour_map(material: Document) -> Document | None:
    glossy = _glossy(material)
    found: Document | None = (
        _surface(material).get("baseColorTexture") if glossy is None else glossy.get("diffuseTexture")
    )
    return found


def _read_material(reading: Reading, material: Document) -> Material:
    glossy, surface = _glossy(material), _surface(material)
    factor = surface.get("baseColorFactor") if glossy is None else glossy.get("diffuseFactor")
    red, green, blue, alpha = factor or (1.0, 1.0, 1.0, 1.0)
    reading.lost |= _name_lost(material, float(alpha))
    found = Material(
        str(material.get("name", ""))[:200], (linear_to_srgb(red), linear_to_srgb(green), linear_to_srgb(blue))
    )
    shown = _read_map(reading, _colour_map(material), MAX_PIXELS)
    if shown is not None:
        found = replace(found, picture=shown.image, source_jpeg=shown.jpeg)
    found = replace(found, normal_map=_read_normals(reading, material))
    if "KHR_materials_unlit" in material.get("extensions", {}):
        return found  # it shows its colour as it is: rough and without metal comes closest
    if glossy is not None:
        return replace(found, roughness=1.0 - min(max(float(glossy.get("glossinessFactor", 1.0)), 0.0), 1.0))
    return _with_roughness(reading, found, material)


def _with_roughness(reading: Reading, found: Material, material: Document) -> Material:
    surface = _surface(material)
    info = surface.get("metallicRoughnessTexture")
    # the standard's default is metal, yet a scan that says nothing is stone or wood whose exporter said nothing
    metallic = float(surface.get("metallicFactor", 0.0 if info is None else 1.0))
    shown = _read_map(reading, info, MAP_PIXELS)
    return replace(
        found,
        roughness=min(max(float(surface.get("roughnessFactor", 1.0)), 0.0), 1.0),
        metallic=min(max(metallic, 0.0), 1.0),
        roughness_map=_relaid(reading, shown, info, _placing(material)),
    )


def _read_normals(reading: Reading, material: Document) -> Image | None:
    info = material.get("normalTexture")
    normals = _relaid(reading, _read_map(reading, info, MAP_PIXELS), info, _placing(material))
    scale = float((info or {}).get("scale", 1.0))
    return normals if normals is None or scale == 1.0 else scale_normals(normals, scale)


def _read_map(reading: Reading, info: Document | None, most_pixels: int) -> Picture | None:
    """The picture that a textureInfo shows, decoded once however many materials show it."""
    if info is None:
        return None
    gltf = reading.gltf
    image = find_source(gltf.items("textures")[info["index"]])
    if image is None:
        reading.lost.add("pictures of a kind we do not read")
        return None
    if (image, most_pixels) not in reading.pictures:
        item = gltf.items("images")[image]
        uri = item.get("uri", "")
        label = str(item.get("name") or ("" if uri.startswith("data:") else uri[:80]) or f"image {image}")
        picture = read_picture(read_picture_bytes(gltf, item), label, most_pixels)
        reading.pictures[image, most_pixels] = picture
        reading.warnings += [warning for warning in picture.warnings if warning not in reading.warnings]
    return reading.pictures[image, most_pixels]


def _relaid(reading: Reading, picture: Picture | None, info: Document | None, onto: Placing | None) -> Image | None:
    """A map as it lies over the texture coordinates of the colour; None, and named, when it cannot be laid so."""
    if picture is None or info is None or onto is None:
        return None
    own = read_placing(info)
    if own == onto:
        return picture.image
    repeats = (own.scale[0] / onto.scale[0], own.scale[1] / onto.scale[1]) if 0.0 not in onto.scale else (0.0, 0.0)
    whole = all(round(number) >= 1 and abs(number - round(number)) < 1e-6 for number in repeats)
    if own.uv != onto.uv or own.turn != onto.turn or own.turn != 0.0 or not whole:
        reading.lost.add("maps laid on otherwise than the colour")
        return None
    start = tuple(own.offset[k] - repeats[k] * onto.offset[k] for k in (0, 1))
    columns = _sample_places(picture.image.shape[1], round(repeats[0]), start[0])
    rows = _sample_places(picture.image.shape[0], round(repeats[1]), start[1])
    return np.ascontiguousarray(picture.image[rows][:, columns])


def _sample_places(size: int, repeats: int, start: float) -> np.ndarray:
    """Which row or column of a picture of that size each one of the relaid picture shows."""
    wanted = min(MAP_SIDE_PX, size * repeats)
    at = ((np.arange(wanted) + 0.5) / wanted * repeats + start) % 1.0
    return np.minimum((at * size).astype(np.int64), size - 1)


def scale_normals(normals: Image, scale: float) -> Image:
    """A normal map (h, w, 3) with its slopes times `scale`, as normalTexture.scale and -bm ask."""
    result = np.empty_like(normals)
    for top in range(0, len(normals), STRIP_ROWS):
        vectors = normals[top : top + STRIP_ROWS].astype(np.float32) / np.float32(127.5) - 1
        vectors[..., :2] *= np.float32(scale)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-6))
        result[top : top + STRIP_ROWS] = np.clip((vectors + 1) * np.float32(127.5) + np.float32(0.5), 0, 255)
    return result


def _name_lost(material: Document, alpha: float) -> set[str]:
    lost = {"occlusionTexture"} & set(material)
    if "emissiveTexture" in material or any(material.get("emissiveFactor", ())):
        lost.add("emissive light")
    if "specularGlossinessTexture" in (_glossy(material) or {}):
        lost.add("specularGlossinessTexture")
    if material.get("alphaMode", "OPAQUE") != "OPAQUE" or alpha < 1:
        lost.add("transparency")
    return lost | {str(name)[:60] for name in material.get("extensions", {}) if name not in UNDERSTOOD}
