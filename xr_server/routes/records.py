"""Looking a record up where it may be missing."""

from xr_server.errors import NotFound
from xr_server.parts import Parts
from xr_server.storage.catalog import Name, StoredRecord, load_record


def find_record(parts: Parts, site_id: str, kind: str, record_id: str | None) -> StoredRecord | None:
    """A record by its name; None when there is none."""
    if not record_id:
        return None
    try:
        return load_record(parts.catalog, Name(site_id, kind, record_id))
    except NotFound:
        return None
