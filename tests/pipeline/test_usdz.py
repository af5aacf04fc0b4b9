"""model.usdz held against OpenUSD's own validators and reader, and against the bytes that AR Quick Look asks for."""

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from pxr import Usd, UsdGeom, UsdShade, UsdValidation

from asset_pipeline.built import BuildResult
from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import Credit
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.output.glb import decode_glb
from asset_pipeline.output.usdz import choose_level, encode_usdz, make_usdz
from asset_pipeline.output.usdz_archive import USDZ_MAX_BYTES, pack_usdz, read_members, read_usdz_facts, replace_head
from asset_pipeline.output.verify import verify_package
from asset_pipeline.package import build_package
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import ball, options, write_hills
from tests.pipeline.test_verify import broken_code, reseal

ODD_TEXTS = [
    "出島の「商館」 🏯",
    'A "quoted" title \\ with @ and </Root> and #usda',
    "two\nlines\tand\rmore",
    "\x01\x08\x1b\x7f\u0085\u2028",
    "100 days",
    '"""',
    "e\u0301 \U0001f468\u200d\U0001f469",
    "長" * 4000,
]


def open_stage(folder: Path, data: bytes) -> Any:
    path = folder / f"{len(list(folder.iterdir()))}.usdz"  # a name of its own: OpenUSD remembers layers by their path
    path.write_bytes(data)
    return Usd.Stage.Open(str(path))


def complaints(stage: Any) -> list[str]:
    """All errors and warnings of all validators that OpenUSD registers."""
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) >= 20
    return [error.GetMessage() for error in UsdValidation.ValidationContext(validators).Validate(stage)]


