"""The colours of an error map: from ink (close) to lantern yellow (far), over three decades of distance.

A straight line in OKLab (Ottosson, 2020): equal steps look equal. It gets lighter all the way and leaves only the axis from
blue to yellow to the hue, which people who confuse red and green tell apart as everyone does.
"""

import math
from functools import cache

NEAR, FAR = (0.27, -0.012, -0.062), (0.88, -0.008, 0.145)  # OKLab
DECADES = 3
STEPS = 256
FINEST = 1e-5  # of the diagonal: where the scale begins
Rgb = tuple[int, int, int]


def choose_scale(diagonal_m: float) -> tuple[float, float]:
    """(low, high) in metres of the scale for a model of this size: round numbers, the same for each of its levels."""
    wanted = max(diagonal_m, 1e-9) * FINEST
    ten = 10.0 ** math.floor(math.log10(wanted))
    low = next((digit * ten for digit in (1, 2, 5) if digit * ten >= wanted * (1 - 1e-9)), 10 * ten)
    low = float(f"{low:.0e}")
    return low, float(f"{low * 10**DECADES:.0e}")


def list_ticks(low_m: float) -> list[float]:
    """The distances in metres that a legend names, evenly spread over the scale."""
    return [float(f"{low_m * 10**decade:.0e}") for decade in range(DECADES + 1)]


@cache
def list_colours(steps: int = STEPS) -> tuple[Rgb, ...]:
    """The scale from near to far as sRGB 0..255."""
    return tuple(_colour_at(step / (steps - 1)) for step in range(steps))


def _colour_at(share: float) -> Rgb:
    lightness, a, b = (near + (far - near) * share for near, far in zip(NEAR, FAR, strict=True))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _to_srgb(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _to_srgb(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _to_srgb(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _to_srgb(light: float) -> int:
    light = min(max(light, 0.0), 1.0)
    value = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * value)
