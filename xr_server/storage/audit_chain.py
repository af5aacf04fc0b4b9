"""The audit log's chain: every entry gets its hash in the transaction that writes it, as its last step; and is checked here.

As the last step, because whoever makes a link keeps others from making one until the transaction ends: nothing else is
locked after that, so two of them never wait for each other.
"""

from collections.abc import Generator
from contextlib import closing
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Transaction, event, func, insert, select

from xr_server.domain.audit_chain import START, Link, Sealed, Verdict, check_chain, seal
from xr_server.storage.tables.audit import audit_entry, audit_link

LOCK = "SELECT pg_advisory_xact_lock(20170225)"  # of all sites at once: a transaction may write about two of them
ROWS_AT_ONCE = 1000
_waiting: WeakKeyDictionary[Transaction, list[Sealed]] = WeakKeyDictionary()


def chain_at_commit(connection: Connection, entry: Sealed) -> None:
    """Have an entry of the open transaction chained when it commits; when it is rolled back, nothing is left of both."""
    transaction = connection.get_transaction()
    if transaction is None:
        raise RuntimeError("the audit log is written within a transaction")
    if transaction not in _waiting:
        _waiting[transaction] = []
        if not event.contains(connection, "commit", _chain):
            event.listen(connection, "commit", _chain)
    _waiting[transaction].append(entry)


def _chain(connection: Connection) -> None:
    transaction = connection.get_transaction()
    entries = _waiting.pop(transaction, []) if transaction is not None else []
    if not entries:
        return
    if connection.dialect.name == "postgresql":  # SQLite has one writer, and this one has written its entry already
        connection.exec_driver_sql(LOCK)
    heads: dict[str, tuple[int, str]] = {}
    links = []
    for entry in sorted(entries, key=lambda one: one.number):
        place, before = heads[entry.site_id] if entry.site_id in heads else _load_head(connection, entry.site_id)
        heads[entry.site_id] = place + 1, seal(before, entry)
        place, made = heads[entry.site_id]
        links.append({"site_id": entry.site_id, "place": place, "number": entry.number, "hash": made})
    connection.execute(insert(audit_link), links)


def _load_head(connection: Connection, site_id: str) -> tuple[int, str]:
    query = select(audit_link.c.place, audit_link.c.hash).where(audit_link.c.site_id == site_id)
    row = connection.execute(query.order_by(audit_link.c.place.desc()).limit(1)).first()
    return (0, START) if row is None else (row.place, row.hash)


def verify_chain(catalog: Engine, site_id: str, expected: str = "") -> Verdict:
    """Check a site's log from its first entry; expected: a hash that was noted outside, which has to be in it still.

    What is written meanwhile counts or not, but never half: all is read of one moment.
    """
    with catalog.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            connection.exec_driver_sql("BEGIN")  # the driver begins none for reading alone
        unchained = _find_unchained(connection, site_id)
        with closing(_links(connection, site_id)) as links:  # at a fault the rest is not read
            return check_chain(links, unchained, expected)


def _links(connection: Connection, site_id: str) -> Generator[Link, None, None]:
    sealed = [audit_entry.c[name].label(f"entry_{name}") for name in Sealed.__dataclass_fields__]
    joined = audit_link.outerjoin(audit_entry, audit_entry.c.number == audit_link.c.number)
    query = select(audit_link, *sealed).select_from(joined).where(audit_link.c.site_id == site_id)
    query = query.order_by(audit_link.c.place).execution_options(yield_per=ROWS_AT_ONCE)
    with connection.execute(query) as found:
        for row in found:
            there = row.entry_number is not None
            values = {name: getattr(row, f"entry_{name}") for name in Sealed.__dataclass_fields__}
            yield Link(row.place, row.number, row.hash, Sealed(**values) if there else None)


def _find_unchained(connection: Connection, site_id: str) -> int | None:
    joined = audit_entry.outerjoin(audit_link, audit_entry.c.number == audit_link.c.number)
    query = select(func.min(audit_entry.c.number)).select_from(joined)
    number: int | None = connection.execute(
        query.where(audit_entry.c.site_id == site_id, audit_link.c.number.is_(None))
    ).scalar()
    return number


def list_logs(catalog: Engine) -> list[str]:
    """The sites that have a log."""
    entries = select(audit_entry.c.site_id).union(select(audit_link.c.site_id)).order_by("site_id")
    with catalog.connect() as connection:
        return list(connection.scalars(entries))
