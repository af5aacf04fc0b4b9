"""A model as a USD text layer, the kind that AR Quick Look opens: one mesh, one material, metres, y up.

The head of the layer is written by usdz_archive, since it changes with the credit.
Sources: OpenUSD, the text file format; UsdPreviewSurface specification 2.6.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.output.encode import Vertices
from asset_pipeline.output.usdz_archive import ROOT

SURFACE, LOOK = "Surface", "Look"
POSITION_STEPS = 20_000  # along the longest side: rounding adds a hundredth to the error of a level of 25,000 triangles
NORMAL_DECIMALS = 2  # a third of a degree, as fine as the bytes of a GLB
TEXEL_STEPS = 4
VERTEX = ['    interpolation = "vertex"', ")"]  # on lines of its own, as simple readers expect it


@dataclass(frozen=True)
class Look:
    """How the surface looks: names of its pictures in the archive, factors in linear light. texture_px: longest side.

    roughness_file: green roughness, blue metal, times the two factors, as in glTF.
    """

    colour: tuple[float, float, float]
    roughness: float = 1.0
    metallic: float = 0.0
    colour_file: str | None = None
    normal_file: str | None = None
    roughness_file: str | None = None
    texture_px: int = 1
    repeats: bool = False  # whether texture coordinates leave the picture

    @property
    def has_pictures(self) -> bool:
        """Whether the surface needs texture coordinates."""
        return any((self.colour_file, self.normal_file, self.roughness_file))


def dump_body(vertices: Vertices, look: Look) -> str:
    """The layer after its head: the mesh and its material."""
    step_m = float(np.ptp(vertices.positions, axis=0).max()) / POSITION_STEPS
    positions = _round(vertices.positions, _decimals(step_m))
    normals = _round(vertices.normals, NORMAL_DECIMALS)
    mesh = [
        "uniform bool doubleSided = 1",
        f"float3[] extent = {_tuples(np.stack([positions.min(axis=0), positions.max(axis=0)]))}",
        f"int[] faceVertexCounts = [{','.join(['3'] * len(vertices.faces))}]",
        f"int[] faceVertexIndices = [{','.join(map(str, vertices.faces.ravel().tolist()))}]",
        f"rel material:binding = </{ROOT}/{LOOK}>",
        f"normal3f[] normals = {_tuples(normals)} (",
        *VERTEX,
        f"point3f[] points = {_tuples(positions)}",
    ]
    if vertices.uv is not None and look.has_pictures:
        st = vertices.uv * [1.0, -1.0] + [0.0, 1.0]  # glTF counts from the top, USD from the bottom
        st = _round(st, _decimals(1 / (TEXEL_STEPS * look.texture_px)))
        mesh += [f"texCoord2f[] primvars:st = {_tuples(st)} (", *VERTEX]
    mesh.append('uniform token subdivisionScheme = "none"')
    surface = _prim("Mesh", SURFACE, mesh, 'prepend apiSchemas = ["MaterialBindingAPI"]')
    whole = _prim("Xform", ROOT, [*surface, "", *_dump_look(look)], 'kind = "component"')
    return "\n" + "\n".join(whole) + "\n"


def _round(rows: NDArray[np.floating[Any]], decimals: int) -> NDArray[np.float64]:
    return np.asarray(np.round(rows.astype(np.float64), decimals) + 0.0)  # + 0.0: no negative zero


def _decimals(step: float) -> int:
    """How many digits after the point tell values apart that differ by a step."""
    return max(0, math.ceil(-math.log10(step))) if step > 0 else 0


def _tuples(rows: NDArray[np.float64]) -> str:
    """Rows of numbers as a USD array of tuples, each number with as few signs as it needs."""
    words = iter(map(repr, rows.ravel().tolist()))
    text = "),(".join(map(",".join, zip(*[words] * rows.shape[1], strict=True)))
    return f"[({text})]".replace(".0,", ",").replace(".0)", ")")


def _prim(kind: str, name: str, lines: list[str], metadata: str = "") -> list[str]:
    """A prim and what it holds, each line one level deeper."""
    head = [f'def {kind} "{name}" (', f"    {metadata}", ")"] if metadata else [f'def {kind} "{name}"']
    return [*head, "{", *(f"    {line}" if line else "" for line in lines), "}"]


def _dump_look(look: Look) -> list[str]:
    """The material: a UsdPreviewSurface with constants, or with pictures read through the texture coordinates."""
    at = f"/{ROOT}/{LOOK}"
    colour, roughness, metallic = _numbers(look.colour), repr(look.roughness), repr(look.metallic)
    inputs = [f"color3f inputs:diffuseColor = ({colour})"]
    parts: list[str] = []
    if look.colour_file:
        inputs = [f"color3f inputs:diffuseColor.connect = <{at}/Colour.outputs:rgb>"]
        scale = [f"float4 inputs:scale = ({colour}, 1)"] if look.colour != (1.0, 1.0, 1.0) else []
        parts += _texture("Colour", look.colour_file, look, ['token inputs:sourceColorSpace = "sRGB"', *scale], "rgb")
    if look.roughness_file:
        inputs += [
            f"float inputs:metallic.connect = <{at}/Roughness.outputs:b>",
            f"float inputs:roughness.connect = <{at}/Roughness.outputs:g>",
        ]
        raw = ['token inputs:sourceColorSpace = "raw"', f"float4 inputs:scale = (1, {roughness}, {metallic}, 1)"]
        parts += _texture("Roughness", look.roughness_file, look, raw, "gb")
    else:
        inputs += [f"float inputs:metallic = {metallic}", f"float inputs:roughness = {roughness}"]
    if look.normal_file:
        inputs.append(f"normal3f inputs:normal.connect = <{at}/Normal.outputs:rgb>")
        raw = ["float4 inputs:bias = (-1, -1, -1, 0)", "float4 inputs:scale = (2, 2, 2, 1)"]
        parts += _texture("Normal", look.normal_file, look, ['token inputs:sourceColorSpace = "raw"', *raw], "rgb")
    if parts:
        reader = ['string inputs:varname = "st"', "float2 outputs:result"]
        parts += _shader("Coordinates", "UsdPrimvarReader_float2", reader)
    surface = _shader("Preview", "UsdPreviewSurface", [*inputs, "token outputs:surface"])
    output = f"token outputs:surface.connect = <{at}/Preview.outputs:surface>"
    return _prim("Material", LOOK, [output, "", *surface, *parts])


def _texture(name: str, file: str, look: Look, settings: list[str], channels: str) -> list[str]:
    wrap = "repeat" if look.repeats else "clamp"
    outputs = ["float3 outputs:rgb"] if channels == "rgb" else [f"float outputs:{channel}" for channel in channels]
    lines = [
        f"asset inputs:file = @{file}@",
        *settings,
        f"float2 inputs:st.connect = </{ROOT}/{LOOK}/Coordinates.outputs:result>",
        f'token inputs:wrapS = "{wrap}"',
        f'token inputs:wrapT = "{wrap}"',
        *outputs,
    ]
    return ["", *_shader(name, "UsdUVTexture", lines)]


def _shader(name: str, kind: str, lines: list[str]) -> list[str]:
    return _prim("Shader", name, [f'uniform token info:id = "{kind}"', *lines])


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(map(repr, values))
