"""What visits come to, in the store of events: each visit summed up, figures by day, and what of them may be told."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from xr_server.storage.tables.stores import event_tables

# One visit that allows statistics, summed up (domain/visit_facts.py); kept 13 months. It lies within one local day.
visit = Table(
    "visit",
    event_tables,
    Column("visit_key", LargeBinary(32), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("day_on", String(10), nullable=False),
    Column("facts", Text, nullable=False),
    Index(None, "site_id", "day_on"),
)

# Of how many visits of a day something is true: narrow, kept for good, and never shown as it stands. figure, part and
# atom are those of domain/families.py.
day_figure = Table(
    "day_figure",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("figure", String(20), primary_key=True),
    Column("day_on", String(10), primary_key=True),
    Column("part", String(140), primary_key=True),
    Column("atom", String(64), primary_key=True),
    Column("visits", Integer, nullable=False),
)

# What staff may be shown: numbers of visits over whole runs of days, none of which stands for fewer than ten, nor any
# difference of two (domain/release.py). Written once a day is final, and never changed.
released_block = Table(
    "released_block",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("figure", String(20), primary_key=True),
    Column("first_on", String(10), primary_key=True),
    Column("part", String(140), primary_key=True),
    Column("atom", String(64), primary_key=True),
    Column("last_on", String(10), nullable=False),
    Column("visits", Integer, nullable=False),
    # all of a row: the blocks that touch a period are read from it alone
    Index("ix_released_block_by_last_day", "site_id", "figure", "last_on", "first_on", "part", "atom", "visits"),
)

# How the data stand: how many events were taken, were too late, were refused, and why. Numbers of events, not of people.
day_quality = Table(
    "day_quality",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("day_on", String(10), primary_key=True),
    Column("what", String(40), primary_key=True),
    Column("count", Integer, nullable=False),
)

# Which days are summed up. final: no event of that day is taken any more, and its figures will not change.
summed_day = Table(
    "summed_day",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("day_on", String(10), primary_key=True),
    Column("summed_at", BigInteger, nullable=False),
    Column("visits", Integer, nullable=False),
    Column("final", Boolean, nullable=False),
)

# How far summing up has come: events received up to then are in; who does it now holds the lease.
summing = Table(
    "summing",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("received_until", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
)
