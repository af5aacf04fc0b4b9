"""The bundled models made by code: dense, textured, standing where they should, the same on every run."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dejima_models.build import Plan, build_model
from dejima_models.gate import gate_plan
from dejima_models.geometry import Part, make_frame, mesh_patch, mesh_sweep
from dejima_models.house import house_plan
from dejima_models.materials import plaster, timber
from dejima_models.pictures import pack
from dejima_models.roof import Slope, tiled
from dejima_models.tiles import PANTILE, ROUND_AND_FLAT, TileKind
from dejima_models.timber import beam, block
from dejima_models.walls import Panel, openings, wall
from dejima_models.write import dump_glb
from PIL import Image

from asset_pipeline.geopose import heading_to_quaternion
from asset_pipeline.mesh import Mesh
from asset_pipeline.readers.read_gltf import read_gltf

MODELS = Path(__file__).resolve().parent.parent / "content" / "dejima" / "models"
NAMES = ("chief-factor-house", "water-gate")
X, Y, Z = np.eye(3)


@pytest.fixture(scope="module")
def load_model() -> Callable[[str], Mesh]:
    """Reads a model that set-up has made, once."""
    loaded: dict[str, Mesh] = {}

    def load(name: str) -> Mesh:
        path = MODELS / f"{name}.glb"
        if not path.is_file():
            pytest.skip(f"{path.name} is not there yet: run scripts/run or scripts/test, which make it.")
        if name not in loaded:
            loaded[name] = read_gltf(path)[0]
        return loaded[name]

    return load


def area_vectors(mesh: Mesh) -> np.ndarray:
    """Each triangle's normal, as long as its area."""
    a, b, c = (mesh.positions[mesh.faces[:, k]] for k in range(3))
    return 0.5 * np.cross(b - a, c - a)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_as_dense_as_a_scan_and_wears_one_large_picture(load_model, name):
    mesh = load_model(name)
    assert 250_000 <= mesh.triangles <= 450_000
    (material,) = mesh.materials
    assert material.source_jpeg is not None
    with Image.open(io.BytesIO(material.source_jpeg)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (4096, 4096))
    assert mesh.uv is not None and mesh.uv.min() >= 0 and mesh.uv.max() <= 1
    # every part has its own place in the picture, and the picture is not one flat colour
    spread = np.std(material.picture[::16, ::16].reshape(-1, 3), axis=0)
    assert np.all(spread > 20)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_stands_on_the_middle_of_its_footprint(load_model, name):
    low, high = load_model(name).bounds()
    assert low[1] == pytest.approx(0, abs=1e-4)
    assert (low + high)[[0, 2]] == pytest.approx(0, abs=1e-3)


def test_the_house_is_long_two_storeys_high_and_hipped(load_model):
    mesh = load_model("chief-factor-house")
    size = np.subtract(*mesh.bounds()[::-1])
    assert 22 < size[0] < 27 and 14 < size[2] < 18  # with eaves, stair and veranda
    assert 9 < size[1] < 10.5
    # the ridge is shorter than the eaves: the ends of the roof slope too
    ridge = mesh.positions[mesh.positions[:, 1] > size[1] - 0.6]
    assert 0.6 < np.ptp(ridge[:, 0]) / size[0] < 0.85


def test_the_stair_of_the_house_rises_from_both_sides_on_the_front(load_model):
    mesh = load_model("chief-factor-house")
    before_wall = mesh.positions[mesh.positions[:, 2] > 6.0]
    steps = before_wall[(before_wall[:, 1] > 0.3) & (before_wall[:, 1] < 2.9)]
    for side in (-1, 1):
        flight = steps[steps[:, 0] * side > 2.0]
        # the further out, the lower
        assert np.corrcoef(flight[:, 0] * side, flight[:, 1])[0, 1] < -0.8


