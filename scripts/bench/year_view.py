"""What the calendar of a year costs at the desk with two thousand rules: the first look, the next ones, and after a change.

A site of fifty landmarks and two thousand experiences, each with dates of its own by rules of all kinds; every tenth
needs its landmark for itself of an evening. Measured is the whole answer of the server, in its own process, as signed-in
staff get it. A server makes the plan ready in the background after its start; --at-once measures a look that comes
before any of that is done.
Usage: python scripts/bench/year_view.py [--rules 2000] [--landmarks 50] [--looks 15] [--at-once]
"""

import argparse
import gc
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Engine, insert
from starlette.testclient import TestClient

from xr_server.app import create_app, migrate_stores
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Experience, Landmark, Node, Origin, Placement, Record, Scene, Site, Trigger
from xr_server.domain.lanes import count_expansions
from xr_server.domain.season import (
    Always,
    BetweenRule,
    ByRule,
    InSeason,
    LunarRule,
    OnDates,
    RecurringRule,
    Schedule,
    Season,
    YearlyRule,
)
from xr_server.routes.planning import prepare_pages
from xr_server.settings import read_settings
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import Change, Name, kind_of, load_record, save_published
from xr_server.storage.database import open_engine
from xr_server.storage.foresight import Foresight
from xr_server.storage.tables.records import publication, record, record_revision

AT = 1_796_000_000_000  # a day late in 2026, in ms UTC
LIMIT_MS = 200
YEAR = "/desk/calendar/2027"
PASSWORD = "water gate 1820"  # noqa: S105 - of an account that lives as long as this program


def schedule(number: int, chance: random.Random) -> Schedule:
    """Dates by a rule of each kind in turn; no two say the same."""
    month, day, lasts = chance.randint(1, 12), chance.randint(1, 28), chance.randint(1, 40)
    days = (
        ByRule(rule=YearlyRule(rrule=f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}", duration_days=lasts)),
        ByRule(
            rule=RecurringRule(rrule="FREQ=WEEKLY;BYDAY=SA", starts_on=f"20{10 + number % 16:02}-{month:02}-{day:02}")
        ),
        OnDates(ranges=[(f"2027-{month:02}-{day:02}", f"2028-{month:02}-{day:02}")]),
        ByRule(rule=LunarRule(month=month, day=day, duration_days=lasts)),
        ByRule(rule=BetweenRule(first=f"{month:02}-{day:02}", last=f"{13 - month:02}-{1 + number % 28:02}")),
        InSeason(season="winter"),
        Always(),
    )[number % 7]
    alone = number % 10 == 0
    hours = ("18:00", "21:00") if alone else ((None, None), ("10:00", "17:00"), ("sunset", "22:00"))[number % 3]
    return Schedule(
        id=f"e{number}",
        experience=f"e{number}",
        days=days,
        opens_at=hours[0],
        closes_at=hours[1],
        weekdays=["FR", "SA", "SU"] if number % 5 == 0 else [],
        valid_from=f"2026-{1 + number % 12:02}-{1 + number % 28:02}",
        exclusive=alone,
    )


def bodies(rules: int, landmarks: int, chance: random.Random) -> Iterator[Record]:
    """The site's records."""
    origin = Origin(lat=32.7435, lon=129.8731, h=34.5)
    yield Site(
        id="dejima", name={"ja": "出島", "en": "Dejima"}, origin=origin, time_zone="Asia/Tokyo", languages=["ja", "en"]
    )
    rule = YearlyRule(rrule="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1", duration_days=60)
    yield Season(id="winter", name={"en": "Winter"}, rule=rule)
    for number in range(landmarks):
        yield Landmark(id=f"l{number}", name={"en": f"House {number}"}, category="house", status="lost")
    for number in range(rules):
        landmark, name = f"l{number % landmarks}", f"e{number}"
        place = Placement(lat=32.7435, lon=129.8731, h=34.5, accuracy_m=15)
        node = Node(id="house", model="house", placement=place)
        yield Scene(id=name, landmark=landmark, nodes=[node], credit={"en": "Made for a bench", "ja": "計測用"})
        yield Experience(
            id=name, title={"en": f"Evening {number}"}, landmark=landmark, scene=name, trigger=Trigger(kind="geofence")
        )
        yield schedule(number, chance)


def fill(catalog: Engine, rules: int, landmarks: int) -> None:
    """Everything published, by few statements."""
    found = [(kind_of(body), body.id, body) for body in bodies(rules, landmarks, random.Random(1636))]  # noqa: S311
    common = [{"site_id": "dejima", "kind": kind, "id": name} for kind, name, _ in found]
    state = {"revision": 1, "state": "published", "published_revision": 1, "updated_at": AT}
    stored = [msgspec.json.encode(body).decode() for _, _, body in found]
    with catalog.begin() as connection:
        connection.execute(insert(record), [{**one, **state} for one in common])
        revision = {"revision": 1, "account_id": None, "created_at": AT}
        rows = [{**one, **revision, "body": body} for one, body in zip(common, stored, strict=True)]
        connection.execute(insert(record_revision), rows)
        connection.execute(insert(publication).values(site_id="dejima", revision=1, published_at=AT))


def sign_in(client: TestClient) -> None:
    """A session of staff."""
    token = re.search(r'name="login_token" value="(\w+)"', client.get("/login").text)
    values = {"login_token": token[1] if token else "", "name": "sato", "password": PASSWORD, "next": ""}
    if client.post("/login", data=values, follow_redirects=False).status_code != 303:
        sys.exit("Staff could not sign in.")


def look(client: TestClient, path: str = YEAR) -> tuple[float, float]:
    """How long one look takes, and its processor time, in ms. Ends when the page is not there."""
    started, worked = time.perf_counter(), time.process_time()
    answer = client.get(path)
    if answer.status_code != 200:
        sys.exit(f"{path} answered {answer.status_code}")
    return 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - worked)


