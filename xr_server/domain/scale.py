"""Whether a model is as large as the thing it shows, by one length somebody knows. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from xr_server.errors import Invalid

FITS_PERCENT = 1.0  # a tape along a wall, and two points touched on a coarse level, are no better
SLIGHT_PERCENT = 5.0  # beyond, no tape and no finger is that wrong
UNIT_SLACK = 0.06  # a unit is recognised in spite of that
UNITS_M = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048}
LONGEST_M = 100_000.0
Verdict = Literal["fits", "slight", "wrong", "unit"]
CHECK_FIELDS = ("a_x", "a_y", "a_z", "b_x", "b_y", "b_z", "real_m")


@dataclass(frozen=True)
class ScaleCheck:
    """A length on the model beside the real one, metres; off_percent is positive where the model is too large.

    unit: in what the file seems to be, where a wrongly taken unit explains the difference.
    """

    model_m: float
    real_m: float
    verdict: Verdict
    unit: str | None

    @property
    def off_percent(self) -> float:
        """By how much the model is too large, or (negative) too small."""
        return (self.model_m / self.real_m - 1) * 100


def check_scale(typed: Mapping[str, str], unit: str) -> ScaleCheck:
    """The length between two typed points of a model held against the real one; unit is how the file was read. Raises Invalid."""
    numbers = {name: _number(name, typed.get(name, "")) for name in CHECK_FIELDS}
    model_m = math.dist(*([numbers[f"{end}_{axis}"] for axis in "xyz"] for end in "ab"))
    real_m = numbers["real_m"]
    if not 0 < real_m <= LONGEST_M:
        raise Invalid("scale_real", "The real length is a number of metres above 0, such as 9.09.")
    if model_m == 0:
        raise Invalid("scale_same", "Both points are the same. Choose two that lie apart, the farther the better.")
    off = abs(model_m / real_m - 1) * 100
    if off <= SLIGHT_PERCENT:
        return ScaleCheck(model_m, real_m, "fits" if off <= FITS_PERCENT else "slight", None)
    found = guess_unit(model_m / real_m, unit)
    return ScaleCheck(model_m, real_m, "unit" if found else "wrong", found)


def guess_unit(too_large: float, unit: str) -> str | None:
    """The unit a file seems to be in, when a model read in `unit` came out so many times too large; None: no unit explains it."""
    size_m = UNITS_M.get(unit, 1.0) / too_large
    fits = [name for name, length_m in UNITS_M.items() if name != unit and abs(size_m / length_m - 1) <= UNIT_SLACK]
    return fits[0] if fits else None


def _number(name: str, text: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not abs(value) <= LONGEST_M:  # also false for NaN
        code = "scale_real" if name == "real_m" else "scale_number"
        raise Invalid(code, "Both points need three numbers in metres, and the real length one.")
    return value
