"""A month of visits in the stores, as the server would have summed them up, and what its tables are about."""

import msgspec
from sqlalchemy import Engine, insert

from xr_server.domain.open_figures import Universe
from xr_server.domain.open_month import Month
from xr_server.domain.open_tables import Names
from xr_server.domain.visit_facts import Seen, Stay, VisitFacts
from xr_server.storage.database import insert_into
from xr_server.storage.tables.figures import summed_day, summing, visit

AFTER = 1_796_731_200_000  # 2026-12-08 21:00 in Nagasaki: November is final
MONTH = Month(
    site_id="dejima",
    site_name={"ja": "出島", "en": "Dejima"},
    time_zone="Asia/Tokyo",
    universe=Universe("2026-11", ("water-gate", "well"), ("lantern",)),
    names=Names(
        {"water-gate": {"ja": "水門", "en": "Water Gate"}, "well": {"ja": "井戸", "en": "Well"}},
        {"lantern": {"ja": "灯", "en": "Lantern"}},
    ),
)
FACTS = VisitFacts(
    language="ja",
    device="phone",
    here=True,
    campaign="lantern",
    stays=(Stay("water-gate", 10, 60), Stay("well", 11, 30)),
    experiences={"gate-visit": Seen(4, 3)},
)


def fill_month(events: Engine, a_day: int = 20, month: str = "2026-11", days: int = 30, final: bool = True) -> None:
    """As many visits on each day, every fourth of them from home."""
    at_home = VisitFacts(language="en", device="desktop")
    visits, rows = [], []
    for day in range(1, days + 1):
        on = f"{month}-{day:02}"
        for number in range(a_day):
            facts = msgspec.json.encode(at_home if number % 4 == 3 else FACTS).decode()
            key = f"{on} {number}".encode().ljust(32)
            visits.append({"visit_key": key, "site_id": "dejima", "day_on": on, "facts": facts})
        rows.append({"site_id": "dejima", "day_on": on, "summed_at": AFTER, "visits": a_day, "final": final})
    with events.begin() as connection:
        connection.execute(insert(visit), visits)
        connection.execute(insert(summed_day), rows)
        statement = insert_into(connection, summing).values(site_id="dejima", received_until=AFTER, lease_until=0)
        until = {"received_until": AFTER}  # a server that runs already has begun to sum up
        connection.execute(statement.on_conflict_do_update(index_elements=["site_id"], set_=until))
