"""300 visits of one day, as data: who comes when, does what, and what goes wrong on the way.

Every figure of the day follows from this table by counting on one's fingers; tests/test_simulated_day.py has the numbers.

| group    | visits | come at | where to, and how long in sight         | with the model at the gate                        |
|----------|--------|---------|-----------------------------------------|---------------------------------------------------|
| families | 100    | 10      | gate 95 s, house 50 s                   | AR, placed, completed; a stamp at the house       |
| offline  | 20     | 11      | the same, without a line                | the same; heard of on the next morning            |
| link     | 60     | 13      | gate 25 s, garden 200 s; in English     | AR finds no floor; the last 25 look on to the end |
| home     | 40     | 15      | nowhere: desktops; the last 15 English  | completed on the page; the first 12 give no place |
| shy      | 20     | 11      | gate 65 s; tablets                      | camera refused, completed on the page             |
| withdrew | 10     | 12      | gate 30 s, then the house               | none; at the gate they take their consent back    |
| counters | 20     | 14      | gate 65 s; in English                   | none; only the necessary is allowed               |
| signals  | 10     | 14      | the same; in English                    | the same; browsers that ask not to be followed    |
| refused  | 15     | 14      | the same; in English                    | the same; nothing is allowed                      |
| fliers   | 5      | 16      | gate, and 3 s later 600 m away          | none                                              |
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Engine

from tests.phones import Phone, Wish
from tests.samples import EXPERIENCE, GATE, SITE, add_package, make_scene, publish
from xr_server.domain.campaign import Campaign, Link
from xr_server.domain.catalog import Landmark
from xr_server.domain.rally import Rally
from xr_server.settings import Settings

DAY = date(2026, 11, 24)
NEXT_DAY = DAY + timedelta(days=1)
ZONE = ZoneInfo("Asia/Tokyo")
CODE = "ABCDEF"
GATE_AT, HOUSE_AT, GARDEN_AT = (32.7437, 129.8723), (32.7447, 129.8723), (32.7427, 129.8723)
FAR_AT, NOWHERE = (32.7497, 129.8723), (32.7437, 129.8740)
AUTUMN = Campaign(
    id="autumn",
    title={"ja": "秋の出島", "en": "Dejima in autumn"},
    first_on="2026-11-01",
    last_on="2026-11-30",
    links=[Link(code=CODE, to="site", source="poster", medium="print")],
)
RALLY = Rally(
    id="stamps",
    title={"ja": "秋のスタンプ", "en": "Autumn stamps"},
    landmarks=["house"],
    first_on="2026-11-01",
    last_on="2026-11-30",
)
BUSY_S = (15, 60)
"""For so many seconds after 10:20 the server has no room: the last twenty families have come, and are at the gate."""


def moment(hour: int, minute: int = 0, second: float = 0, day: date = DAY) -> int:
    """A moment of a local day in ms UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return round(1000 * (midnight.timestamp() + 3600 * hour + 60 * minute + second))


def fill_site(catalog: Engine, settings: Settings) -> None:
    """Publish the site that is visited: four landmarks, a model at the gate, a campaign with a link, a rally."""
    digest = add_package(catalog, settings.package_dir)
    places = {"house": HOUSE_AT, "garden": GARDEN_AT, "far": FAR_AT}
    for body in (SITE, GATE, *(_landmark(name, *place) for name, place in places.items())):
        publish(catalog, body)
    for other in (make_scene(digest), EXPERIENCE, AUTUMN, RALLY):
        publish(catalog, other)


def _landmark(name: str, lat: float, lon: float) -> Landmark:
    return msgspec.structs.replace(GATE, id=name, name={"ja": name, "en": name.title()}, lat=lat, lon=lon)


def make_day() -> list[Phone]:
    """All 300 phones."""
    return [
        *(_family(number) for number in range(100)),
        *(_offline(number) for number in range(20)),
        *(_by_link(number) for number in range(60)),
        *(_at_home(number) for number in range(40)),
        *(_shy(number) for number in range(20)),
        *(_withdrew(number) for number in range(10)),
        *(_stroll(number, "necessary") for number in range(20)),
        *(_stroll(number, "statistics", "pages_and_servers" if number < 6 else "servers") for number in range(10)),
        *(_stroll(number, "refused") for number in range(15)),
        *(_flier(number) for number in range(5)),
    ]


