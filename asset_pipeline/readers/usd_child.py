"""A USD scene read in a process of its own, since pxr is large, written in C++, and opens whatever a layer names.

Every layer is first looked through for the layers it names: all must lie in the scan's own folder. Only then is the
scene put together. Called by read_usd.py with layer, output folder, memory and seconds; leaves arrays and scene.json.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pxr import Sdf, Tf, Usd, UsdGeom

from asset_pipeline.readers.child_limits import limit_process
from asset_pipeline.readers.usd_look import Looks
from asset_pipeline.readers.usd_mesh import Broken, read_mesh

REFUSED = 3
MAX_LAYERS, MAX_MESHES = 500, 20_000
LAYERS = {".usd", ".usda", ".usdc"}
SHOWN = {UsdGeom.Tokens.default_, UsdGeom.Tokens.render}


def read_scene(path: Path, out: Path) -> None:
    """Write the shown meshes of the default prim into `out`. Raises Broken."""
    check_layers(path)
    stage = Usd.Stage.Open(str(path), Usd.Stage.LoadAll)
    looks, cache = Looks(path.parent), UsdGeom.XformCache(Usd.TimeCode.EarliestTime())
    meshes = []
    for index, prim in enumerate(find_meshes(stage, looks.lost)):
        matrix = [list(row) for row in cache.GetLocalToWorldTransform(prim)]
        meshes.append({**read_mesh(UsdGeom.Mesh(prim), out / str(index), looks), "matrix": matrix})
    scene = {
        "metres_per_unit": UsdGeom.GetStageMetersPerUnit(stage)
        if UsdGeom.StageHasAuthoredMetersPerUnit(stage)
        else None,
        "up": str(UsdGeom.GetStageUpAxis(stage)).lower(),
        "meshes": meshes,
        "looks": looks.found,
        "lost": sorted(looks.lost),
    }
    (out / "scene.json").write_text(json.dumps(scene), encoding="utf-8")


def check_layers(first: Path) -> None:
    """Refuse a scene of which some layer names a layer outside the scan's folder. Raises Broken."""
    folder, waiting, seen = first.parent.resolve(), [first.resolve()], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if len(seen) > MAX_LAYERS:
            raise Broken(f"it has more than {MAX_LAYERS} layers")
        layer = Sdf.Layer.FindOrOpen(str(path))
        if layer is None:
            raise Broken(f"{path.name} is no USD layer")
        _refuse_clips(layer)
        waiting += [_inside(folder, path, name) for name in layer.GetCompositionAssetDependencies() if name]


def _inside(folder: Path, layer: Path, name: str) -> Path:
    """The file that a layer names, which must be a layer of this scan. Raises Broken."""
    path = (layer.parent / name).resolve()
    plain = not any(sign in name for sign in ":`\0\\") and not name.startswith("/")
    if not plain or not path.is_relative_to(folder) or path.suffix.lower() not in LAYERS or not path.is_file():
        raise Broken(f"it builds on {name[:80]}, which is not in it; export the scan as one file")
    return path


def _refuse_clips(layer: Any) -> None:
    """Value clips name layers by templates, in places where nothing else looks. Raises Broken."""
    found: list[str] = []

    def look(path: Any) -> None:
        spec = None if path.IsPropertyPath() else layer.GetObjectAtPath(path)
        if spec is not None and (spec.HasInfo("clips") or spec.HasInfo("clipSets")):
            found.append(str(path))

    layer.Traverse(Sdf.Path.absoluteRootPath, look)
    if found:
        raise Broken(f"{found[0][:80]} is an animation in parts (value clips); export one still state")


def find_meshes(stage: Any, lost: set[str]) -> Iterator[Any]:
    """The meshes that a viewer shows, in the order of the tree; what is left out is added to `lost`. Raises Broken."""
    root, count = stage.GetDefaultPrim() or stage.GetPseudoRoot(), 0
    for prim in Usd.PrimRange(root, Usd.TraverseInstanceProxies(Usd.PrimDefaultPredicate)):
        if prim.IsA(UsdGeom.PointInstancer):
            lost.add("instances scattered over points")
        elif prim.IsA(UsdGeom.Gprim) and not prim.IsA(UsdGeom.Mesh):
            lost.add(f"shapes of the kind {prim.GetTypeName()}")
        if not prim.IsA(UsdGeom.Mesh):
            continue
        shape = UsdGeom.Imageable(prim)
        if shape.ComputePurpose() not in SHOWN or shape.ComputeVisibility(Usd.TimeCode.EarliestTime()) == "invisible":
            continue
        count += 1
        if count > MAX_MESHES:
            raise Broken(f"it has more than {MAX_MESHES} meshes")
        yield prim


def main(arguments: list[str]) -> int:
    """0 when read, 3 with a reason on standard error when the scan is at fault."""
    layer, out, memory_bytes, cpu_s = arguments
    limit_process(int(memory_bytes), int(cpu_s))
    os.chdir(out)  # so that no name in a layer finds anything of ours by chance
    try:
        read_scene(Path(layer), Path(out))
    except MemoryError:
        sys.stderr.write("it asks for more memory than its size could need")
        return REFUSED
    except Broken as error:
        sys.stderr.write(str(error)[:300])
        return REFUSED
    except (Tf.ErrorException, RuntimeError, ValueError):  # pxr's own words name its source files, not the scan's fault
        sys.stderr.write("a layer of it is damaged; export the scan again")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
