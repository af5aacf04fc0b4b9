"""Scans in the queue, and the packages they became."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from xr_server.storage.tables.stores import catalog_tables

package = Table(
    "package",
    catalog_tables,
    Column("digest", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("scan_id", String(36)),
    Column("model", String(200)),  # the bundled model it was made from
    Column("cache_key", String(64)),  # scan + options + pipeline version
    Column("manifest", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("stopped_at", BigInteger),  # taken back because somebody else holds the rights
    Column("stop_reason", Text, nullable=False, server_default=""),
    Index(None, "site_id", "model"),
    Index(None, "cache_key"),
)

scan = Table(
    "scan",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("details", Text, nullable=False),  # JSON of domain/scan.py ScanDetails: title, licence, place, unit, up
    Column("length_bytes", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("stage", String(40), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("worker", String(64)),
    Column("lease_until", BigInteger),
    Column("package_digest", String(64)),
    Column("scene_id", String(64)),  # the scene and experience its creator attached it to
    Column("build_seconds", Float),
    Column("build_peak_bytes", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("original_gone_at", BigInteger),  # when the file itself was deleted; what was built of it stays
    Column(
        "rebuild", Text, nullable=False, server_default=""
    ),  # JSON of domain/rereading.py Reading, until it is built
    Index(None, "state", "lease_until"),
    Index(None, "site_id", "account_id", "created_at"),
)

# What an administrator has said of the room of a site; null: the usual.
site_quota = Table(
    "site_quota",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("account_bytes", BigInteger),
    Column("account_scans", Integer),
    Column("site_bytes", BigInteger),
    Column("site_scans", Integer),
)
