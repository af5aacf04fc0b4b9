"""From a plan (patches and sweeps) to a model: place, paint, mesh, bend out of true, shade."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dejima_models.geometry import Part, Patch, Points, Swatch, Sweep, join, mesh_patch, mesh_sweep
from dejima_models.materials import dark_timber, green_paint, planks_upright, rough_stone, timber
from dejima_models.noise import cloud, soft_step
from dejima_models.pictures import Place, encode_jpeg, pack, paint
from dejima_models.shade import sky_shade
from dejima_models.tiles import plaster_bed_skin, ridge_skin
from dejima_models.write import Model

SETTLED_M = 0.011  # how far two centuries and a scan leave things out of true, over metres
ROUGH_M = 0.0014  # and over centimetres

SWATCHES = {
    "timber": Swatch((5.0, 1.7), timber, 1.5),
    "dark": Swatch((5.0, 1.3), dark_timber, 1.3),
    "planks": Swatch((3.2, 3.2), lambda s, t: planks_upright(t, s)),
    "green": Swatch((4.0, 0.9), green_paint, 1.5),
    "ridge": Swatch((6.0, 1.6), ridge_skin, 1.2),
    "bed": Swatch((4.0, 1.3), plaster_bed_skin, 0.5),
    "stone": Swatch((4.0, 2.2), rough_stone, 1.3),
}


@dataclass(frozen=True)
class Plan:
    """What a model consists of.

    lowest_m: the level on which it stands, below which nothing reaches; tide_m: height above it of ordinary high water,
    which stains the single stones (0: it stands on dry land); side_px: of its square picture.
    """

    name: str
    patches: Sequence[Patch]
    sweeps: Sequence[Sweep]
    seed: int
    lowest_m: float
    tide_m: float = 0.0
    side_px: int = 4096


def build_model(plan: Plan) -> Model:
    """The plan as a finished model."""
    used = sorted({sweep.swatch for sweep in plan.sweeps})
    items: list[Patch | Swatch] = [*plan.patches, *(SWATCHES[name] for name in used)]
    sizes = [item.size_m() if isinstance(item, Patch) else item.size_m for item in items]
    places = pack(sizes, [item.density for item in items], plan.side_px)
    of_swatch = dict(zip(used, places[len(plan.patches) :], strict=True))
    random = np.random.default_rng(plan.seed)
    parts = [
        _placed(mesh_patch(patch), place, plan.side_px) for patch, place in zip(plan.patches, places, strict=False)
    ]
    first_stone = sum(len(part.positions) for part in parts)
    # stones last of all, so that the tide finds them in one stretch
    for sweep in sorted(plan.sweeps, key=lambda sweep: sweep.swatch == "stone"):
        parts.append(_placed(mesh_sweep(sweep, SWATCHES[sweep.swatch], random), of_swatch[sweep.swatch], plan.side_px))
        first_stone += 0 if sweep.swatch == "stone" else len(parts[-1].positions)
    whole = join(parts)
    positions = _set_down(out_of_true(whole.positions), plan.lowest_m)
    colours = np.repeat(sky_shade(positions, whole.faces)[:, None], 3, axis=1)
    colours[first_stone:] *= tide_tint(positions[first_stone:], plan.tide_m)
    return Model(
        plan.name,
        positions.astype(np.float32),
        whole.faces.astype(np.uint32),
        whole.uv.astype(np.float32),
        colours,
        encode_jpeg(paint(items, places, plan.side_px)),
    )


def tide_tint(positions: Points, tide_m: float) -> NDArray[np.float32]:
    """How the tide colours stones: factors (n, 3), dark and green below tide_m, 1 above."""
    x, y, z = (positions[:, axis].astype(np.float32) for axis in range(3))
    wet = soft_step(y + cloud(x, z + y, 1.2, 88) * 0.12, tide_m + 0.15, tide_m - 0.35) if tide_m else np.zeros_like(x)
    return np.asarray(1 - wet[:, None] * (1 - np.array([0.58, 0.59, 0.50])), np.float32)


def _placed(part: Part, place: Place, side_px: int) -> Part:
    return Part(part.positions, part.faces, (part.uv * place.px_per_m + [place.x_px, place.y_px]) / side_px)


def _set_down(positions: Points, lowest_m: float) -> Points:
    """Cut off flat at the level it stands on; the origin moves to the middle of the footprint on that level."""
    positions = np.maximum(positions, [-np.inf, lowest_m, -np.inf])
    low, high = positions.min(axis=0), positions.max(axis=0)
    return np.asarray(positions - [(low[0] + high[0]) / 2, lowest_m, (low[2] + high[2]) / 2])


def out_of_true(positions: Points) -> Points:
    """Every point moved a little, near points alike: no line stays straight and no plane flat."""
    x, y, z = (positions[:, axis].astype(np.float32) for axis in range(3))
    moves: list[NDArray[np.float64]] = []
    for axis in range(3):
        wide = cloud(x + 0.7 * y, z + 0.45 * y, 6.0, 80 + axis).astype(np.float64)
        fine = cloud(x + 1.3 * y, z + 0.9 * y, 0.30, 84 + axis).astype(np.float64)
        moves.append(wide * SETTLED_M + fine * ROUGH_M)
    return np.asarray(positions + np.stack(moves, axis=1))