def say(label: str, looks: list[tuple[float, float]]) -> float:
    """Print the medians; gives that of the time on the clock."""
    whole, worked = (statistics.median(values) for values in zip(*looks, strict=True))
    print(f"{label}: median {whole:.0f} ms, most {max(one for one, _ in looks):.0f} ms; {worked:.0f} ms of a processor")
    return whole


def change_one(catalog: Engine, number: int) -> None:
    """Publish other dates of one experience."""
    stored = load_record(catalog, Name("dejima", "schedule", f"e{number}"))
    other = OnDates(ranges=[(f"2027-03-{1 + number % 28:02}", "2027-04-30")])
    body = msgspec.structs.replace(stored.body, days=other, valid_from=None)  # type: ignore[type-var]
    save_published(catalog, "dejima", body, stored.revision, Change(AT))


def make_ready(catalog: Engine) -> None:
    """What a server does in the background after its start, and what that takes."""
    foresight = Foresight(catalog, lambda: {"dejima": ZoneInfo("Asia/Tokyo")}, lambda: AT, prepare_pages)
    started, worked = time.perf_counter(), time.thread_time()
    foresight.look_ahead()
    whole, work = time.perf_counter() - started, time.thread_time() - worked
    print(f"made ready in the background: {1000 * whole:.0f} ms, {1000 * work:.0f} ms of a processor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=2000)
    parser.add_argument("--landmarks", type=int, default=50)
    parser.add_argument("--looks", type=int, default=15)
    parser.add_argument("--at-once", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({"DEJIMA_DATA_DIR": str(Path(folder))})
        catalog, events = open_engine(settings.catalog_url), open_engine(settings.events_url)
        migrate_stores(catalog, events)
        fill(catalog, options.rules, options.landmarks)
        add_account(catalog, NewAccount("dejima", "sato", "staff", PASSWORD), AT, random.Random(1).randbytes)  # noqa: S311
        # without entering it: nothing is compiled for visitors beside what is measured
        client = TestClient(create_app(settings, clock=lambda: AT), base_url="http://localhost")
        sign_in(client)
        gc.collect()
        gc.freeze()  # as a server does after its start
        if not options.at_once:
            make_ready(catalog)
        first, again, changed = look(client), [], []
        for _ in range(options.looks):
            before = count_expansions()
            again.append(look(client))
            if count_expansions() != before:
                sys.exit("A rule was expanded again.")
        for number in range(options.looks):
            change_one(catalog, number * 7)
            changed.append(look(client))
        page_bytes = len(client.get(YEAR).content)
        print(f"{options.rules} rules at {options.landmarks} landmarks, page of {page_bytes / 1000:.0f} kB")
        say(f"first look of a server{', at once' if options.at_once else ''}", [first])
        say("looking again", again)
        whole = max(first[0], say("after a change", changed))
        say("a month", [look(client, f"{YEAR}/2") for _ in range(options.looks)])
        print(f"{'within' if whole <= LIMIT_MS else 'over'} {LIMIT_MS} ms")
        catalog.dispose()
        events.dispose()


if __name__ == "__main__":
    main()
