import re
from urllib.parse import unquote

import pytest

from xr_server.domain.original import DAY_MS, clean_name, kept_until, say_disposition


def test_an_original_is_kept_for_ever_or_for_so_many_days():
    assert kept_until(1000, None) is None
    assert kept_until(1000, 30) == 1000 + 30 * DAY_MS


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        ("wall.ply", "wall.ply"),
        ("出島 石垣.zip", "出島 石垣.zip"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\wall.obj", "wall.obj"),
        ("gpj.\u202elive.ply", "gpj.live.ply"),
        ("a\r\nSet-Cookie: x=1.ply", "aSet-Cookie: x=1.ply"),
        ("....", "scan"),
        ("\u200b", "scan"),
    ],
)
def test_a_name_that_was_typed_is_made_harmless(typed, saved):
    assert clean_name(typed) == saved


@pytest.mark.parametrize("name", ["wall.ply", "出島 石垣.zip", 'a"b;c.ply', "100% näher.obj", "../x", "\r\nEvil: 1"])
def test_the_header_saves_the_name_and_nothing_more(name):
    header = say_disposition(name)
    assert header.isascii() and "\r" not in header and "\n" not in header
    plain, saved = re.fullmatch(r"attachment; filename=\"([^\"\\;]*)\"; filename\*=UTF-8''([\w.~%-]+)", header).groups()
    assert unquote(saved) == clean_name(name) and len(plain) == len(clean_name(name))
