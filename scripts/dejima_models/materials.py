"""What things are made of: the colour of plaster, timber, paint, glass and stone at places in metres."""

import numpy as np

from dejima_models.geometry import Relief
from dejima_models.noise import SMOOTH, Plane, chance, cloud, soft_step

PLASTER = (252, 248, 239)
TIMBER = (140, 119, 96)
DARK_TIMBER = (116, 98, 81)
GREEN = (112, 145, 122)
BAR_WHITE = (226, 222, 208)
GLASS = (74, 88, 97)
STONE = (156, 150, 138)
PLANK_M = 0.24


def tint(colour: tuple[int, int, int], shape: Plane) -> Plane:
    """One colour (..., 3) everywhere."""
    return np.broadcast_to(np.array(colour, np.float32), (*shape.shape, 3)).copy()


def blend(under: Plane, colour: tuple[int, int, int], share: Plane) -> Plane:
    """The colour laid over with a share 0..1."""
    return np.asarray(under + (np.array(colour, np.float32) - under) * share[..., None], np.float32)


def plaster(s: Plane, t: Plane) -> Relief:
    """Lime plaster: gently uneven, hairline cracks, rain marks; t is the height above the wall's foot."""
    wide, fine = cloud(s, t, 2.2, 1), cloud(s, t, 0.35, 2)
    colour = tint(PLASTER, s) + (wide * 3.5 + fine * 2.0)[..., None]
    runs = soft_step(cloud(s * 5.0, t * 0.55, 1.6, 3), 0.6, 2.4)  # narrow and tall: where water runs down
    colour = blend(colour, (172, 163, 148), runs * 0.26)
    colour = blend(colour, (206, 190, 160), soft_step(cloud(s, t, 1.1, 4), 1.2, 2.6) * 0.3)
    vein = np.abs(cloud(s, t, 1.5, 5, SMOOTH) + cloud(s, t, 0.3, 18) * 0.02)
    cracks = soft_step(vein, 0.022, 0.004) * soft_step(cloud(s, t, 2.8, 6), 0.5, 1.0)
    colour = blend(colour, (140, 130, 116), cracks * 0.5)
    foot = soft_step(t + fine * 0.08, 0.55, 0.0)
    colour = blend(colour, (150, 140, 120), foot * 0.35)
    return Relief(wide * 0.006 + fine * 0.002 - cracks * 0.004, colour)


def timber(s: Plane, t: Plane, base: tuple[int, int, int] = TIMBER) -> Relief:
    """Weathered timber with the grain along s."""
    grain = cloud(s / 14.0, t, 0.10, 7)
    wide = cloud(s / 4.0, t, 0.5, 8)
    checks = soft_step(cloud(s / 25.0, t, 0.16, 9), 1.7, 2.6)  # drying cracks
    colour: Plane = tint(base, s) * (1 + 0.10 * grain + 0.09 * wide)[..., None]
    colour = blend(colour, (160, 153, 142), soft_step(wide + 0.4 * grain, 0.2, 2.2) * 0.55)  # silvered by the sun
    colour = blend(colour, (48, 38, 30), checks * 0.6)
    return Relief(grain * 0.0012 - checks * 0.003, colour)


def dark_timber(s: Plane, t: Plane) -> Relief:
    """Older, sooted timber with the grain along s."""
    return timber(s, t, DARK_TIMBER)


def green_paint(s: Plane, t: Plane) -> Relief:
    """Oil paint on timber, chalked by the sun and worn here and there."""
    grain, wide = cloud(s / 10.0, t, 0.08, 10), cloud(s, t, 0.5, 11)
    colour = tint(GREEN, s) * (1 + 0.05 * grain + 0.06 * wide)[..., None]
    colour = blend(colour, (152, 170, 152), soft_step(wide, 0.6, 2.2) * 0.40)
    colour = blend(colour, (142, 126, 102), soft_step(cloud(s / 3, t, 0.14, 12), 2.0, 2.6) * 0.7)
    return Relief(grain * 0.0008, colour)


def white_paint(s: Plane, t: Plane) -> Relief:
    """Oil paint of glazing bars, yellowed and chipped."""
    colour = tint(BAR_WHITE, s) + (cloud(s / 4.0, t, 0.1, 16) * 7)[..., None]
    return Relief(np.zeros_like(s), blend(colour, (132, 118, 96), soft_step(cloud(s, t, 0.12, 17), 1.9, 2.5) * 0.7))


def glass(s: Plane, t: Plane) -> Relief:
    """Old panes: dark, uneven, with a trace of sky."""
    sky = soft_step(cloud(s * 1.0, t * 0.7, 0.8, 13), -1.0, 2.0)
    colour = blend(tint(GLASS, s), (150, 166, 172), sky * 0.55)
    return Relief(cloud(s, t, 0.3, 14) * 0.0015, colour)


def shadow(s: Plane, t: Plane) -> Relief:
    """What is too dark to see into."""
    return Relief(np.zeros_like(s), tint((38, 34, 30), s) + (cloud(s, t, 0.6, 15) * 3)[..., None])


def planks_upright(s: Plane, t: Plane) -> Relief:
    """Boards side by side, each with its own grain and tone."""
    board = np.floor(s / PLANK_M)
    number = board.astype(np.int64)
    tone = chance(number, np.zeros_like(number), 20)
    wood = dark_timber(t + tone * 7.0, s)
    edge = np.abs(s / PLANK_M - board - 0.5) * PLANK_M
    gap = soft_step(edge, PLANK_M / 2 - 0.014, PLANK_M / 2 - 0.004)
    colour = blend(wood.colour * (0.86 + 0.28 * tone)[..., None], (30, 25, 21), gap * 0.85)
    return Relief(wood.height_m + (tone - 0.5) * 0.006 - gap * 0.012, colour)


def weatherboard(s: Plane, t: Plane) -> Relief:
    """Lapped boards (shitami-ita): each row leans out over the one below."""
    row = np.floor(t / PLANK_M)
    share = t / PLANK_M - row
    number = row.astype(np.int64)
    length = np.floor((s + chance(number, number * 0, 21) * 3.0) / 2.7).astype(np.int64)
    tone = chance(number, length, 22)
    wood = dark_timber(s + tone * 9.0, t)
    under = soft_step(share, 0.86, 0.99)
    colour = blend(wood.colour * (0.84 + 0.30 * tone)[..., None], (28, 24, 20), under * 0.7)
    return Relief(wood.height_m + 0.022 * (1 - share) + 0.004 * (tone - 0.5), colour)


def earth(s: Plane, t: Plane) -> Relief:
    """Trodden earth with small stones."""
    wide, fine = cloud(s, t, 1.6, 23), cloud(s, t, 0.12, 24)
    colour = tint((190, 176, 150), s) + (wide * 6 + fine * 6)[..., None]
    return Relief(wide * 0.012 + fine * 0.004, colour)


def rough_stone(s: Plane, t: Plane) -> Relief:
    """Dressed tuff of steps and base stones."""
    wide, fine = cloud(s, t, 0.9, 25), cloud(s, t, 0.09, 26)
    colour: Plane = tint(STONE, s) + (wide * 9 + fine * 7)[..., None]
    colour = blend(colour, (178, 174, 158), soft_step(cloud(s, t, 0.28, 27), 1.3, 2.0) * 0.6)
    colour = blend(colour, (92, 96, 74), soft_step(cloud(s, t, 0.7, 28), 1.1, 2.4) * 0.5)
    return Relief(wide * 0.004 + fine * 0.003, colour)
