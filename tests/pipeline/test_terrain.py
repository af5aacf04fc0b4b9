import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from asset_pipeline.clouds.cloud import gather_cloud
from asset_pipeline.clouds.footprints import area_of, bridge_holes, draw_footprint, is_simple, square_up, trace_rings
from asset_pipeline.clouds.ground import fill_plane, slide
from asset_pipeline.clouds.projection import find_projection, unproject
from asset_pipeline.clouds.terrain import Tile, build_terrain, find_tile
from asset_pipeline.options import BuildOptions, OwnPlace
from asset_pipeline.readers.inspect import NOWHERE
from tests.pipeline.builders import DATA
from tests.pipeline.clouds import HillTown, Town, chunk, las_file, scatter
from tests.pipeline.command import run

EAST_M, NORTH_M = 27_000.0, -33_000.0
WHITE, BLACK = (247, 243, 234), 0


def tile_of(town: Town, **columns: np.ndarray) -> Tile:
    points = chunk(town.at)
    with gather_cloud(
        iter([type(points)(points.positions, None, columns.get("kinds"), columns.get("returns"))]), np.zeros(3)
    ) as cloud:
        return find_tile(cloud)


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture(scope="module")
def tile(town: Town) -> Tile:
    """What is found without classes and returns: the hard case."""
    return tile_of(town)


def centres(tile: Tile) -> np.ndarray:
    grid = tile.field.grid
    rows, columns = np.mgrid[: grid.rows, : grid.columns]
    at = np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5
    return np.asarray(at * grid.cell + (grid.left, grid.bottom))


def off_ground(tile: Tile, town: Town) -> np.ndarray:
    return np.asarray(tile.ground.reshape(-1) - town.ground(centres(tile)))


def test_the_ground_is_found_under_houses_and_trees_and_keeps_its_mound(tile: Tile, town: Town) -> None:
    assert not tile.classed
    off = np.abs(off_ground(tile, town))
    assert np.quantile(off, 0.95) < 0.15 and off.max() < 1.2


def test_the_class_of_a_survey_gives_the_ground_where_there_is_one(town: Town) -> None:
    found = tile_of(town, kinds=town.kinds, returns=town.returns)
    assert found.classed
    assert np.quantile(np.abs(off_ground(found, town)), 0.95) < 0.25
    assert found.roofs.count == 3


def test_each_house_is_one_roof_and_no_tree_is(tile: Tile, town: Town) -> None:
    assert tile.roofs.count == 3
    at, labels = centres(tile), tile.roofs.labels.reshape(-1)
    names = set()
    for middle, sides, turn, _ in town.houses:
        on = town.inside(at, middle, sides, turn)
        (name,) = set(np.unique(labels[town.inside(at, middle, (sides[0] - 3, sides[1] - 3), turn)]).tolist())
        names.add(name)
        both, either = (on & (labels == name)).sum(), (on | (labels == name)).sum()
        assert both / either > 0.85
    assert names == {0, 1, 2}


@pytest.mark.parametrize("gable", [0.0, 0.9])
@pytest.mark.parametrize("slope", [0.0, 0.7])
def test_a_hill_town_has_its_ground_and_one_roof_a_house_however_steep(slope: float, gable: float) -> None:
    town = HillTown(slope, gable)
    found = tile_of(town)
    assert np.abs(off_ground(found, town)).max() < 0.4
    assert (
        len(town.houses) - (gable > 0) <= found.roofs.count <= len(town.houses)
    )  # a small steep roof may be too rough


def test_a_bare_field_has_ground_and_no_roofs(tmp_path: Path) -> None:
    xy = scatter(20_000, 60, 50)
    path = las_file(tmp_path / "field.las", np.column_stack([xy, 3 + 0.05 * xy[:, 0]]))
    made = build_terrain((path,), tmp_path / "out", BuildOptions(NOWHERE, unit="m", own_place=OwnPlace()))
    assert made.occluders == () and made.package is None
    assert json.loads((tmp_path / "out/occluders.geojson").read_text())["features"] == []


