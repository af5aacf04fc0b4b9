"""Materials of a glTF as the pipeline knows them: a colour, and the base colour picture."""

from typing import Any

from asset_pipeline.gltf_buffers import Gltf, read_picture_bytes
from asset_pipeline.mesh import Material
from asset_pipeline.picture import make_material
from asset_pipeline.precheck_scene import Document
from asset_pipeline.scan import ScanWarning

MAPS = ("normalTexture", "occlusionTexture", "emissiveTexture")
MapInfo = dict[str, Any]


def linear_to_srgb(value: float) -> float:
    """One colour channel 0..1 from linear light to sRGB (IEC 61966-2-1)."""
    value = min(max(value, 0.0), 1.0)
    return round(12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055, 6)


def read_materials(gltf: Gltf, used: list[int]) -> tuple[dict[int, Material], list[ScanWarning]]:
    """The materials in use by their index, -1 standing for "none". Raises ScanRefused."""
    pictures: dict[int, Material] = {}
    materials: dict[int, Material] = {}
    lost: set[str] = set()
    for index in used:
        material = gltf.items("materials")[index] if index >= 0 else {}
        lost |= _name_lost(material)
        red, green, blue = (linear_to_srgb(float(c)) for c in _factor(material)[:3])
        name = str(material.get("name", ""))[:200]
        image = _find_image(gltf, material)
        if image is None:
            lost |= {"pictures of a kind we do not read"} if find_map(material) else set()
            materials[index] = Material(name, (red, green, blue))
            continue
        if image not in pictures:  # one decoded picture, however many materials show it
            item = gltf.items("images")[image]
            label = str(item.get("name") or item.get("uri", "")[:80] or f"image {image}")
            pictures[image] = make_material(label, (1.0, 1.0, 1.0), read_picture_bytes(gltf, item))
        shown = pictures[image]
        materials[index] = Material(name, (red, green, blue), shown.picture, shown.source_jpeg)
    text = f"Not kept from the materials: {', '.join(sorted(lost))}."
    return materials, [ScanWarning("materials_dropped", text)] if lost else []


def find_map(material: Document) -> MapInfo | None:
    """The textureInfo of the base colour, None when the material has no picture."""
    found: MapInfo | None = material.get("pbrMetallicRoughness", {}).get("baseColorTexture")
    return found


def _factor(material: Document) -> list[float]:
    found: list[float] = material.get("pbrMetallicRoughness", {}).get("baseColorFactor", [1.0, 1.0, 1.0, 1.0])
    return found


def _find_image(gltf: Gltf, material: Document) -> int | None:
    """Which image the base colour shows; the WebP of EXT_texture_webp before its fallback."""
    info = find_map(material)
    if info is None:
        return None
    texture = gltf.items("textures")[info["index"]]
    webp = texture.get("extensions", {}).get("EXT_texture_webp", {})
    found: int | None = webp.get("source", texture.get("source"))
    return found


def _name_lost(material: Document) -> set[str]:
    lost = {name for name in MAPS if name in material}
    if "metallicRoughnessTexture" in material.get("pbrMetallicRoughness", {}):
        lost.add("metallicRoughnessTexture")
    if material.get("alphaMode", "OPAQUE") != "OPAQUE" or _factor(material)[3] < 1:
        lost.add("transparency")
    return lost | {str(name)[:60] for name in material.get("extensions", {}) if name != "KHR_materials_unlit"}
