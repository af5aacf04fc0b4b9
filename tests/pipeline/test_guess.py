import numpy as np
import pytest

from asset_pipeline.mesh import Mesh
from asset_pipeline.readers.guess import resolve_unit, resolve_up
from asset_pipeline.readers.read import read_scan
from tests.pipeline.builders import BOX_FACES, BOX_POINTS, DATA
from tests.pipeline.shapes import hills, options

BOX = Mesh(BOX_POINTS, BOX_FACES)


@pytest.mark.parametrize(
    ("sides", "unit", "word"),
    [
        ((1, 2, 3), "m", "likely"),
        ((321, 55, 321), "m", "not sure"),
        ((239, 495, 363), "mm", "not sure"),
        ((4000, 1000, 2000), "mm", "not sure"),
        ((0.02, 0.03, 0.03), "m", "not sure"),
    ],
)
def test_a_unit_is_guessed_from_size_and_shape_and_said_to_be_a_guess(
    sides: tuple[float, float, float], unit: str, word: str
) -> None:
    mesh = Mesh(BOX_POINTS / [1, 2, 3] * sides, BOX_FACES)
    guessed, origin, warnings = resolve_unit(mesh, ".obj", None)
    assert (guessed, origin) == (unit, "guess")
    assert word in warnings[0].text and "--unit" in warnings[0].text


@pytest.mark.parametrize(("sides", "unit"), [((60, 40, 30), "mm"), ((300, 200, 150), "mm"), ((2, 3, 1), "m")])
def test_an_stl_is_in_millimetres_unless_that_would_make_it_too_small(
    sides: tuple[float, float, float], unit: str
) -> None:
    guessed, origin, warnings = resolve_unit(Mesh(BOX_POINTS / [1, 2, 3] * sides, BOX_FACES), ".stl", None)
    assert (guessed, origin) == (unit, "guess")
    assert ("not sure" in warnings[0].text) == (unit == "mm")


def test_what_the_caller_says_is_not_questioned() -> None:
    assert resolve_unit(BOX, ".glb", "ft") == ("ft", "option", [])
    assert resolve_up(BOX, ".glb", "z") == ("z", "option", [])


def test_gltf_states_metres_and_y_up() -> None:
    assert resolve_unit(BOX, ".glb", None) == ("m", "format", [])
    assert resolve_up(BOX, ".gltf", None) == ("y", "format", [])


@pytest.mark.parametrize("kind", [".obj", ".ply", ".stl"])
@pytest.mark.parametrize("up", ["y", "z"])
def test_land_is_recognised_lying_either_way(kind: str, up: str) -> None:
    land = hills()
    x, y, z = land.positions.T
    positions = land.positions if up == "y" else np.stack([x, -z, y], axis=1)
    guessed, origin, warnings = resolve_up(Mesh(positions, land.faces), kind, None)
    assert (guessed, origin) == (up, "guess")
    assert "likely" in warnings[0].text


@pytest.mark.parametrize(
    ("name", "unit"), [("lionstatue.obj", "m"), ("nefertiti-lowres.obj", "mm"), ("messy_ballpivot_color.ply", "m")]
)
def test_real_scans_are_guessed_right(name: str, unit: str) -> None:
    if not (DATA / name).is_file():
        pytest.skip("../shared/data is not there")
    source = read_scan(DATA / name, options(unit=None, up=None)).facts.source
    assert (source.unit, source.up) == (unit, "y")
