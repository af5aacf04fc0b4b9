"""A GLB collapsed by fast-simplification, positions only, as users of trimesh get it: SOURCE OUT TARGET."""

import sys
from pathlib import Path

import fast_simplification
from glb_source import write_glb

from asset_pipeline.geometry.clean import weld
from asset_pipeline.mesh import Mesh
from asset_pipeline.readers.read_gltf import read_gltf


def main() -> None:
    source, out, target = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    mesh, _ = read_gltf(source)
    welded = weld(mesh)
    points, faces = fast_simplification.simplify(welded.positions.astype("f4"), welded.faces, target_count=target)
    write_glb(out, Mesh(points.astype("f8"), faces.astype("i4")))


if __name__ == "__main__":
    main()
