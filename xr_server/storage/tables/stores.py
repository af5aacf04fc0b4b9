"""The two sets of tables, one for each store.

Moments are integers, milliseconds since 1970-01-01 UTC: the same in SQLite and PostgreSQL, no time zone to lose.
"""

from sqlalchemy import MetaData

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
catalog_tables = MetaData(naming_convention=NAMING)
event_tables = MetaData(naming_convention=NAMING)
