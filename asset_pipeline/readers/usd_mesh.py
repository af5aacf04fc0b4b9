"""One USD mesh as arrays: triangles from polygons, texture coordinates and colours brought to the corners."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pxr import Usd, UsdGeom, UsdShade

from asset_pipeline.readers.usd_look import Looks

USUAL_UV = ("st", "st0", "UVMap", "uv", "map1", "Texture_uv")
FIRST = Usd.TimeCode.EarliestTime()


class Broken(Exception):
    """What is wrong with a scene, to follow "The USD scene cannot be read: "."""


def read_mesh(mesh: Any, stem: Path, looks: Looks) -> dict[str, Any]:
    """Write `stem`.points.npy, .corners.npy and more; gives which arrays there are. Raises Broken.

    points (n, 3); corners (m, 3) into points; uv (3 m, 2) and colours (3 m, 3) one row a corner; look (m,) into looks.
    """
    points = np.asarray(mesh.GetPointsAttr().Get(FIRST) or [], np.float64).reshape(-1, 3)
    counts = np.asarray(mesh.GetFaceVertexCountsAttr().Get(FIRST) or [], np.int64)
    indices = np.asarray(mesh.GetFaceVertexIndicesAttr().Get(FIRST) or [], np.int64)
    if counts.sum() != len(indices) or counts.min(initial=1) < 1:
        raise Broken(f"the faces of {_name(mesh)} do not fit its list of corners")
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(points):
        raise Broken(f"a face of {_name(mesh)} names a point that is not there")
    holes = np.asarray(mesh.GetHoleIndicesAttr().Get(FIRST) or [], np.int64)
    rows, face = split_polygons(counts, holes[(holes >= 0) & (holes < len(counts))])
    if mesh.GetOrientationAttr().Get() == UsdGeom.Tokens.leftHanded:
        rows = rows[:, ::-1]
    if mesh.GetSubdivisionSchemeAttr().HasAuthoredValue() and mesh.GetSubdivisionSchemeAttr().Get() != "none":
        looks.lost.add("the smoothing of subdivision surfaces")
    look = _looks_of_faces(mesh, len(counts), looks)[face]
    arrays: dict[str, NDArray[Any]] = {"points": points, "corners": indices[rows], "look": look}
    sizes = (len(points), len(counts), indices, counts)
    names = (looks.uv_names(look), USUAL_UV)
    uv = next((found for name in (*names[0], *names[1]) if (found := _primvar(mesh, name, 2, sizes)) is not None), None)
    if uv is not None:
        arrays["uv"] = uv[rows.reshape(-1)].astype(np.float32)
    colours = _primvar(mesh, "displayColor", 3, sizes)
    if colours is not None:
        arrays["colours"] = colours[rows.reshape(-1)].astype(np.float32)
    for name, array in arrays.items():
        np.save(f"{stem}.{name}.npy", array, allow_pickle=False)
    return {"arrays": sorted(arrays), "name": _name(mesh)}


def split_polygons(counts: NDArray[np.int64], holes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows (m, 3) into the list of corners, face (m,)): each polygon as a fan; holes and lines give none."""
    triangles = np.maximum(counts - 2, 0)
    triangles[holes] = 0
    face = np.repeat(np.arange(len(counts)), triangles)
    start = (np.cumsum(counts) - counts)[face]
    step = np.arange(len(face)) - (np.cumsum(triangles) - triangles)[face]
    return np.stack([start, start + step + 1, start + step + 2], axis=1), face


def _looks_of_faces(mesh: Any, faces: int, looks: Looks) -> NDArray[np.int32]:
    """Which look each face has: its subset's material before the mesh's own."""
    binding = UsdShade.MaterialBindingAPI(mesh.GetPrim())
    found = np.full(faces, looks.add(binding.ComputeBoundMaterial()[0]), np.int32)
    # writers that name no family mean the same
    for subset in binding.GetMaterialBindSubsets() or UsdGeom.Subset.GetAllGeomSubsets(mesh):
        rows = np.asarray(subset.GetIndicesAttr().Get(FIRST) or [], np.int64)
        material = UsdShade.MaterialBindingAPI(subset.GetPrim()).ComputeBoundMaterial()[0]
        found[rows[(rows >= 0) & (rows < faces)]] = looks.add(material)
    return found


def _primvar(mesh: Any, name: str, width: int, sizes: tuple[Any, ...]) -> NDArray[np.float64] | None:
    """The values of a primvar at each corner of the polygons, None when there is none that fits."""
    primvar = UsdGeom.PrimvarsAPI(mesh.GetPrim()).FindPrimvarWithInheritance(name)
    if not primvar or not primvar.HasValue():
        return None
    flat = primvar.ComputeFlattened(FIRST)
    values = np.asarray([] if flat is None else flat, np.float64)
    if values.ndim != 2 or values.shape[1] != width or len(values) == 0:
        return None
    points, faces, indices, counts = sizes
    rows = {
        UsdGeom.Tokens.faceVarying: (len(indices), slice(None)),
        UsdGeom.Tokens.vertex: (points, indices),
        UsdGeom.Tokens.varying: (points, indices),
        UsdGeom.Tokens.uniform: (faces, np.repeat(np.arange(faces), counts)),
        UsdGeom.Tokens.constant: (1, np.zeros(len(indices), np.int64)),
    }
    wanted, row = rows.get(primvar.GetInterpolation(), (0, slice(None)))
    return np.asarray(values[row]) if len(values) == wanted else None


def _name(mesh: Any) -> str:
    return str(mesh.GetPrim().GetPath())[-80:]
