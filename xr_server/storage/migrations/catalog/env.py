"""Alembic's way into the catalog store; the connection is handed over by xr_server.storage.migrate."""

from alembic import context

from xr_server.storage.migrate import run_migrations

run_migrations(context, "catalog")