def test_the_gate_has_an_open_import_door_on_the_right_and_a_shut_export_door_on_the_left(load_model):
    mesh = load_model("water-gate")
    centres = mesh.positions[mesh.faces].mean(axis=1)
    blocked = {}
    for name, x in (("export", -2.45), ("import", 2.45)):
        # a passage at breast height, from the sea side to the island side; the ground is 2.75 m above the foot
        inside = (np.abs(centres[:, 0] - x) < 1.0) & (np.abs(centres[:, 1] - 4.2) < 0.8)
        blocked[name] = int(np.count_nonzero(inside & (np.abs(centres[:, 2] + 2.8) < 2.6)))
    assert blocked["import"] == 0
    assert blocked["export"] > 20


def test_the_sea_wall_leans_back_and_the_steps_go_down_to_its_foot(load_model):
    mesh = load_model("water-gate")
    wall_stones = mesh.positions[(mesh.positions[:, 0] > 9) & (mesh.positions[:, 1] < 2.4) & (mesh.positions[:, 2] > 0)]
    batter = -np.polyfit(wall_stones[:, 1], wall_stones[:, 2], 1)[0]
    assert 0.08 < batter < 0.20
    steps = mesh.positions[(np.abs(mesh.positions[:, 0]) < 3) & (mesh.positions[:, 2] > 3.4)]
    assert steps[:, 1].min() < 0.1 and steps[:, 1].max() > 2.3


FRONT_EAVES = {"chief-factor-house": (5.90, 6.38, 0.50), "water-gate": (7.15, 0.44, 0.52)}  # height, z, rise per run


@pytest.mark.parametrize("name", NAMES)
def test_the_tiles_of_a_roof_are_real_relief_and_face_the_sky(load_model, name):
    mesh = load_model(name)
    centres = mesh.positions[mesh.faces].mean(axis=1)
    height, eave, pitch = FRONT_EAVES[name]
    above = centres[:, 1] - height - pitch * (eave - centres[:, 2])
    # the middle of the front slope, without porch and ridge; rafters and boards lie below the tiles
    inside = (np.abs(above) < 0.1) & (np.abs(centres[:, 0]) < 3) & (np.abs(centres[:, 2] - eave + 2.4) < 0.7)
    vectors = area_vectors(mesh)[inside]
    areas = np.linalg.norm(vectors, axis=1)
    # risers between courses look down the slope; all in all the roof looks up and forward
    assert vectors[:, 1].sum() / areas.sum() > 0.5 and vectors[:, 2].sum() > 0
    tops = centres[inside][vectors[:, 1] > 0.5 * areas]
    plane = np.column_stack([tops[:, 0], tops[:, 2], np.ones(len(tops))])
    rest = tops[:, 1] - plane @ np.linalg.lstsq(plane, tops[:, 1], rcond=None)[0]
    assert 0.012 < np.std(rest) < 0.06


@pytest.mark.parametrize("name", NAMES)
def test_the_words_beside_a_model_say_that_it_is_an_estimate(name):
    words = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
    assert words["provenance"] == "estimate"
    assert words["sources"] and words["licence"] and words["title"]


def test_the_fronts_face_the_street_and_the_sea():
    # +z is the front and a heading is where -z points: the house looks to the middle of the fan, the gate away from it
    for name, towards_deg in (("chief-factor-house", 30.8), ("water-gate", 310.3)):
        place = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))["place"]
        x, y, z, w = heading_to_quaternion(place["heading_deg"])
        assert (x, y) == (0, 0)
        # the model's +z is south when the heading is 0; the quaternion turns east-north-up about up
        turn = 2 * np.arctan2(z, w)
        east, north = np.sin(turn), -np.cos(turn)
        assert np.degrees(np.arctan2(east, north)) % 360 == pytest.approx(towards_deg, abs=0.1)


def small_plan() -> Plan:
    slope = Slope(2 * Y + 2 * Z, X, -Z, 1.5, 2.0, 0.5, 0.0)
    walls = wall(make_frame([-1.5, 0, 0.5], X, Y), (3.0, 2.0), plaster, [Panel((0.5, 0.2, 1.5, 1.0), -0.05, timber)])
    sweeps = [beam([-1.5, 0, 0], [-1.5, 2.0, 0], (0.2, 0.2)), block([0, 0, 1], (1.0, 0.3, 0.5))]
    return Plan("small", [tiled(slope, PANTILE, 7), walls], sweeps, seed=3, lowest_m=0.0, tide_m=0.2, side_px=256)


