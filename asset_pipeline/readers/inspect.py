"""What a scan holds, said in words, without building anything."""

from pathlib import Path

from asset_pipeline.geopose import GeoPose, Position
from asset_pipeline.manifest import Anchor
from asset_pipeline.mesh import Mesh
from asset_pipeline.options import METRES, BuildOptions
from asset_pipeline.readers.guess import finite_bounds
from asset_pipeline.readers.read import read_scan

NOWHERE = Anchor(GeoPose(Position(0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)), "floor", 1.0)  # reading a scan needs no place
HOW = {"option": "as told", "format": "as the format says", "guess": "guessed"}


def inspect_scan(path: Path) -> dict[str, str]:
    """Name and value of what can be said of a scan, in the order to show it. Raises ScanRefused."""
    scan = read_scan(path, BuildOptions(NOWHERE))
    mesh, facts = scan.mesh, scan.facts
    low, high = finite_bounds(mesh)
    sides = " x ".join(f"{side * METRES[facts.source.unit]:.3g}" for side in (high - low).tolist())
    found = {
        "format": facts.format.upper(),
        "bytes": f"{facts.source.bytes:,}",
        "sha256": facts.source.sha256,
        "triangles": f"{mesh.triangles:,}",
        "vertices": f"{mesh.vertices:,}",
        "unit": f"{facts.source.unit} ({HOW[facts.unit_from]})",
        "up axis": f"{facts.source.up} ({HOW[facts.up_from]})",
        "size x y z": f"{sides} m",
        "colour": _name_colour(mesh),
    }
    return found | {f"note {number}": warning.text for number, warning in enumerate(scan.warnings, start=1)}


def _name_colour(mesh: Mesh) -> str:
    pictures = {id(item.picture): item.picture for item in mesh.materials if item.picture is not None}
    parts = [f"picture {picture.shape[1]} x {picture.shape[0]}" for picture in pictures.values()]
    parts += ["vertex colours"] if mesh.colours is not None else []
    parts += ["normal map"] if any(item.normal_map is not None for item in mesh.materials) else []
    parts += ["roughness map"] if any(item.roughness_map is not None for item in mesh.materials) else []
    plain = sum(item.picture is None for item in mesh.materials)
    parts += [f"{plain} plain material{'s' if plain > 1 else ''}"] if plain else []
    return ", ".join(parts) or "none"
