from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from asset_pipeline.appearance.source import Source
from asset_pipeline.appearance.worth import weigh_pictures
from asset_pipeline.mesh import Image, Material, Mesh
from tests.pipeline.shapes import ball, source_of

SIDE_PX = 1024


def spots(cells: int, blur_px: int = 0) -> Image:
    """Random spots, so many along the side, softened by so many px."""
    coarse = np.random.default_rng(4).integers(40, 220, (cells, cells, 3)).astype(np.uint8)
    picture = Pillow.fromarray(coarse).resize((SIDE_PX, SIDE_PX), Pillow.Resampling.NEAREST)
    if blur_px:
        small = max(1, SIDE_PX // blur_px)
        picture = picture.resize((small, small), Pillow.Resampling.BOX).resize((SIDE_PX, SIDE_PX))
    return np.asarray(picture)


def painted(picture: Image) -> Source:
    return source_of(replace(ball(), materials=(Material(picture=picture),)))


def weigh(picture: Image, level: Mesh | None = None) -> tuple[int, float]:
    source = painted(picture)
    mesh, colour_db = weigh_pictures(level or source.scan, source)
    kept = mesh.materials[0].picture
    assert kept is not None
    assert colour_db is not None
    return kept.shape[0], colour_db


def test_a_picture_keeps_its_side_where_each_texel_shows() -> None:
    assert weigh(spots(SIDE_PX))[0] == SIDE_PX


def test_a_picture_whose_texels_tell_little_is_made_smaller() -> None:
    """A level far off its scan's colours anyway: finer texels do not bring it nearer."""
    picture = spots(SIDE_PX)
    other = np.random.default_rng(5).integers(40, 220, picture.shape).astype(np.uint8)
    side_px, colour_db = weigh(picture, replace(ball(), materials=(Material(picture=other),)))
    assert side_px < SIDE_PX
    assert colour_db < 20


@pytest.mark.parametrize(("tilt", "kept"), [(0.5, True), (0.03, False)])
def test_a_normal_map_is_kept_for_what_light_shows_of_it(tilt: float, kept: bool) -> None:
    """Beside a noisy picture, ripples that are hardly seen are not worth their bytes."""
    random = np.random.default_rng(6)
    slopes = np.clip(random.normal(0, tilt, (SIDE_PX, SIDE_PX, 2)), -0.6, 0.6)
    vectors = np.concatenate([slopes, np.sqrt(1 - (slopes**2).sum(axis=2, keepdims=True))], axis=2)
    normal_map = (vectors * 127.5 + 127.5).astype(np.uint8)
    material = Material(picture=spots(SIDE_PX), normal_map=normal_map)
    scan = replace(ball(), materials=(material,))
    level = replace(scan, materials=(replace(material, picture=np.full_like(spots(8), 128)),))
    mesh, _ = weigh_pictures(level, source_of(scan))
    assert (mesh.materials[0].normal_map is not None) == kept


def test_without_colour_the_map_stays() -> None:
    scan = ball()
    bare = Mesh(scan.positions, scan.faces, scan.uv)
    up = np.full((256, 256, 3), (140, 120, 250), np.uint8)
    mesh, colour_db = weigh_pictures(replace(bare, materials=(Material(normal_map=up),)), source_of(bare))
    assert mesh.materials[0].normal_map is not None
    assert colour_db is None
