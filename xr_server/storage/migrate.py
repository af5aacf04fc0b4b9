"""Brings both stores to the newest schema; forward only, one transaction a store."""

from functools import cache
from pathlib import Path
from types import ModuleType

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from xr_server.storage.database import create_store_file
from xr_server.storage.tables import catalog_tables, event_tables

TABLES = {"catalog": catalog_tables, "events": event_tables}


def _config(store: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations" / store))
    return config


def version_table(store: str) -> str:
    """Name of the table that remembers the store's schema; two, since both stores may share one database."""
    return f"schema_version_{store}"


@cache
def _newest(store: str) -> str | None:
    # the migrations are part of the program: reading all their files once is enough for a server that is asked for its
    # health every few seconds
    return ScriptDirectory.from_config(_config(store)).get_current_head()


def migrate(engine: Engine, store: str, until: str = "head") -> None:
    """Run the migrations that the store (`catalog` or `events`) still lacks, up to the number `until`."""
    config = _config(store)
    create_store_file(engine)
    with engine.begin() as connection:
        # several servers may start at once: one migrates, the others wait; and all of it happens or nothing
        lock = (
            "SELECT pg_advisory_xact_lock(20170224)" if connection.dialect.name == "postgresql" else "BEGIN IMMEDIATE"
        )
        connection.exec_driver_sql(lock)
        if until == "head" and _revision(connection, store) == _newest(store):
            return  # as at nearly every start, which need not read every migration then
        config.attributes["connection"] = connection
        command.upgrade(config, until)


def is_current(engine: Engine, store: str) -> bool:
    """Whether the store has the newest schema."""
    with engine.connect() as connection:
        return _revision(connection, store) == _newest(store)


def _revision(connection: Connection, store: str) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": version_table(store)})
    return context.get_current_revision()


def describe_store(engine: Engine, store: str) -> str:
    """`ok` when the store can be reached and has the newest schema, else what is wrong with it."""
    try:
        return "ok" if is_current(engine, store) else "the schema is not this program's: run dejima migrate"
    except SQLAlchemyError as error:
        return f"cannot be reached ({type(error).__name__})"


def run_migrations(context: ModuleType, store: str) -> None:
    """What each store's env.py does: migrate over the connection that `migrate` opened."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=TABLES[store],
        version_table=version_table(store),
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    context.run_migrations()
