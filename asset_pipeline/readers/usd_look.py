"""USD materials as the pipeline knows them: UsdPreviewSurface, its pictures by the name of the file each comes from."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pxr import Usd, UsdShade

FIRST = Usd.TimeCode.EarliestTime()
INPUTS = ("diffuseColor", "normal", "roughness", "metallic")  # the first with a picture says how it is laid on
UNKEPT = {"emissiveColor": "emissive light", "occlusion": "occlusion", "opacity": "transparency"}
PLAIN: dict[str, Any] = {"name": "", "inputs": {}}


@dataclass
class Looks:
    """The materials met so far, `found[0]` for faces without one, and what of them is not kept."""

    folder: Path
    found: list[dict[str, Any]] = field(default_factory=lambda: [PLAIN])
    lost: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, material: Any) -> int:
        """The number of a material, read when it is met for the first time; 0 for none."""
        if not material:
            return 0
        path = str(material.GetPath())
        if path not in self.numbers:
            self.numbers[path] = len(self.found)
            name = str(material.GetPrim().GetName())[:200]
            self.found.append({"name": name, "inputs": _read_inputs(material, self)})
        return self.numbers[path]

    def uv_names(self, look: NDArray[np.int32]) -> list[str]:
        """Names of the texture coordinates that these looks read, of the most used look first."""
        numbers, counts = np.unique(look, return_counts=True)
        used = (self.found[number]["inputs"] for number in numbers[np.argsort(-counts, kind="stable")].tolist())
        names = [inputs[name]["uv"] for inputs in used for name in INPUTS if "file" in inputs.get(name, {})]
        return list(dict.fromkeys(name for name in names if name))


def _read_inputs(material: Any, looks: Looks) -> dict[str, Any]:
    surface = material.ComputeSurfaceSource()[0]
    if not surface or surface.GetIdAttr().Get() != "UsdPreviewSurface":
        looks.lost.add("materials other than UsdPreviewSurface")
        return {}
    looks.lost |= {words for name, words in UNKEPT.items() if _counts(surface.GetInput(name), name)}
    found = {name: _read_input(surface.GetInput(name), looks) for name in INPUTS}
    return {name: value for name, value in found.items() if value}


def _counts(given: Any, name: str) -> bool:
    """Whether an input that we do not keep would have been seen."""
    if not given:
        return False
    if given.HasConnectedSource():
        return True
    value = given.Get()
    if name == "emissiveColor":
        return value is not None and any(value)
    return name == "opacity" and value is not None and value < 1


def _read_input(given: Any, looks: Looks) -> dict[str, Any]:
    """An input's value, or its picture: file, channel, scale, bias, uv and transform; empty when there is neither."""
    attribute = _producer(given)
    if attribute is None:
        return {}
    shader = UsdShade.Shader(attribute.GetPrim())
    if not UsdShade.Output.IsOutput(attribute):
        value = attribute.Get(FIRST)
        return {} if value is None else {"value": _plain(value)}
    if shader.GetIdAttr().Get() == "UsdPrimvarReader_float3" and _value(shader, "varname") == "displayColor":
        return {"primvar": "displayColor"}
    if shader.GetIdAttr().Get() != "UsdUVTexture":
        looks.lost.add("pictures made by other shaders than UsdUVTexture")
        return {}
    file = _find_file(shader, looks)
    if file is None:
        fallback = _value(shader, "fallback")
        return {} if fallback is None else {"value": fallback[:3]}
    lay = _read_coordinates(_producer(shader.GetInput("st")))
    return {
        "file": file,
        "channel": attribute.GetName().rpartition(":")[2],
        "scale": _value(shader, "scale") or [1.0] * 4,
        "bias": _value(shader, "bias") or [0.0] * 4,
        **lay,
    }


def _find_file(shader: Any, looks: Looks) -> str | None:
    """The picture's name from the scan's folder, None and said so when it is not in it."""
    attribute = _producer(shader.GetInput("file"))
    asset = attribute.Get(FIRST) if attribute is not None else None
    path = Path(asset.resolvedPath) if asset is not None and asset.resolvedPath else None
    if path is None or not path.resolve().is_relative_to(looks.folder.resolve()) or not path.is_file():
        looks.lost.add("pictures that are not in the scan")
        return None
    return path.resolve().relative_to(looks.folder.resolve()).as_posix()


def _read_coordinates(attribute: Any) -> dict[str, Any]:
    """Which texture coordinates a picture reads, and the one change that UsdTransform2d makes to them on the way."""
    found: dict[str, Any] = {"uv": "", "transform": None}
    shader = UsdShade.Shader(attribute.GetPrim()) if attribute is not None else None
    if shader and shader.GetIdAttr().Get() == "UsdTransform2d":
        parts = {name: _value(shader, name) for name in ("scale", "rotation", "translation")}
        found["transform"] = {name: value for name, value in parts.items() if value is not None}
        attribute = _producer(shader.GetInput("in"))
        shader = UsdShade.Shader(attribute.GetPrim()) if attribute is not None else None
    if shader and shader.GetIdAttr().Get() == "UsdPrimvarReader_float2":
        found["uv"] = str(_value(shader, "varname") or "")
    return found


def _producer(given: Any) -> Any:
    """The attribute that an input's value comes from: itself, or an output of another shader; None without either."""
    found = UsdShade.Utils.GetValueProducingAttributes(given) if given else []
    return found[0] if found else None


def _value(shader: Any, name: str) -> Any:
    attribute = _producer(shader.GetInput(name))
    value = attribute.Get(FIRST) if attribute is not None else None
    return None if value is None else _plain(value)


def _plain(value: Any) -> Any:
    """A number, a text, or a list of numbers, as JSON can hold them."""
    if isinstance(value, (bool, int, float, str)):
        return value
    return [float(part) for part in value]
