from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.appearance.dress import BuiltLevel, dress_ways
from asset_pipeline.appearance.measure import measure_level
from asset_pipeline.appearance.own_charts import keep_charts, lie_apart
from asset_pipeline.appearance.sides import Sides
from asset_pipeline.geometry.chart_collapse import collapse_charts, relax_charts
from asset_pipeline.geometry.chart_joining import FIXED, LINE
from asset_pipeline.geometry.charts import find_charts, find_seams, uv_areas
from asset_pipeline.geometry.surfaces import bare_surface, build_surfaces
from asset_pipeline.mesh import Material, Mesh, Surface
from asset_pipeline.package import build_package
from tests.pipeline.builders import encode_picture, write_obj
from tests.pipeline.shapes import ball, grid_faces, options, source_of


def drawn(px: int) -> np.ndarray:
    """A picture of fine lines, which blur when they are resampled."""
    y, x = np.mgrid[0:px, 0:px] / px
    lines = (np.sin(150 * x + 4 * np.sin(9 * y)) > 0.6) | (np.sin(120 * y + 3 * np.sin(7 * x)) > 0.7)
    return np.where(lines[:, :, None], np.uint8(40), np.array([210, 180, 150], np.uint8))


def pipe(bays: int = 4, mirrored: bool = True, px: int = 512) -> Mesh:
    """A bulging pipe of bays that share one picture, every second one mirrored, or side by side in it."""
    rows, columns = 41, 40 * bays + 1
    t, s = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    radius = 1 + 0.1 * np.sin(3 * t) + 0.02 * np.sin(9 * 2 * np.pi * s) * np.sin(7 * t)
    points = np.stack([radius * np.cos(2 * np.pi * s), 3 * t, radius * np.sin(2 * np.pi * s)], axis=-1)
    points[:, -1] = points[:, 0]
    u = np.abs((s * bays) % 2 - 1) if mirrored else s
    uv = np.stack([u, t], axis=-1).reshape(-1, 2).astype(np.float32)
    material = Material("lines", picture=drawn(px))
    return Mesh(points.reshape(-1, 3), grid_faces(rows, columns)[:, [0, 2, 1]], uv, materials=(material,))


def surface_of(scan: Mesh, triangles: int) -> Surface:
    return build_surfaces(bare_surface(scan), (triangles,))[0][0]


@pytest.mark.parametrize("scan", [ball(40), pipe(), pipe(mirrored=False)], ids=["ball", "mirrored", "side by side"])
@pytest.mark.parametrize("target", [2000, 900])
def test_charts_stay_closed_and_no_triangle_turns_over(scan: Mesh, target: int) -> None:
    whole = find_charts(scan)
    fewer = collapse_charts(whole, target)
    assert fewer is not None
    assert target - 1 <= len(fewer.faces) <= target
    near = relax_charts(fewer, whole.surface)
    for charts in (fewer, near):
        assert (uv_areas(charts.uv, charts.faces) * charts.sign >= 0).all()
        assert charts.uv.min() > -1e-9
        assert charts.uv.max() < 1 + 1e-9
    # the rims of the pipe aside, each end of a chart is the end of another, bit for bit
    seams = find_seams(near)
    rims = [tuple(sorted(near.place[row[:2]])) for row in seams.borders]
    open_edges = sum(rims.count(edge) == 1 for edge in set(rims))
    before = find_seams(whole)
    whole_rims = [tuple(sorted(whole.place[row[:2]])) for row in before.borders]
    whole_open = sum(whole_rims.count(edge) == 1 for edge in set(whole_rims))
    assert open_edges <= whole_open
    assert (open_edges == 0) == (whole_open == 0)
    assert all(rims.count(edge) <= 2 for edge in set(rims))


def test_a_seam_gives_way_on_both_sides_at_once() -> None:
    whole = find_charts(pipe(mirrored=False))
    fewer = collapse_charts(whole, 1500)
    assert fewer is not None
    for charts in (whole, fewer):
        twins = np.flatnonzero(find_seams(charts).twin != np.arange(len(charts.place)))
        lefts, rights = twins[charts.uv[twins, 0] < 0.5], twins[charts.uv[twins, 0] > 0.5]
        assert len(lefts) == len(rights) > 2
        assert sorted(charts.place[lefts]) == sorted(charts.place[rights])
    assert (find_seams(fewer).twin != np.arange(len(fewer.place))).sum() < 60  # of 82: the seam became coarser too
    assert np.allclose(fewer.uv[:, 0].min(), 0, atol=0.01)


