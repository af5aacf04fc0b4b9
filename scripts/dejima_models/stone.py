"""Walls of single stones: each has its own place, size, face and colour; the joints between are open."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dejima_models.geometry import Relief, Skin
from dejima_models.materials import blend, tint
from dejima_models.noise import Plane, cloud, soft_step

BOXY = 3.2  # exponent of the distance to a stone's middle: 2 gives round cells, more gives squarer ones
JOINT_M = 0.022
TONES = np.array([(150, 143, 129), (133, 129, 122), (160, 150, 131), (122, 121, 117), (146, 134, 116)], np.float32)


@dataclass(frozen=True)
class Masonry:
    """Stones in uneven courses: middle (n, 2), half size (n, 2), lean (n, 2) and stand-off (n,) of each face, tone (n,)."""

    middle: Plane
    half: Plane
    lean: Plane
    proud: Plane
    tone: Plane
    course: Plane


def lay_stones(size_m: tuple[float, float], stone_m: tuple[float, float], random: np.random.Generator) -> Masonry:
    """Stones of about stone_m (width, height) over a wall (length, height), and a little beyond its edges."""
    rows = []
    bottom, course = -stone_m[1] * 0.4, 0
    while bottom < size_m[1] + 0.2:
        # the lowest courses are the largest, as in every dry wall
        share = min(1.0, max(0.0, bottom / max(size_m[1], 0.1)))
        height = stone_m[1] * (1.25 - 0.45 * share) * random.uniform(0.85, 1.15)
        left = -stone_m[0] * random.uniform(0.3, 1.0)
        while left < size_m[0] + 0.3:
            width = stone_m[0] * (1.2 - 0.35 * share) * random.uniform(0.6, 1.5)
            wobble = random.normal(0.0, 0.10, 2) * [width, height]
            grow = random.uniform(0.85, 1.2)
            rows.append(
                (left + width / 2 + wobble[0], bottom + height / 2 + wobble[1], width / 2, height / 2 * grow, course)
            )
            left += width
        bottom, course = bottom + height, course + 1
    table = np.array(rows, np.float32)
    count = len(table)
    return Masonry(
        table[:, :2],
        table[:, 2:4],
        random.normal(0.0, 0.09, (count, 2)).astype(np.float32),
        random.normal(0.0, 0.022, count).astype(np.float32),
        random.random(count).astype(np.float32),
        table[:, 4].astype(np.float32),
    )


def _nearest(masonry: Masonry, s: Plane, t: Plane) -> tuple[NDArray[np.int64], Plane]:
    """Which stone each place belongs to, and how far it is from the next stone's reach in metres."""
    flat_s, flat_t = s.reshape(-1), t.reshape(-1)
    owner = np.zeros(flat_s.shape, np.int64)
    first = np.full(flat_s.shape, np.inf, np.float32)
    second = first.copy()
    for index, ((cs, ct), (hs, ht)) in enumerate(zip(masonry.middle, masonry.half, strict=True)):
        near = np.nonzero((np.abs(flat_s - cs) < 2.2 * hs + 0.2) & (np.abs(flat_t - ct) < 2.2 * ht + 0.2))[0]
        reach = np.abs((flat_s[near] - cs) / hs) ** BOXY + np.abs((flat_t[near] - ct) / ht) ** BOXY
        reach = reach ** np.float32(1 / BOXY)
        closer = reach < first[near]
        second[near] = np.where(closer, first[near], np.minimum(second[near], reach))
        first[near] = np.where(closer, reach, first[near])
        owner[near[closer]] = index
    size = masonry.half[owner].min(axis=1)
    rim = np.minimum(second - first, 2.0) * size * 0.5
    return owner.reshape(s.shape), np.nan_to_num(rim, posinf=0.5).reshape(s.shape)


def masonry_skin(masonry: Masonry, sea_m: float | None = None) -> Skin:
    """The wall's relief and colour; below sea_m (height on the wall) the tide has left weed and salt."""

    def skin(s: Plane, t: Plane) -> Relief:
        bent_s = s + cloud(s, t, 0.5, 61) * np.float32(0.018)
        bent_t = t + cloud(s, t, 0.5, 62) * np.float32(0.018)
        owner, rim = _nearest(masonry, bent_s, bent_t)
        middle = masonry.middle[owner]
        ds, dt = s - middle[..., 0], t - middle[..., 1]
        rough, fine = cloud(s, t, 0.45, 63), cloud(s, t, 0.10, 64)
        pillow = soft_step(rim, 0.0, 0.11)
        lean = masonry.lean[owner]
        face = masonry.proud[owner] + lean[..., 0] * ds + lean[..., 1] * dt + rough * 0.012 + fine * 0.004
        joint = soft_step(rim, JOINT_M, 0.004)
        height = face * pillow + 0.055 * pillow - 0.10 * joint
        return Relief(np.asarray(height, np.float32), _colour(masonry, (s, t), (owner, rim, rough, fine), sea_m))

    return skin


def _colour(
    masonry: Masonry, at: tuple[Plane, Plane], stone: tuple[NDArray[np.int64], Plane, Plane, Plane], sea_m: float | None
) -> Plane:
    s, t = at
    owner, rim, rough, fine = stone
    tone = masonry.tone[owner]
    kind = (tone * 4.999).astype(np.int64)
    lightness = 0.86 + 0.30 * (tone * 37.0 - np.floor(tone * 37.0)) + 0.05 * rough + 0.06 * fine
    colour = TONES[kind] * lightness[..., None]
    colour = blend(colour, (190, 186, 168), soft_step(cloud(s, t, 0.22, 65), 1.3, 2.0) * 0.55)  # pale lichen
    colour = blend(colour, (176, 152, 92), soft_step(cloud(s, t, 0.30, 66), 1.9, 2.5) * 0.5)  # yellow lichen
    colour = blend(colour, (104, 84, 62), soft_step(cloud(s * 2, t * 0.6, 0.9, 67), 0.8, 2.4) * 0.35)  # rust and rain
    damp = soft_step(cloud(s, t, 1.5, 68), 0.5, 2.0) * soft_step(rim, 0.12, 0.02)
    colour = blend(colour, (92, 102, 62), damp * 0.7)
    if sea_m is not None:
        line = t + cloud(s, t, 1.2, 69) * 0.10
        colour = blend(colour, (66, 68, 54), soft_step(line, sea_m + 0.15, sea_m - 0.25) * 0.72)
        colour = blend(
            colour, (70, 84, 48), soft_step(line, sea_m - 0.2, sea_m - 0.7) * soft_step(fine, -0.6, 1.0) * 0.6
        )
        shells = soft_step(cloud(s, t, 0.07, 70), 1.6, 2.2) * soft_step(line, sea_m + 0.05, sea_m - 0.2)
        colour = blend(colour, (196, 192, 180), shells * 0.7)
    return blend(colour, (34, 32, 28), soft_step(rim, JOINT_M + 0.012, 0.006) * 0.85)


def plain_skin(colour: tuple[int, int, int]) -> Skin:
    """One colour with a little noise, flat."""

    def skin(s: Plane, t: Plane) -> Relief:
        return Relief(np.zeros_like(s), tint(colour, s) + (cloud(s, t, 0.4, 71) * 5)[..., None])

    return skin