def mesh_of(stage: Any) -> Any:
    (mesh,) = [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    return mesh


def shader(stage: Any, kind: str, ending: str = "") -> Any:
    (found,) = [
        UsdShade.Shader(prim)
        for prim in stage.Traverse()
        if prim.IsA(UsdShade.Shader)
        and UsdShade.Shader(prim).GetIdAttr().Get() == kind
        and prim.GetName().endswith(ending)
    ]
    return found


def test_the_validators_find_nothing_in_any_package(textured: BuildResult, coloured: BuildResult) -> None:
    for built in (textured, coloured):
        assert complaints(Usd.Stage.Open(str(built.folder / "model.usdz"))) == []


def test_the_validators_would_find_something(tmp_path: Path, textured: BuildResult) -> None:
    members = read_members((textured.folder / "model.usdz").read_bytes())
    layer = members["model.usda"].data.replace(b'"raw"', b'"sRGB"').replace(b"metersPerUnit = 1", b"")
    stage = open_stage(tmp_path, pack_usdz({"model.usda": layer, "textures/colour.jpg": b""}))
    assert complaints(stage) != []


def test_the_stage_is_in_metres_y_up_and_shows_the_level(textured: BuildResult, coloured: BuildResult) -> None:
    for built in (textured, coloured):
        stage = Usd.Stage.Open(str(built.folder / "model.usdz"))
        assert UsdGeom.GetStageMetersPerUnit(stage) == 1 and UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.y
        assert stage.GetDefaultPrim().GetPath() == "/Model"
        level = decode_glb((built.folder / "lod0.glb").read_bytes(), "lod0.glb")
        counts = list(mesh_of(stage).GetFaceVertexCountsAttr().Get())
        assert counts == [3] * len(level.faces)
        found = UsdGeom.BBoxCache(0, [UsdGeom.Tokens.default_]).ComputeWorldBound(stage.GetDefaultPrim()).GetRange()
        reach = level.step_m + float(np.ptp(level.positions, axis=0).max()) / 20_000
        assert np.abs(np.array(found.GetMin()) - level.positions.min(axis=0)).max() < reach
        assert np.abs(np.array(found.GetMax()) - level.positions.max(axis=0)).max() < reach


def test_faces_normals_and_points_are_the_levels(textured: BuildResult) -> None:
    stage = Usd.Stage.Open(str(textured.folder / "model.usdz"))
    mesh = mesh_of(stage)
    points, normals = np.array(mesh.GetPointsAttr().Get()), np.array(mesh.GetNormalsAttr().Get())
    faces = np.array(mesh.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)
    a, b, c = (points[faces[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)
    assert (np.einsum("nk,nk->n", flat, normals[faces].mean(axis=1)) > 0).all()
    assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 0.01
    level = decode_glb((textured.folder / "lod0.glb").read_bytes(), "lod0.glb")
    ours = np.sort(np.linalg.norm(level.positions[level.faces].mean(axis=1), axis=1))
    assert np.sort(np.linalg.norm(points[faces].mean(axis=1), axis=1)) == pytest.approx(ours, abs=1e-4)


def test_the_picture_lies_the_right_way_up(textured: BuildResult) -> None:
    stage = Usd.Stage.Open(str(textured.folder / "model.usdz"))
    mesh = mesh_of(stage)
    points = np.array(mesh.GetPointsAttr().Get())
    st = np.array(UsdGeom.PrimvarsAPI(mesh).GetPrimvar("st").Get())
    file = shader(stage, "UsdUVTexture", "Colour").GetInput("file").Get()
    name = file.resolvedPath.rpartition("[")[2].rstrip("]")
    jpeg = read_usdz_facts((textured.folder / "model.usdz").read_bytes()).pictures[name]
    picture = np.asarray(Pillow.open(io.BytesIO(jpeg)))
    rows = np.clip(((1 - st[:, 1]) * picture.shape[0]).astype(int), 0, picture.shape[0] - 1)
    columns = np.clip((st[:, 0] * picture.shape[1]).astype(int), 0, picture.shape[1] - 1)
    polar = (
        np.arccos(np.clip(points[:, 1] - 1, -1, 1)) / np.pi
    )  # the ball stands on the ground; its picture is green below
    assert np.abs(picture[rows, columns, 1] - (40 + 180 * polar)).mean() < 6


def test_every_member_is_stored_as_it_is_and_begins_at_a_multiple_of_64(
    textured: BuildResult, coloured: BuildResult
) -> None:
    for built in (textured, coloured):
        data = (built.folder / "model.usdz").read_bytes()
        assert len(data) <= USDZ_MAX_BYTES
        at, names = 0, []
        while data[at : at + 4] == b"PK\3\4":
            flags, method, packed, size, name, extra = struct.unpack_from("<HH8xIIHH", data, at + 6)
            start = at + 30 + name + extra
            names.append(data[at + 30 : at + 30 + name].decode())
            assert (flags, method, packed, start % 64) == (0, 0, size, 0)
            at = start + size
        assert names[0] == "model.usda" and data[at : at + 4] == b"PK\1\2"
        assert data[at - 4 :].count(b"PK\1\2") == len(names)


@pytest.mark.parametrize("length", range(60, 72))
def test_padding_reaches_64_for_names_of_any_length(length: int) -> None:
    data = pack_usdz({"model.usda": b"#" * length, "a" * length: b"x", "b": b"", "c": b"y" * 63})
    members = read_members(data)
    assert [member.offset % 64 for member in members.values()] == [0, 0, 0, 0]
    assert members["c"].data == b"y" * 63


def test_normals_roughness_and_factors_reach_the_surface(tmp_path: Path) -> None:
    whole = ball()
    normals = np.full((64, 64, 3), (128, 128, 255), np.uint8)
    gloss = np.full((32, 64, 3), (0, 200, 9), np.uint8)
    look = replace(
        whole.materials[0], normal_map=normals, roughness_map=gloss, roughness=0.5, metallic=0.25, colour=(1, 0.5, 1)
    )
    data = encode_usdz(replace(whole, materials=(look,)), 128)
    stage = open_stage(tmp_path, data)
    assert complaints(stage) == []
    surface = shader(stage, "UsdPreviewSurface")
    fed = {
        name: surface.GetInput(name).GetConnectedSources()[0][0]
        for name in ("diffuseColor", "normal", "roughness", "metallic")
    }
    assert {name: source.sourceName for name, source in fed.items()} == {
        "diffuseColor": "rgb",
        "normal": "rgb",
        "roughness": "g",
        "metallic": "b",
    }
    picture = shader(stage, "UsdUVTexture", "Roughness")
    assert picture.GetInput("scale").Get()[1:3] == pytest.approx((0.5, 0.25))
    assert picture.GetInput("sourceColorSpace").Get() == "raw"
    assert shader(stage, "UsdUVTexture", "Colour").GetInput("scale").Get()[1] == pytest.approx(0.2140, abs=1e-3)
    pictures = read_usdz_facts(data).pictures
    sizes = {name: Pillow.open(io.BytesIO(picture)).size for name, picture in pictures.items()}
    assert sizes == {
        "textures/colour.jpg": (128, 128),
        "textures/normal.jpg": (64, 64),
        "textures/roughness.jpg": (64, 32),
    }


def test_a_bare_surface_and_one_triangle_are_sound_too(tmp_path: Path) -> None:
    bare = open_stage(tmp_path, encode_usdz(Mesh(BOX_POINTS, BOX_FACES), 256))
    assert complaints(bare) == []
    assert shader(bare, "UsdPreviewSurface").GetInput("diffuseColor").Get() == pytest.approx((0.58, 0.58, 0.58))
    points = np.array([[0, 0, 0], [1e-4, 0, 0], [0, 1e-4, 0]])
    one = open_stage(tmp_path, encode_usdz(Mesh(points, np.array([[0, 1, 2]], np.int32)), 256))
    assert complaints(one) == []
    assert np.array(mesh_of(one).GetPointsAttr().Get()).max() == pytest.approx(1e-4)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e5])
def test_numbers_are_as_short_as_the_size_allows(scale: float) -> None:
    whole = ball()
    low, high = whole.bounds()
    facts = read_usdz_facts(encode_usdz(replace(whole, positions=whole.positions * scale), 128))
    assert np.array([facts.low, facts.high]) == pytest.approx(np.array([low, high]) * scale, abs=scale / 20_000)
    size = len(encode_usdz(replace(whole, positions=whole.positions * scale), 128))
    assert size < 85 * whole.triangles


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_text_comes_back_from_the_layer_as_it_was(tmp_path: Path, text: str) -> None:
    credit = Credit(text, text, text, "evidence", (text, "second"))
    stage = open_stage(tmp_path, replace_head(encode_usdz(Mesh(BOX_POINTS, BOX_FACES), 64), credit))
    said = stage.GetRootLayer().customLayerData
    assert (said["title"], said["creator"], said["licence"], said["provenance"]) == (text, text, text, "evidence")
    assert list(said["sources"]) == [text, "second"] and stage.GetRootLayer().documentation == text
    assert complaints(stage) == []


def test_stamping_the_head_leaves_mesh_and_pictures_byte_for_byte(textured: BuildResult) -> None:
    before = (textured.folder / "model.usdz").read_bytes()
    after = replace_head(before, Credit("Another", "Somebody", "CC0"))
    old, new = read_members(before), read_members(after)
    assert old["textures/colour.jpg"].data == new["textures/colour.jpg"].data
    bodies = [members["model.usda"].data.partition(b"\n)\n")[2] for members in (old, new)]
    assert bodies[0] == bodies[1] and len(bodies[0]) > 10_000
    assert replace_head(after, Credit("ball")) == before


def test_pictures_are_made_smaller_until_the_file_fits_and_that_is_said() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2048, 2048, 3), np.uint8)
    loud = Material(picture=noise, normal_map=noise, roughness_map=noise)
    data, warnings = make_usdz(replace(ball(), materials=(loud,)))
    assert 1_000_000 < len(data) <= USDZ_MAX_BYTES
    assert [warning.code for warning in warnings] == ["usdz_texture_reduced"]
    assert warnings[0].values == {"px": 1024, "asked_px": 2048}


