"""What visitors answered, in the store of events: counts alone, so that nobody's answers stand together anywhere."""

from sqlalchemy import Column, Integer, String, Table

from xr_server.storage.tables.stores import event_tables

# How often a choice was made on a local day in a language. Choice empty: how many answered the question; question empty
# too: how many answered the questionnaire. No hour, no order, no visit.
answer_count = Table(
    "answer_count",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("questionnaire_id", String(64), primary_key=True),
    Column("answered_on", String(10), primary_key=True),
    Column("language", String(12), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("choice", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
)

# Forms that were sent, so that one sent twice counts once; nothing of what it said, and gone after a few days.
answered_form = Table(
    "answered_form",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("token_hash", String(64), primary_key=True),
    Column("forget_on", String(10), nullable=False, index=True),
)
