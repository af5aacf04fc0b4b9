from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFilter

from asset_pipeline.geometry.clean import keep_faces
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.geometry.surfaces import bare_surface
from asset_pipeline.mesh import Image, Material, Mesh
from asset_pipeline.report.examine import examine_scan, examine_texture, is_blurred, measure_texels
from asset_pipeline.scan import ScanWarning
from tests.pipeline.shapes import ball, hills


def examined(mesh: Mesh) -> dict[str, ScanWarning]:
    """The warnings about a cleaned scan by their code."""
    return {warning.code: warning for warning in examine_scan(mesh, bare_surface(mesh))}


def centres(mesh: Mesh) -> np.ndarray:
    return np.asarray(mesh.positions[mesh.faces].mean(axis=1))


def without(mesh: Mesh, gone: np.ndarray) -> Mesh:
    return keep_faces(mesh, ~gone)


def speckled(px: int = 256, low: int = 60, high: int = 200) -> Image:
    """A sharp picture of ordinary brightness: every texel its own."""
    return np.random.default_rng(1).integers(low, high, (px, px, 3)).astype(np.uint8)


def painted(mesh: Mesh, picture: Image) -> Mesh:
    return replace(mesh, materials=(Material(picture=picture),))


SOUND = painted(ball(48), speckled())


def test_a_sound_scan_gives_no_warning() -> None:
    assert examined(SOUND) == {}
    assert examined(hills(60)) == {}  # the border of open land is no hole


def test_holes_are_counted_and_the_largest_is_measured() -> None:
    at = centres(SOUND)
    small, large = np.linalg.norm(at - [1, 0, 0], axis=1) < 0.2, np.linalg.norm(at - [0, 0, -1], axis=1) < 0.4
    holes = examined(without(SOUND, small | large))["holes"]
    assert holes.values["count"] == 2
    assert holes.values["largest_m"] == pytest.approx(2 * 2**0.5 * 0.38, rel=0.15)  # the diagonal of its box


def test_a_hole_in_open_land_is_one_although_its_border_is_not() -> None:
    land = hills(60)
    holes = examined(without(land, np.linalg.norm(centres(land)[:, [0, 2]] - [3, 6], axis=1) < 0.7))["holes"]
    assert holes.values["count"] == 1


def test_what_stands_open_on_the_ground_has_no_hole_there() -> None:
    standing = without(SOUND, centres(SOUND)[:, 1] < -0.97)
    assert "holes" not in examined(standing)
    turned = replace(standing, positions=standing.positions * [1, -1, 1])
    assert examined(turned)["holes"].values["count"] == 1


@pytest.mark.parametrize(("size", "told"), [(0.003, True), (2.0, False), (40_000.0, True)])
def test_a_house_of_three_millimetres_or_forty_kilometres_is_told(size: float, told: bool) -> None:
    sized = replace(SOUND, positions=SOUND.positions * size / SOUND.diagonal())
    assert ("scale_suspicious" in examined(sized)) == told


def test_many_small_pieces_are_told_with_their_share() -> None:
    crumb = painted(ball(4, radius=0.02), speckled())
    spots = np.random.default_rng(2).uniform(-1, 1, (420, 3))
    count, faces = crumb.vertices, crumb.faces
    positions = np.concatenate([SOUND.positions, *(crumb.positions + spot for spot in spots)])
    moved = [faces + SOUND.vertices + number * count for number in range(len(spots))]
    uv = np.concatenate([SOUND.uv, *([crumb.uv] * len(spots))])
    crumbled = Mesh(positions, np.concatenate([SOUND.faces, *moved]).astype(np.int32), uv, materials=SOUND.materials)
    values = examined(crumbled)["pieces_many"].values
    assert values["count"] == 421 and 0.02 < float(values["share"]) < 0.5


def test_a_part_without_a_picture_is_told_when_others_have_one() -> None:
    below = (centres(SOUND)[:, 1] < 0).astype(np.int32)
    half = replace(SOUND, materials=(*SOUND.materials, Material(colour=(1.0, 1.0, 1.0))), face_material=below)
    assert examined(half)["texture_missing"].values["share"] == pytest.approx(0.5, abs=0.05)
    assert "picture_overexposed" not in examined(half)  # a plain white is meant


def test_pictures_that_are_dark_or_burnt_out_are_told() -> None:
    assert "picture_dark" in examined(painted(SOUND, speckled(low=5, high=50)))
    burnt = speckled()
    burnt[:128] = 255
    assert 0.3 < float(examined(painted(SOUND, burnt))["picture_overexposed"].values["share"]) < 0.7
    dark = replace(hills(), colours=(hills().colours // 6).astype(np.uint8))  # type: ignore[operator]
    assert "picture_dark" in examined(dark)


def test_texture_that_is_stretched_over_a_part_is_told() -> None:
    fine = painted(SOUND, speckled(1024))
    assert fine.uv is not None
    uv = fine.uv.copy()
    uv[fine.positions[:, 0] > 0.3] *= np.float32(0.01)
    assert float(examined(replace(fine, uv=uv))["texture_stretched"].values["share"]) > 0.2
    squeezed = replace(fine, uv=fine.uv * np.float32([1.0, 0.1]))
    assert "texture_stretched" in examined(squeezed)  # long in one direction everywhere


def test_texels_are_measured_in_metres() -> None:
    square = Mesh(
        np.array([[0, 0, 0], [4, 0, 0], [4, 0, -4], [0, 0, -4]], float),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32),
        materials=(Material(picture=speckled(200)),),
    )
    texels = measure_texels(square, face_areas(square.positions, square.faces))
    assert texels is not None and texels.middle_m == pytest.approx(0.02) and texels.stretched == 0
    assert examine_texture(square)[0].values["texel_m"] == pytest.approx(0.02)
    assert examine_texture(painted(square, speckled(2000))) == []
    assert measure_texels(hills(), np.ones(1)) is None


def test_a_picture_enlarged_or_out_of_focus_is_blurred_and_a_flat_one_is_not() -> None:
    sharp = speckled(256)
    enlarged = np.asarray(Pillow.fromarray(sharp).resize((1024, 1024), Pillow.Resampling.BICUBIC))
    soft = np.asarray(Pillow.fromarray(speckled(512)).filter(ImageFilter.GaussianBlur(2)))
    assert not is_blurred(sharp)
    assert is_blurred(enlarged) and is_blurred(soft)
    assert not is_blurred(np.full((512, 512, 3), 90, np.uint8))
    assert not is_blurred(sharp[:32])
    assert "picture_blurred" in examined(painted(SOUND, enlarged))