def test_pictures_of_more_than_2048_px_go_into_no_phone() -> None:
    wide = np.zeros((16, 4096, 3), np.uint8)
    data, warnings = make_usdz(replace(ball(), materials=(Material(picture=wide),)))
    assert warnings == [] and b"\x00\x08\x08\x00" in data  # the JPEG's frame: 8 high, 2048 wide


def test_the_finest_level_of_at_most_50000_triangles_is_chosen() -> None:
    assert choose_level([100_000, 50_000, 5_000]) == 1
    assert choose_level([400]) == 0
    assert choose_level([100_000, 50_001]) is None


def test_too_many_triangles_or_vertex_colours_are_a_mistake_of_the_caller() -> None:
    coloured = Mesh(BOX_POINTS, BOX_FACES, colours=np.zeros((8, 3), np.uint8))
    many = Mesh(BOX_POINTS, np.repeat(BOX_FACES, 5000, axis=0))
    for mesh in (coloured, many):
        with pytest.raises(ValueError, match="50000"):
            make_usdz(mesh)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"int[] faceVertexCounts = [3,", b"int[] faceVertexCounts = [4,", "usdz_layer"),
        (b"@textures/colour.jpg@", b"@textures/absent.jpg@", "usdz_layer"),
        (b"#usda 1.0", b"#usda 2.0", "usdz_head"),
        (b'string title = "ball"', b'string title = "bell"', "credit"),
        (b"extent = [(-", b"extent = [(9", "bounds"),
    ],
)
def test_a_damaged_layer_is_found_although_its_digest_fits(copied: Path, old: bytes, new: bytes, code: str) -> None:
    files = {name: member.data for name, member in read_members((copied / "model.usdz").read_bytes()).items()}
    assert old in files["model.usda"]
    files["model.usda"] = files["model.usda"].replace(old, new)
    (copied / "model.usdz").write_bytes(pack_usdz(files))
    assert broken_code(reseal(copied)) in {code, "usdz_layer"}


