"""One known length against a model: how far it is off, and which unit explains it."""

import pytest

from xr_server.domain.scale import check_scale
from xr_server.errors import Invalid

POINTS = {"a_x": "0", "a_y": "1", "a_z": "0", "b_x": "3", "b_y": "1", "b_z": "-4"}  # 5 m apart


@pytest.mark.parametrize(
    ("real", "unit", "verdict", "percent", "found"),
    [
        ("5", "m", "fits", 0, None),
        ("4.96", "m", "fits", 0.806, None),
        ("4,8", "m", "slight", 4.167, None),
        ("4", "m", "wrong", 25, None),
        ("0.05", "m", "unit", 9900, "cm"),
        ("0.00502", "m", "unit", 99502, "mm"),
        ("1.53", "m", "unit", 226.8, "ft"),
        ("500", "cm", "unit", -99, "m"),
        ("50", "mm", "unit", -90, "cm"),
        ("16.4", "ft", "unit", -69.5, "m"),
        ("2.5", "m", "wrong", 100, None),
    ],
)
def test_a_length_says_how_far_the_model_is_off_and_why(real, unit, verdict, percent, found):
    check = check_scale({**POINTS, "real_m": real}, unit)
    assert check.model_m == 5
    assert (check.verdict, check.unit) == (verdict, found)
    assert check.off_percent == pytest.approx(percent, rel=0.01)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"a_x": ""}, "scale_number"),
        ({"b_z": "nan"}, "scale_number"),
        ({"real_m": "long"}, "scale_real"),
        ({"real_m": "0"}, "scale_real"),
        ({"real_m": "-2"}, "scale_real"),
        ({"b_x": "0", "b_z": "0"}, "scale_same"),
    ],
)
def test_what_is_no_length_is_named(changed, code):
    with pytest.raises(Invalid) as refused:
        check_scale({**POINTS, "real_m": "5", **changed}, "m")
    assert refused.value.code == code
