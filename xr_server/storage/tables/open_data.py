"""What was released of visits to everyone, for good, and how much privacy that has spent; in the store of events."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from xr_server.storage.tables.stores import event_tables

# A month that was released; written once together with its files, and never changed. epsilon in thousandths.
open_release = Table(
    "open_release",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("released_at", BigInteger, nullable=False),
    Column("account_id", String(64)),
    Column("epsilon_thousandths", Integer, nullable=False),
    Column("most_landmarks", Integer, nullable=False),
    Column("mechanism", String(80), nullable=False),
    Column("tables", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("hidden", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)

# The files of a release, byte for byte as they are served.
open_file = Table(
    "open_file",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("media_type", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# How much of the budget of a calendar year its months have spent, in thousandths of epsilon.
open_budget = Table(
    "open_budget",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("spent_thousandths", Integer, nullable=False),
)
