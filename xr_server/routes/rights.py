"""What licences allow, held against works as they are sent, handed in and published."""

import msgspec

from xr_server.domain.catalog import Scene
from xr_server.domain.library import Work, chain_from, list_works
from xr_server.domain.licence import check_may_start
from xr_server.domain.published import Published, gather, node_digest, packages_behind
from xr_server.domain.remix import check_chain, check_works
from xr_server.domain.scan import Upload
from xr_server.errors import NotFound
from xr_server.parts import Parts
from xr_server.storage.catalog import StoredRecord, load_published
from xr_server.storage.packages import load_packages
from xr_server.storage.pupils import list_pupil_packages
from xr_server.storage.stopping import load_stopped


def load_site(parts: Parts, site_id: str) -> Published | None:
    """Everything published of a site; None before anything is."""
    stopped = load_stopped(parts.catalog, site_id)
    return gather(load_published(parts.catalog, site_id), *load_packages(parts.catalog, site_id), stopped)


def list_open_works(parts: Parts, site_id: str) -> list[Work]:
    """The models that visitors are shown, but for those of pupils, which are deleted with their class."""
    published = load_site(parts, site_id)
    pupils = list_pupil_packages(parts.catalog, site_id)
    works = list_works(published) if published is not None else []
    return [work for work in works if work.digest not in pupils]


def find_work(parts: Parts, site_id: str, digest: str) -> Work:
    """A model that visitors are shown. Raises NotFound."""
    for work in list_open_works(parts, site_id):
        if work.digest == digest:
            return work
    raise NotFound("work_unknown", "Visitors are not shown a model of this name, or not any more. See the library.")


def with_sources(parts: Parts, site_id: str, upload: Upload) -> Upload:
    """The upload with all that it was made from, when it names a published model; held against the licences.

    Raises NotFound, Conflict.
    """
    if not upload.details.based_on:
        return upload
    work = find_work(parts, site_id, upload.details.based_on[0].package)
    check_may_start(work.credit.licence)
    chain = chain_from(work)
    check_chain(upload.details.licence, chain, frozenset())
    return msgspec.structs.replace(upload, details=msgspec.structs.replace(upload.details, based_on=chain))


def is_stopped(parts: Parts, scene: StoredRecord | None) -> bool:
    """Whether a scene shows a model, or something made from one, that was taken back for rights."""
    if scene is None or not isinstance(scene.body, Scene):
        return False
    stopped = load_stopped(parts.catalog, scene.site_id)
    return bool(stopped) and bool(packages_behind(scene.body, load_packages(parts.catalog, scene.site_id)[1]) & stopped)


def check_rights(parts: Parts, scene: StoredRecord) -> None:
    """Refuse a scene whose models may not be shown, or whose licences do not fit what they were made from.

    Raises Conflict.
    """
    if not isinstance(scene.body, Scene):
        return
    packages, models = load_packages(parts.catalog, scene.site_id)
    works = [(node_digest(node, models), tuple(node.based_on)) for node in scene.body.nodes]
    check_works(works, packages, load_stopped(parts.catalog, scene.site_id))
