"""glTF as gltfpack and glTF-Transform compress it, read back and held against what they were given."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.geometry.surface import colours_at, sample_surface
from asset_pipeline.readers.read import read_scan
from tests.pipeline.builders import Gltf
from tests.pipeline.shapes import hills, options

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "build/peers/node_modules/.bin"
COMMANDS = {
    "gltfpack, meshopt": ["gltfpack", "-i", "IN", "-o", "OUT", "-c", "-si", "1"],
    "gltfpack, meshopt and filters": ["gltfpack", "-i", "IN", "-o", "OUT", "-cc", "-si", "1"],
    "gltfpack, the later meshopt": ["gltfpack", "-i", "IN", "-o", "OUT", "-cz", "-si", "1"],
    "gltfpack, floats": ["gltfpack", "-i", "IN", "-o", "OUT", "-c", "-vpf", "-si", "1"],
    "gltfpack, quantised": ["gltfpack", "-i", "IN", "-o", "OUT", "-si", "1"],
    "glTF-Transform, Draco": ["gltf-transform", "draco", "IN", "OUT"],
    "glTF-Transform, plain Draco": ["gltf-transform", "draco", "IN", "OUT", "--method", "sequential"],
    "glTF-Transform, meshopt": ["gltf-transform", "meshopt", "IN", "OUT"],
    "glTF-Transform, quantised": ["gltf-transform", "quantize", "IN", "OUT"],
}


def land() -> bytes:
    """The hills with their colours as a plain GLB."""
    mesh, scene = hills(), Gltf()
    assert mesh.colours is not None
    colours = np.full((mesh.vertices, 4), 255, np.uint8)
    colours[:, :3] = mesh.colours
    painted = scene.accessor(colours, normalized=True)
    scene.node(mesh=scene.mesh(mesh.positions, mesh.faces, COLOR_0=painted))
    return scene.glb()


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
def test_what_another_tool_compressed_is_the_same_land(name: str, tmp_path: Path) -> None:
    command = COMMANDS[name]
    if not (TOOLS / command[0]).exists():
        pytest.skip("the other tools are not there; scripts/bench pipeline installs them")
    source, packed = tmp_path / "in.glb", tmp_path / "out.glb"
    source.write_bytes(land())
    words = {"IN": str(source), "OUT": str(packed)}
    environment = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"}
    subprocess.run(
        [str(TOOLS / command[0]), *(words.get(word, word) for word in command[1:])],
        check=True,
        capture_output=True,
        env=environment,
        timeout=120,
    )
    found, wanted = (read_scan(path, options()).mesh for path in (packed, source))
    assert found.triangles == wanted.triangles
    assert np.abs(np.array(found.bounds()) - wanted.bounds()).max() < 2e-3
    shades = [
        colours_at(mesh, sample_surface(mesh.positions, mesh.faces, 20_000, 1)).mean(axis=0) for mesh in (found, wanted)
    ]
    assert np.abs(shades[0] - shades[1]).max() < 1.5