@pytest.fixture(scope="module")
def made(tmp_path_factory, town: Town):
    """The folder of a town on the map of Nagasaki, in two tiles."""
    folder = tmp_path_factory.mktemp("terrain")
    at = town.at + np.array([EAST_M, NORTH_M, 0])
    west = at[:, 0] < EAST_M + 60
    tiles = tuple(
        las_file(folder / f"{name}.laz", at[half], epsg=6669, classification=town.kinds[half])
        for name, half in (("west", west), ("east", ~west))
    )
    options = BuildOptions(NOWHERE, levels=(2000, 500), own_place=OwnPlace())
    return build_terrain(tiles, folder / "out", options)


def footprints(made) -> list[dict]:
    return json.loads((made.folder / "occluders.geojson").read_text())["features"]


def test_two_tiles_become_one_terrain_with_a_house_across_their_border(made) -> None:
    assert made.facts["occluders"] == 3
    assert made.package is not None and made.package.missed == ()


def test_footprints_stand_where_the_houses_do_on_the_globe(made, town: Town) -> None:
    projection = find_projection(6669)
    assert projection is not None
    wanted = [unproject(projection, x + EAST_M, y + NORTH_M) for (x, y), *_ in town.houses]
    found = []
    for feature in footprints(made):
        ring = np.array(feature["geometry"]["coordinates"][0])
        assert (ring[0] == ring[-1]).all()
        assert area_of(ring[:-1]) > 0  # leftwards round, as GeoJSON asks
        found.append(tuple(ring[:-1].mean(axis=0)[::-1]))
    for lat, lon in wanted:  # type: ignore[misc]
        off_m = min(np.hypot((lat - a) * 111_000, (lon - b) * 94_000) for a, b in found)
        assert off_m < 0.5


def test_footprints_of_houses_have_four_right_angles_and_their_area(made, town: Town) -> None:
    areas = sorted(sides[0] * sides[1] for _, sides, _, _ in town.houses)
    for feature, area in zip(
        sorted(footprints(made), key=lambda each: each["properties"]["area_m2"]), areas, strict=True
    ):
        assert len(feature["geometry"]["coordinates"][0]) == 5
        assert feature["properties"]["area_m2"] == pytest.approx(area, rel=0.08)


def test_foot_and_top_are_those_of_the_survey(made, town: Town) -> None:
    heights = sorted(height for *_, height in town.houses)
    found = sorted(feature["properties"]["height_m"] for feature in footprints(made))
    for one, other in zip(found, heights, strict=True):  # the foot is the lowest ground round a house on a slope
        assert other - 0.2 < one < other + 2.2


def test_a_scene_takes_the_occluders_as_they_are(made) -> None:
    document = json.loads((made.folder / "occluders.json").read_text())
    for occluder in document["occluders"]:
        assert set(occluder) == {"id", "footprint", "base_m", "top_m"}
        assert occluder["base_m"] < occluder["top_m"]
        assert all(32 < lat < 33 and 129 < lon < 130 for lat, lon in occluder["footprint"])


def test_the_preview_shows_roofs_in_vermilion(made) -> None:
    picture = np.asarray(Image.open(made.folder / "preview.webp").convert("RGB")).astype(int)
    red = (picture[..., 0] > picture[..., 2] + 60).mean()
    share = sum(w * d for _, (w, d), _, _ in Town.houses) / (Town.size[0] * Town.size[1])
    assert share / 2 < red < share * 2


def test_the_command_says_what_it_found_and_works_without_a_place(tmp_path: Path, town: Town) -> None:
    ran = run(
        "terrain",
        las_file(tmp_path / "town.las", town.at),
        "--unit",
        "m",
        "--out",
        tmp_path / "out",
        "--progress",
        "none",
    )
    assert ran.code == 0, ran.stderr
    assert "3 roofs became occluders" in ran.stdout and "--crs" in ran.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "terrain.ply",
        "occluders.geojson",
        "occluders.json",
        "preview.webp",
    }
    refused = run("terrain", tmp_path / "out" / "terrain.ply", "--out", tmp_path / "out")
    assert refused.code == 2 and "no LAS or LAZ" in refused.stderr


