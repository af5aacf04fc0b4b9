"""The tables of the two stores: `catalog` (small, precious) and `events` (append, prune)."""

from xr_server.storage.tables import (
    answers,
    approvals,
    audit,
    campaigns,
    classes,
    events,
    figures,
    groups,
    memories,
    news,
    people,
    permissions,
    records,
    retention,
    scans,
    texts,
    vouchers,
)
from xr_server.storage.tables.stores import catalog_tables, event_tables

__all__ = [
    "answers",
    "approvals",
    "audit",
    "campaigns",
    "catalog_tables",
    "classes",
    "event_tables",
    "events",
    "figures",
    "groups",
    "memories",
    "news",
    "people",
    "permissions",
    "records",
    "retention",
    "scans",
    "texts",
    "vouchers",
]
