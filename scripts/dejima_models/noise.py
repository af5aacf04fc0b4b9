"""Irregularity that is the same on every run: clouds of noise, read at metres, and one number for each whole place."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating]

SIDE = 1024
WAVES = 8  # waves of the coarsest kind across the field: it repeats after so many of its features
ROUGH, SMOOTH = 1.7, 2.6  # how fast the spectrum falls: 1 is gritty, 2 is smoke, 3 has no detail


@cache
def _field(seed: int, fall: float) -> Plane:
    """A field (SIDE, SIDE) that repeats without a seam, mean 0, deviation 1."""
    random = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(SIDE)[:, None] * SIDE, np.fft.rfftfreq(SIDE)[None, :] * SIDE
    frequency = np.hypot(rows, columns)
    strength = np.where(frequency < WAVES * 0.7, 0.0, np.maximum(frequency, 1.0) ** -fall)
    phase = random.random(frequency.shape) * 2 * np.pi
    field = np.fft.irfft2(strength * np.exp(1j * phase), s=(SIDE, SIDE))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def cloud(s: Plane, t: Plane, size_m: float, seed: int, fall: float = ROUGH) -> Plane:
    """Noise with mean 0 and deviation 1 at places in metres; its coarsest features are about size_m wide."""
    field = _field(seed, fall).reshape(-1)
    scale = np.float32(SIDE / WAVES / size_m)
    x, y = s * scale + np.float32(seed * 37.0), t * scale + np.float32(seed * 91.0)
    left, low = np.floor(x), np.floor(y)
    fx, fy = x - left, y - low
    column, row = left.astype(np.int32) & (SIDE - 1), low.astype(np.int32) & (SIDE - 1)
    right, above = (column + 1) & (SIDE - 1), ((row + 1) & (SIDE - 1)) * SIDE
    row = row * SIDE
    bottom = field[row + column] * (1 - fx) + field[row + right] * fx
    top = field[above + column] * (1 - fx) + field[above + right] * fx
    return np.asarray(bottom * (1 - fy) + top * fy, np.float32)


def chance(a: NDArray[np.int64], b: NDArray[np.int64], seed: int) -> Plane:
    """A number 0..1 for each pair of whole numbers, always the same for the same seed."""
    mixed = a.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + b.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed += np.array(seed * 0x165667B19E3779F9 % 2**64, np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # the finaliser of splitmix64
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((mixed >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24), np.float32)


def soft_step(value: Plane, low: float, high: float) -> Plane:
    """0 below low, 1 above high, smooth between; low above high turns it round."""
    share = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
