"""What is declared of the models of a scene, for those who decide: by which permission, and that nobody can be recognised."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from asset_pipeline.licences import licence_url
from xr_server.domain.catalog import Scene, Site
from xr_server.domain.licence import Use, judge_use
from xr_server.domain.permission import Advice, Visit, advise
from xr_server.domain.published import node_digest
from xr_server.parts import Parts
from xr_server.storage.accounts import load_names
from xr_server.storage.catalog import StoredRecord, load_bodies
from xr_server.storage.packages import load_packages
from xr_server.storage.permissions import Permission, find_by_number
from xr_server.storage.scans import StoredScan, find_scans_of


@dataclass(frozen=True)
class Declared:
    """A model of a scene with what its creator has said of the scan; scan None: there is none, or not any more.

    content: it came with the site's content. advice: what is odd about the permission, `none` where none is named.
    """

    scan: StoredScan | None
    content: bool
    sender: str = ""
    permission: Permission | None = None
    advice: Advice | str | None = None
    licence: str = ""

    @property
    def use(self) -> Use:
        """What the licence lets others do."""
        return judge_use(self.licence)

    @property
    def licence_url(self) -> str | None:
        """Where the licence can be read, if it is a known one."""
        return licence_url(self.licence)

    @property
    def concerns(self) -> int:
        """How much of it wants a look before it is published."""
        if self.content:
            return 0
        unsaid = self.scan is None or not self.scan.details.no_persons
        return int(unsaid) + int(self.advice is not None) + int(self.use in ("unknown", "not_stated"))


def declare_models(parts: Parts, scene: StoredRecord | None) -> dict[str, Declared]:
    """What is declared of each model of a scene, by the id of its node."""
    if scene is None or not isinstance(scene.body, Scene):
        return {}
    manifests, models = load_packages(parts.catalog, scene.site_id)
    digests = {node.id: node_digest(node, models) for node in scene.body.nodes}
    scans = find_scans_of(parts.catalog, scene.site_id, {one for one in digests.values() if one}, scene.id)
    names = load_names(parts.catalog, {stored.account_id for stored in scans.values()})
    declared = {}
    for node in scene.body.nodes:
        digest = digests[node.id] or ""
        stored, manifest = scans.get(digest), manifests.get(digest)
        licence = manifest.credit.licence if manifest else ""
        if stored is None:
            declared[node.id] = Declared(None, node.model is not None, licence=licence)
        else:
            found, advice = _find_permission(parts, stored, scene.body.landmark)
            declared[node.id] = Declared(stored, False, names.get(stored.account_id, ""), found, advice, licence)
    return declared


def _find_permission(parts: Parts, stored: StoredScan, landmark: str) -> tuple[Permission | None, Advice | str | None]:
    number = stored.details.permission
    if not number:
        return None, "none"
    found = find_by_number(parts.catalog, stored.site_id, number)
    return found, _advise(parts, stored, found, landmark)


def advise_permission(parts: Parts, stored: StoredScan, landmark: str | None) -> Advice | None:
    """What is odd about the permission that a scan names, of which nothing is refused; None when it fits or names none."""
    number = stored.details.permission
    if not number:
        return None
    return _advise(parts, stored, find_by_number(parts.catalog, stored.site_id, number), landmark)


def _advise(parts: Parts, stored: StoredScan, found: Permission | None, landmark: str | None) -> Advice | None:
    site = load_bodies(parts.catalog, stored.site_id, {("site", stored.site_id)}).get(("site", stored.site_id))
    zone = ZoneInfo(site.time_zone if isinstance(site, Site) else "UTC")
    sent_on = datetime.fromtimestamp(stored.created_at / 1000, zone).date().isoformat()
    visit = Visit(landmark, sent_on, stored.details.surveyed_on)
    if found is None:
        return advise(None, is_own=False, wish=None, visit=visit)
    return advise(found.state, found.account_id in (None, stored.account_id), found.wish, visit)