def test_a_damaged_archive_is_found(copied: Path) -> None:
    data = (copied / "model.usdz").read_bytes()
    for damaged in (b"", data[:100], data[:29], data[1:], b"PK\3\4" + bytes(40), data[:200] + b"#" + data[201:]):
        with pytest.raises(PackageBroken):
            read_usdz_facts(damaged)
    (copied / "model.usdz").write_bytes(pack_usdz({"model.usda": b"", "textures/colour.jpg": b"no jpeg"}))
    assert broken_code(reseal(copied)) == "usdz_layer"


def test_a_package_without_a_model_for_phones_is_not_whole(copied: Path) -> None:
    (copied / "model.usdz").unlink()
    assert broken_code(reseal(copied)) == "file_missing"


def test_verify_takes_the_package_as_built(textured: BuildResult) -> None:
    assert "model.usdz" in verify_package(textured.folder).manifest.files


@pytest.mark.long
def test_a_package_whose_levels_are_all_too_fine_gets_a_model_of_its_own_for_phones(tmp_path: Path) -> None:
    scan = write_hills(tmp_path, side=170)
    built = build_package(scan, tmp_path / "out", options(levels=(60_000,), texture_px=256))
    assert [level.triangles for level in built.manifest.levels] == [57_122]
    stage = Usd.Stage.Open(str(built.folder / "model.usdz"))
    assert 49_900 <= len(mesh_of(stage).GetFaceVertexCountsAttr().Get()) <= 50_000
    assert complaints(stage) == []


@pytest.mark.long
def test_our_own_usdz_is_a_scan_like_any_other(textured: BuildResult, tmp_path: Path) -> None:
    again = build_package(
        textured.folder / "model.usdz", tmp_path, options(levels=(400, 100), texture_px=256, unit=None)
    )
    assert again.manifest.source.unit == "m" and again.manifest.source.triangles == 400
    assert again.manifest.bounds_max_m == pytest.approx(textured.manifest.bounds_max_m, abs=0.05)
    assert again.report["levels"][0]["colour_psnr_db"] > 25
