"""The map as a drawing: where things lie on it, in metres from the site's origin."""

import re
from typing import Any

from xr_server.routes.island import draw_island

FAN = [[129.872, 32.743], [129.874, 32.743], [129.874, 32.744], [129.872, 32.744], [129.872, 32.743]]


def _document(**values: Any) -> dict[str, Any]:
    outline = {"id": "fan", "name": "", "status": "", "lat": None, "lon": None}
    return {
        "site": {"origin": {"lat": 32.7435, "lon": 129.873, "h": 34.5}},
        "landmarks": [{**outline, "geometry": {"type": "Polygon", "coordinates": [FAN]}}],
        **values,
    }


def _numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.\d+", path)]


def test_ways_and_edges_lie_where_they_are_east_to_the_right_and_north_up() -> None:
    north_east = [32.7437, 129.8732]
    line = [[32.7435, 129.873], north_east]
    island = draw_island(_document(paths=[{"points": line}], hazards=[{"lines": [line, line[::-1]]}]))
    x_m, y_m = 0.0002 * island.x_per_deg, -0.0002 * island.y_per_deg
    assert _numbers(island.ways[0]) == [0.0, 0.0, round(x_m, 1), round(y_m, 1)]
    assert 18 < x_m < 19.5
    assert -22.5 < y_m < -22
    assert len(island.edges) == 2
    assert _numbers(island.edges[1])[:2] == [round(x_m, 1), round(y_m, 1)]


def test_a_site_without_ways_has_none_drawn() -> None:
    island = draw_island(_document())
    assert island.ways == island.edges == ()
