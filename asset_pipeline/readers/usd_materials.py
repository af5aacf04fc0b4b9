"""A look that usd_child described, with its pictures decoded: a material, and how texture coordinates are laid on it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.mesh import Image, Material
from asset_pipeline.prechecks.precheck_image import MAX_PIXELS
from asset_pipeline.readers.gltf_materials import linear_to_srgb
from asset_pipeline.readers.picture import MAP_PIXELS, Picture, read_picture
from asset_pipeline.scan import ScanWarning

CHANNELS = {"r": 0, "g": 1, "b": 2}
USUAL_ROUGHNESS = 0.5  # UsdPreviewSurface's own
Inputs = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Laid:
    """A material; transform: UsdTransform2d of its pictures; shows_colours: whether colours at points count."""

    material: Material
    transform: dict[str, Any] | None
    shows_colours: bool

    def lay(self, uv: NDArray[np.float32]) -> NDArray[np.float32]:
        """USD's texture coordinates (n, 2), counted from the bottom, as glTF's from the top, the transform applied."""
        u, v = uv[:, 0].astype(np.float64), uv[:, 1].astype(np.float64)
        change = self.transform or {}
        (sx, sy), (tx, ty) = change.get("scale", (1.0, 1.0)), change.get("translation", (0.0, 0.0))
        turn = math.radians(change.get("rotation", 0.0))
        u, v = u * sx, v * sy
        u, v = math.cos(turn) * u - math.sin(turn) * v + tx, math.sin(turn) * u + math.cos(turn) * v + ty
        return np.stack([u, 1 - v], axis=1).astype(np.float32)


def read_look(look: dict[str, Any], folder: Path, warnings: list[ScanWarning]) -> Laid:
    """The look with its pictures, which lie in `folder`. Raises ScanRefused for a picture that is none."""
    inputs: Inputs = look["inputs"]
    pictures = {name: _read(item, name, folder, warnings) for name, item in inputs.items() if "file" in item}
    colour = inputs.get("diffuseColor", {})
    red, green, blue = (colour.get("scale") or colour.get("value") or (1.0, 1.0, 1.0))[:3]
    shown = pictures.get("diffuseColor")
    roughness, metallic = _number(inputs, "roughness", USUAL_ROUGHNESS), _number(inputs, "metallic", 0.0)
    material = Material(
        look["name"],
        (linear_to_srgb(red), linear_to_srgb(green), linear_to_srgb(blue)),
        None if shown is None else shown.image,
        None if shown is None else shown.jpeg,
        _turn_normals(pictures["normal"].image, inputs["normal"]) if "normal" in pictures else None,
        _pack_maps(inputs, pictures),
        roughness if inputs else 1.0,  # a surface without material is stone, as everywhere here
        metallic,
    )
    laid: dict[str, Any] = next(
        (inputs[name] for name in ("diffuseColor", "normal", "roughness", "metallic") if name in pictures), {}
    )
    return Laid(material, laid.get("transform"), not inputs or "primvar" in colour)


def _read(item: dict[str, Any], name: str, folder: Path, warnings: list[ScanWarning]) -> Picture:
    picture = read_picture(
        (folder / item["file"]).read_bytes(), item["file"], MAX_PIXELS if name == "diffuseColor" else MAP_PIXELS
    )
    warnings += [warning for warning in picture.warnings if warning not in warnings]
    return picture


def _number(inputs: Inputs, name: str, usual: float) -> float:
    """The factor of a map, or the plain value, 0..1."""
    item = inputs.get(name, {})
    value = item["scale"][CHANNELS.get(item["channel"], 0)] if "file" in item else item.get("value", usual)
    return min(max(float(value if not isinstance(value, list) else value[0]), 0.0), 1.0)


def _turn_normals(normals: Image, item: dict[str, Any]) -> Image:
    """The normal map with green up: a negative scale says that it is drawn the other way."""
    if item["scale"][1] >= 0:
        return normals
    turned = normals.copy()
    turned[..., 1] = 255 - turned[..., 1]
    return turned


def _pack_maps(inputs: Inputs, pictures: dict[str, Picture]) -> Image | None:
    """Roughness as green and metal as blue in one picture, as glTF has them; None when neither is a picture."""
    found = {name: pictures[name].image for name in ("roughness", "metallic") if name in pictures}
    if not found:
        return None
    height = max(image.shape[0] for image in found.values())
    width = max(image.shape[1] for image in found.values())
    packed = np.full((height, width, 3), 255, np.uint8)
    for name, image in found.items():
        rows, columns = np.arange(height) * image.shape[0] // height, np.arange(width) * image.shape[1] // width
        channel = image[..., CHANNELS.get(inputs[name]["channel"], 0)]
        packed[..., 1 if name == "roughness" else 2] = channel[rows][:, columns]
    return packed