def drawn(*polygons: list[tuple[int, int]], size: int = 60) -> np.ndarray:
    picture = Image.new("1", (size, size))
    pen = ImageDraw.Draw(picture)
    for number, polygon in enumerate(polygons):
        pen.polygon(polygon, fill=1 - number % 2)
    return np.asarray(picture)


def test_a_court_is_a_hole_and_can_be_bridged_into_one_ring() -> None:
    mask = drawn([(5, 5), (54, 5), (54, 54), (5, 54)], [(20, 20), (40, 20), (40, 40), (20, 40)])
    footprint = draw_footprint(mask, 100.0, 200.0, 1.0)
    assert footprint is not None and len(footprint.holes) == 1
    assert area_of(footprint.outline) == pytest.approx(2500, rel=0.03)
    assert area_of(footprint.holes[0]) == pytest.approx(-441, rel=0.05)
    ring = bridge_holes(footprint)
    assert area_of(ring) == pytest.approx(2500 - 441, rel=0.05)
    assert is_simple(ring)


def test_a_round_tower_stays_round_and_a_turned_hall_gets_right_angles() -> None:
    rows, columns = np.mgrid[:60, :60]
    tower = draw_footprint(np.hypot(rows - 30, columns - 30) < 20, 0, 0, 1.0)
    assert tower is not None and len(tower.outline) > 6
    hall = draw_footprint(drawn([(10, 20), (40, 5), (50, 25), (20, 40)]), 0, 0, 1.0)
    assert hall is not None and len(hall.outline) == 4
    sides = np.roll(hall.outline, -1, axis=0) - hall.outline
    assert np.abs((sides * np.roll(sides, -1, axis=0)).sum(axis=1)).max() < 1e-6


def test_areas_that_touch_at_a_corner_are_rings_of_their_own() -> None:
    mask = np.zeros((4, 4), bool)
    mask[:2, :2] = mask[2:, 2:] = True
    rings = trace_rings(mask)
    assert sorted(area_of(ring) for ring in rings) == [4, 4]


def test_squaring_up_never_crosses_itself() -> None:
    random = np.random.default_rng(6)
    for _ in range(200):
        angles = np.sort(random.random(random.integers(3, 12))) * 2 * np.pi
        ring = np.column_stack([np.cos(angles), np.sin(angles)]) * random.uniform(2, 9, (len(angles), 1))
        if is_simple(ring):
            assert is_simple(square_up(ring, np.arange(len(ring))))


def test_sliding_extremes_are_those_of_the_square_round_each_cell() -> None:
    plane = np.random.default_rng(7).random((17, 23)).astype(np.float32)
    padded = np.pad(plane, 3, constant_values=np.nan)
    for row in range(17):
        for column in range(23):
            square = padded[row : row + 7, column : column + 7]
            assert slide(plane, 7, lowest=True)[row, column] == np.nanmin(square)
            assert slide(plane, 7, lowest=False)[row, column] == np.nanmax(square)


def test_filling_keeps_what_is_known_and_continues_a_plane() -> None:
    rows, columns = np.mgrid[:40, :50]
    plane = (rows * 0.2 + columns * 0.1).astype(np.float32)
    holed = plane.copy()
    holed[15:22, 20:28] = np.nan
    filled = fill_plane(holed, 60)
    assert np.array_equal(filled[np.isfinite(holed)], plane[np.isfinite(holed)])
    assert np.abs(filled - plane).max() < 0.4


@pytest.mark.long
def test_the_buildings_of_a_real_tile_are_found(tmp_path: Path) -> None:
    path = DATA / "site_points_5m.laz"
    if not path.is_file():
        pytest.skip("../shared/data is not there")
    made = build_terrain((path,), tmp_path, BuildOptions(NOWHERE, unit="ft", own_place=OwnPlace()))
    areas = sorted((each.area_m2 for each in made.occluders), reverse=True)
    assert 40 <= len(areas) <= 80
    assert areas[0] == pytest.approx(8300, rel=0.15)  # the hall, 70 m by 119 m