def test_places_where_charts_meet_stay_bit_for_bit() -> None:
    whole = find_charts(ball(40))
    kind = find_seams(whole).kind
    fewer = collapse_charts(whole, 900)
    assert fewer is not None
    assert (kind == LINE).any()
    kept = {row.tobytes() for row in fewer.points}
    assert all(row.tobytes() in kept for row in whole.points[kind == FIXED])


def test_what_cannot_be_reached_is_not_offered() -> None:
    loose = pipe()
    corners = loose.faces.reshape(-1)
    assert loose.uv is not None
    own = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    uv = loose.uv[corners] * 0.5 + np.random.default_rng(1).random((len(corners), 2)).astype(np.float32) * 1e-3
    shattered = replace(loose, positions=loose.positions[corners], faces=own, uv=uv)  # each triangle its own chart
    assert collapse_charts(find_charts(shattered), 1000) is None


def test_pictures_that_repeat_are_taken_into_the_first() -> None:
    scan = pipe(mirrored=False)
    assert scan.uv is not None
    charts = find_charts(replace(scan, uv=scan.uv + np.float32([3, -2])))
    assert charts.uv.min() >= 0
    assert charts.uv.max() <= 1
    tiled = replace(scan, uv=scan.uv * np.float32([3, 1]))
    assert keep_charts(surface_of(tiled, 2000), 2000, source_of(tiled), Sides(512, 0)) is None


def test_coordinates_used_several_times_are_seen() -> None:
    assert lie_apart(pipe(mirrored=False))
    assert not lie_apart(pipe())
    twice = pipe(mirrored=False)
    assert twice.uv is not None
    assert not lie_apart(replace(twice, uv=twice.uv % np.float32([0.5, 1])))


def test_own_coordinates_keep_lines_that_a_bake_blurs() -> None:
    scan = pipe(bays=8)
    source, surface, sides = source_of(scan), surface_of(scan, 3000), Sides(512, 0)
    ways = list(dress_ways(surface, 3000, source, sides, finest=True))
    assert [way.uv for way in ways][-1] == "source"
    assert all(way.uv != "source" for way in dress_ways(surface, 3000, source, sides))

    def colour_db(way: BuiltLevel) -> float:
        found = measure_level(source, way.mesh, 60_000).colour_psnr_db
        assert found is not None
        return found

    own_db, baked_db = colour_db(ways[-1]), max(colour_db(way) for way in ways[:-1])
    assert own_db > baked_db + 6
    again = keep_charts(surface, 3000, source, sides)
    assert again is not None
    assert again.uv is not None
    assert ways[-1].mesh.uv is not None
    assert again.positions.tobytes() == ways[-1].mesh.positions.tobytes()
    assert again.uv.tobytes() == ways[-1].mesh.uv.tobytes()


def test_scans_of_several_materials_get_an_atlas() -> None:
    scan = pipe()
    two = replace(scan, materials=scan.materials * 2, face_material=np.arange(scan.triangles, dtype=np.int32) % 2)
    assert keep_charts(surface_of(two, 2000), 2000, source_of(two), Sides(512, 0)) is None


def _write(folder: Path, scan: Mesh) -> Path:
    """The scan as an OBJ with its picture."""
    assert scan.uv is not None
    lines = [f"v {x:.7f} {y:.7f} {z:.7f}" for x, y, z in scan.positions]
    lines += [f"vt {u:.7f} {v:.7f}" for u, v in scan.uv]
    lines += ["mtllib pipe.mtl", "usemtl lines", *(f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in scan.faces + 1)]
    picture = encode_picture(scan.materials[0].picture, "PNG")
    return write_obj(folder, "\n".join(lines), "pipe.obj", pipe_mtl="newmtl lines\nmap_Kd pipe.png\n", pipe_png=picture)


@pytest.mark.long
def test_a_package_keeps_a_mirrored_picture_at_its_finest_level_only(tmp_path: Path) -> None:
    path = _write(tmp_path, pipe(px=1024))
    result = build_package(path, tmp_path / "out", options((2000, 300), texture_px=1024))
    finest, coarse = result.report["levels"]
    assert (finest["uv"], coarse["uv"]) == ("source", "atlas")
    assert finest["triangles"] == 2000
    # four bays on one picture: no bake of the same size comes near
    assert finest["colour_psnr_db"] > coarse["colour_psnr_db"] + 6