def _begin(hour: int, number: int) -> int:
    """Twenty come together, every five minutes."""
    return moment(hour, number // 20 * 5)


def _look_round(phone: Phone, act: Callable[[Phone], None], state: str = "statistics", search: str = "") -> Phone:
    phone.open(search=search)
    phone.choose(8, state)
    act(phone)
    return phone


def _family(number: int) -> Phone:
    """17 events, and one more each of the second fifty. Some have trouble, by their number."""
    phone = Phone(_begin(10, number))
    if number < 10:
        phone.do(7, "line", **{"is": "lose"})  # the answer to the first batch, which says that the site was opened
    _look_round(phone, lambda it: _see_gate_and_house(it, 165 if not 30 <= number < 40 else None))
    if (
        20 <= number < 30
    ):  # out of sight for ten seconds, with six events waiting, one of them of that: they are sent twice
        phone.do(116.5, "show", how="hidden")
        phone.do(126.5, "show", how="visible")
    if 30 <= number < 40:  # what they did last is handed over as the page goes away, and never sent again
        phone.stand(165, NOWHERE)
        phone.leave(165.5)
    if 40 <= number < 90:
        phone.tell(90, "hotspot_opened", hotspot="roof")
    if 90 <= number < 97:
        phone.tell(90, "photo_taken")
    return phone


def _see_gate_and_house(phone: Phone, away_s: float | None) -> None:
    phone.stand(20, GATE_AT)
    phone.show_model(21)
    phone.dispatch(22, "ar_changed", ar="searching")
    phone.tell(23, "aligned", by="floor", accuracy="poor")
    phone.tell(23, "scene_placed", by="floor")
    phone.dispatch(23, "ar_changed", ar="placed")
    phone.dispatch(114, "ar_changed", ar="off")
    phone.stand(115, HOUSE_AT)
    phone.tell(116, "stamp_collected", rally="stamps", landmark="house")
    if away_s is not None:
        phone.stand(away_s, NOWHERE)
        phone.leave(away_s + 5)


def _offline(number: int) -> Phone:
    phone = Phone(_begin(11, number))
    phone.do(0, "line", **{"is": "down"})
    _look_round(phone, lambda it: _see_gate_and_house(it, 165))
    next_morning_s = (moment(7, 0, 0, NEXT_DAY) - phone.begins_at) / 1000
    phone.do(next_morning_s, "line", **{"is": "up"})
    phone.open(next_morning_s)
    phone.leave(next_morning_s + 60)
    return phone


def _by_link(number: int) -> Phone:
    def act(phone: Phone) -> None:
        phone.stand(20, GATE_AT)
        phone.show_model(21)
        if number < 12:  # an era that this site never had
            phone.tell(21.5, "era_changed", era="y1900")
        phone.dispatch(22, "ar_changed", ar="searching")
        phone.stand(45, GARDEN_AT)
        phone.tell(60, "failed", reason="no_floor")
        phone.dispatch(61, "ar_changed", ar="off")
        if number < 35:
            phone.dispatch(62, "experience_closed")
        phone.stand(245, NOWHERE)
        phone.leave(250)

    phone, search = Phone(_begin(13, number), "en"), f"?utm_campaign=autumn&utm_id={CODE}"
    if 40 <= number < 50:  # they go on before they choose
        phone.open(search=search)
        phone.leave(4)
        phone.open(5)
        phone.choose(8, "statistics")
        act(phone)
        return phone
    return _look_round(phone, act, search=search)


def _at_home(number: int) -> Phone:
    def act(phone: Phone) -> None:
        if number < 12:
            phone.dispatch(9, "location_declined")
        phone.dispatch(15, "experience_opened", experience="gate-visit")
        phone.show_model(16)
        phone.leave(60)

    return _look_round(Phone(_begin(15, number), "ja" if number < 25 else "en", "desktop"), act)


def _shy(number: int) -> Phone:
    def act(phone: Phone) -> None:
        phone.stand(20, GATE_AT)
        phone.show_model(21)
        phone.tell(22, "permission_refused", permission="camera")
        phone.dispatch(22, "ar_changed", ar="failed")
        phone.stand(85, NOWHERE)
        phone.leave(90)

    return _look_round(Phone(_begin(11, number), device="tablet"), act)


def _withdrew(number: int) -> Phone:
    def act(phone: Phone) -> None:
        phone.stand(20, GATE_AT)
        phone.choose(50, "refused")
        phone.stand(60, HOUSE_AT)
        phone.leave(90)

    return _look_round(Phone(_begin(12, number)), act)


def _stroll(number: int, state: str, wish: Wish = "none") -> Phone:
    """7 events, where they are counted."""

    def act(phone: Phone) -> None:
        phone.stand(20, GATE_AT)
        phone.stand(85, NOWHERE)
        phone.leave(90)

    return _look_round(Phone(_begin(14, number), "en", wish=wish), act, state)


def _flier(number: int) -> Phone:
    def act(phone: Phone) -> None:
        phone.stand(20, GATE_AT)
        phone.stand(23, FAR_AT)
        phone.leave(30)

    return _look_round(Phone(_begin(16, number)), act)
