"""What normal maps win: python scripts/bench/normal_map.py SCAN... [--levels 25000,5000] [--texture-px 2048] [--out DIR]

Scan and level drawn in grey, lit from beside the eye (Lambert), from +-x, +-y and +-z without perspective. Prints one
Markdown row a level: the likeness of its pictures to the scan's in dB without a map, with the map as baked, and with the
map as a client decodes it; the map's side and bytes. With --out the pictures are written: scan, without, with, side by side.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from asset_pipeline.appearance.dress import dress_ways
from asset_pipeline.appearance.look import encode_look
from asset_pipeline.appearance.measure import measure_level
from asset_pipeline.appearance.raster import rasterise
from asset_pipeline.appearance.sides import choose_sides
from asset_pipeline.appearance.source import make_source
from asset_pipeline.appearance.tangent import shown_normals
from asset_pipeline.geometry.bvh import Hits, build_bvh
from asset_pipeline.geometry.clean import clean_scan
from asset_pipeline.geometry.normals import encoded_normals
from asset_pipeline.geometry.surfaces import bare_surface, build_surfaces
from asset_pipeline.mesh import Image, Mesh
from asset_pipeline.options import BuildOptions
from asset_pipeline.output.encode import snap_mesh
from asset_pipeline.readers.read import read_scan
from asset_pipeline.warm_up import FLOOR

PX = 800
GREY = 200.0
HEAD = "| scan | triangles | without dB | map as baked dB | map as shown dB | map px | JPEG bytes | AVIF bytes |"


def draw(mesh: Mesh, normals: NDArray[np.float32], axis: int, sign: int, bounds: tuple[NDArray, NDArray]) -> Image:
    """The mesh in grey from one side, (PX, PX); 0 where nothing is."""
    low, high = bounds
    right, up = (axis + 1) % 3, (axis + 2) % 3
    scale = 0.96 * PX / float((high - low).max())
    centred = (mesh.positions - (low + high) / 2) * scale
    screen = np.stack([sign * centred[:, right] + PX / 2, PX / 2 - centred[:, up], -sign * centred[:, axis]], axis=1)
    owner, weights, _ = rasterise(screen, mesh.faces, PX, PX)
    seen = owner >= 0
    shown = shown_normals(mesh, normals, Hits(owner[seen], weights[seen], np.zeros(0, np.float32)))
    light, towards = np.zeros(3), np.zeros(3)
    towards[axis] = sign
    light[[axis, right, up]] = sign, -0.5 * sign, 0.5
    shown[shown @ towards < 0] *= -1  # a sheet seen from its back
    picture = np.zeros((PX, PX), np.float32)
    picture[seen] = GREY * np.maximum(shown @ (light / np.linalg.norm(light)), 0)
    return picture.astype(np.uint8)


def draw_all(mesh: Mesh, normals: NDArray[np.float32], bounds: tuple[NDArray, NDArray]) -> NDArray[np.uint8]:
    """All six views, (6, PX, PX)."""
    return np.stack([draw(mesh, normals, axis, sign, bounds) for axis in range(3) for sign in (1, -1)])


def likeness_db(wanted: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    drawn = (wanted > 0) & (shown > 0)  # outlines are the triangles' matter, not the map's
    error = np.mean((wanted[drawn].astype(np.float64) - shown[drawn]) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def bench(path: Path, levels: tuple[int, ...], texture_px: int, out: Path | None) -> None:
    scan = clean_scan(read_scan(path, BuildOptions(FLOOR))).mesh
    source = make_source(scan, build_bvh(scan.positions, scan.faces))
    wanted = draw_all(replace(scan, colours=None), source.normals, scan.bounds())
    surfaces, _ = build_surfaces(bare_surface(scan), levels, source.bvh)
    for index, surface in enumerate(surfaces):
        error_m = measure_level(source, Mesh(surface.positions, surface.faces), 20_000).rms_m
        sides = choose_sides(scan, surface, error_m, texture_px, finest=False)
        level, _ = snap_mesh([*dress_ways(surface, surface.triangles, source, sides)][-1].mesh, error_m)
        normals, look = encoded_normals(level), encode_look(level)
        bare = replace(level, materials=tuple(replace(each, normal_map=None) for each in level.materials))
        drawn = [draw_all(each, normals, scan.bounds()) for each in (bare, level, replace(level, materials=look.shown))]
        common, avif = look.common.normal, look.avif.normal if look.avif else None
        cells = [
            path.name if index == 0 else "",
            f"{surface.triangles:,}",
            *(f"{likeness_db(wanted, each):.1f}" for each in drawn),
        ]
        cells += [str(common.px), f"{len(common.data):,}"] if common else ["-", "-"]
        cells += [f"{len(avif.data):,}" if avif else "-"]
        print(f"| {' | '.join(cells)} |", flush=True)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            rows = [np.concatenate([wanted[view], drawn[0][view], drawn[2][view]], axis=1) for view in range(6)]
            for view, row in enumerate(rows):
                Pillow.fromarray(row).save(out / f"{path.stem}_{surface.triangles}_{view}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", nargs="+", type=Path)
    parser.add_argument("--levels", default="25000,5000")
    parser.add_argument("--texture-px", type=int, default=2048)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    print(HEAD)
    print(f"|{' --- |' * (HEAD.count('|') - 1)}")
    for scan in arguments.scans:
        bench(scan, tuple(map(int, arguments.levels.split(","))), arguments.texture_px, arguments.out)


if __name__ == "__main__":
    main()