def test_the_same_plan_gives_the_same_bytes():
    assert dump_glb(build_model(small_plan())) == dump_glb(build_model(small_plan()))


def test_every_shape_of_a_plan_lies_within_the_picture_and_moves_out_of_true():
    model = build_model(small_plan())
    assert model.uv.min() > 0 and model.uv.max() < 1
    at_eye_level = model.positions[np.abs(model.positions[:, 1] - 1.5) < 0.3][:, 2]
    assert len(np.unique(at_eye_level)) > 0.9 * len(at_eye_level)  # no two points on one perfect plane
    assert 0.2 < model.colours.min() < model.colours.max() <= 1.0  # shade in the corners


def volume_m3(part: Part) -> float:
    a, b, c = (part.positions[part.faces[:, k]] for k in range(3))
    return float(np.einsum("nd,nd->n", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("end", [[2.0, 0, 0], [0, 2.0, 0], [0, 0, -2.0], [1.2, 1.6, 0]])
def test_a_beam_is_closed_and_faces_outward_whichever_way_it_runs(end):
    sweep = beam([0, 0, 0], end, (0.2, 0.3))
    part = mesh_sweep(sweep, build_swatch(), np.random.default_rng(0))
    assert volume_m3(part) == pytest.approx(2.0 * 0.2 * 0.3, rel=0.02)


def build_swatch():
    from dejima_models.build import SWATCHES

    return SWATCHES["timber"]


@pytest.mark.parametrize("kind", [PANTILE, ROUND_AND_FLAT])
def test_a_course_of_tiles_overlaps_the_one_below(kind: TileKind):
    skin = tiled(Slope(np.zeros(3), X, -Z, 1.5, 2.0, 0.5, 0.0), kind, 1).skin
    s = np.linspace(-1, 1, 200, dtype=np.float32)[None, :]
    below, above = (skin(s, np.full_like(s, kind.course_m * 2 + step)).height_m for step in (-0.003, 0.003))
    assert 0.02 < float(np.mean(above - below)) < 0.04


def test_a_wall_has_no_triangle_in_its_opening_and_a_steep_edge_at_its_panels():
    hole = openings([(np.array([0.5, -1, -1]), np.array([1.5, 1.0, 1]))])
    panel = Panel((2.0, 0.5, 2.5, 1.5), 0.2, timber)
    part = mesh_patch(wall(make_frame([0, 0, 0], X, Y), (3.0, 2.0), plaster, [panel], hole))
    centres = part.positions[part.faces].mean(axis=1)
    assert not np.any((centres[:, 0] > 0.5) & (centres[:, 0] < 1.5) & (centres[:, 1] < 1.0))
    raised = part.positions[part.positions[:, 2] > 0.1]
    assert raised[:, :2].min(axis=0) == pytest.approx([2.0, 0.5], abs=0.006)
    assert raised[:, :2].max(axis=0) == pytest.approx([2.5, 1.5], abs=0.006)


def test_places_in_the_picture_do_not_overlap():
    random = np.random.default_rng(5)
    sizes = [(float(w), float(h)) for w, h in random.uniform(0.3, 9.0, (40, 2))]
    taken = np.zeros((1024, 1024), int)
    for (width, height), place in zip(sizes, pack(sizes, [1.0] * 40, 1024), strict=True):
        rows = slice(place.y_px, place.y_px + int(np.ceil(height * place.px_per_m)))
        columns = slice(place.x_px, place.x_px + int(np.ceil(width * place.px_per_m)))
        assert rows.stop <= 1024 and columns.stop <= 1024
        taken[rows, columns] += 1
    assert taken.max() == 1
    assert np.mean(taken > 0) > 0.5


@pytest.mark.parametrize("plan", [house_plan, gate_plan])
def test_no_sweep_is_longer_between_two_points_than_its_swatch(plan):
    from dejima_models.build import SWATCHES

    for sweep in plan().sweeps:
        steps = np.linalg.norm(np.diff(sweep.path, axis=0), axis=1)
        assert steps.max() <= SWATCHES[sweep.swatch].size_m[0], sweep.swatch
