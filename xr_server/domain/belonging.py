"""Where a record belongs, for memberships that hold for a part of the site. Pure."""

from collections.abc import Sequence

from xr_server.domain.catalog import Landmark, Record
from xr_server.domain.guidance import Footpath


def landmark_of(body: Record) -> str:
    """The landmark a record belongs to, a way to the one it starts from; empty: it belongs to the site as a whole."""
    if isinstance(body, Landmark):
        return body.id
    if isinstance(body, Footpath):
        return body.start
    return str(getattr(body, "landmark", "") or "")


def find_users(bodies: Sequence[Record], body: Record) -> list[str]:
    """The ids of the records that stand at a landmark or lead there; none for anything else."""
    if not isinstance(body, Landmark):
        return []
    others = [other for other in bodies if not isinstance(other, Landmark)]
    return [other.id for other in others if body.id in _landmarks_of(other)]


def _landmarks_of(body: Record) -> set[str]:
    if isinstance(body, Footpath):
        return {body.start, body.end}
    return {landmark_of(body), *getattr(body, "landmarks", ())}
