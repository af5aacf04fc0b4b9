"""What lies in the part of a site that a membership is for: records, scans, models, and what the log tells of them."""

from collections.abc import Iterator

from xr_server.domain.account import Session, may_at
from xr_server.domain.belonging import landmark_of
from xr_server.domain.catalog import Record, Scene
from xr_server.domain.published import packages_behind
from xr_server.domain.season import Schedule
from xr_server.errors import Forbidden
from xr_server.parts import Parts
from xr_server.storage.catalog import list_records, load_published
from xr_server.storage.lists import list_scan_ids
from xr_server.storage.media_library import load_uses
from xr_server.storage.packages import list_works, load_packages
from xr_server.storage.permissions import list_permissions

PLACED = ("scene", "experience", "sign", "schedule", "path", "hazard", "notice")
Thing = tuple[str, str]
"""Kind and id, as the log names it."""


def things_within(parts: Parts, session: Session) -> frozenset[Thing] | None:
    """Everything at the landmarks that an account is limited to; None without a limit. What has no place is not in it."""
    records = records_within(parts, session)
    if records is None:
        return None
    scenes = frozenset(name for kind, name in records if kind in ("scene", "experience"))
    found = {("scan", scan_id) for scan_id in list_scan_ids(parts.catalog, session.site_id, scenes)}
    found |= {("package", digest) for digest in packages_within(parts, session) or ()}
    found |= {
        ("permission", one.id)
        for one in list_permissions(parts.catalog, session.site_id)
        if session.landmarks & set(one.wish.landmarks)
    }
    return records | found


def records_within(parts: Parts, session: Session) -> frozenset[Thing] | None:
    """The records among them."""
    return frozenset(_records_within(parts, session)) if session.landmarks else None


def _records_within(parts: Parts, session: Session) -> Iterator[Thing]:
    yield from (("landmark", name) for name in session.landmarks)
    bodies = _bodies(parts, session, PLACED)
    here = {thing for thing, body in bodies.items() if landmark_of(body) in session.landmarks}
    yield from here
    dated = ((thing, body.experience) for thing, body in bodies.items() if isinstance(body, Schedule))
    yield from (thing for thing, experience in dated if ("experience", experience) in here)
    uses = load_uses(parts.catalog, session.site_id).items()
    yield from (("media", name) for name, all_of in uses if any((u.record_kind, u.record_id) in here for u in all_of))


def _bodies(parts: Parts, session: Session, kinds: tuple[str, ...]) -> dict[Thing, Record]:
    stored = (one for kind in kinds for one in list_records(parts.catalog, session.site_id, kind))
    return {(one.kind, one.id): one.body for one in stored}


def packages_within(parts: Parts, session: Session) -> frozenset[str] | None:
    """The models that scenes there show, as drafts or to visitors, and others of the same scans; None without a limit."""
    if not session.landmarks:
        return None
    _, models = load_packages(parts.catalog, session.site_id)
    drafts = [one.body for one in list_records(parts.catalog, session.site_id, "scene")]
    bodies = (one for one in (*drafts, *load_published(parts.catalog, session.site_id)) if isinstance(one, Scene))
    here = [packages_behind(one, models) for one in bodies if may_at(session, one.landmark)]
    return list_works(parts.catalog, session.site_id, frozenset().union(*here))


def check_package_within(parts: Parts, session: Session, digest: str) -> None:
    """Refuse a model that no scene shows in the part of the site that a membership is for. Raises Forbidden."""
    within = packages_within(parts, session)
    if within is not None and digest not in within:
        raise Forbidden(
            "part_not_yours",
            "Your account is for a part of the site, and this is outside it. Nothing was changed; ask an administrator.",
        )
