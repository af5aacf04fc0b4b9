"""The library: every model that visitors are shown, with what others may do with it; and the draft that starts from one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from asset_pipeline.manifest import Credit
from xr_server.domain.catalog import Node, Scene
from xr_server.domain.fields import Text
from xr_server.domain.licence import Use, judge_use
from xr_server.domain.published import Published, node_digest, shown_scenes
from xr_server.domain.remix import Chain, link_to
from xr_server.domain.scan import ScanDetails

MAX_LINE_LENGTH = 200


@dataclass(frozen=True)
class Work:
    """A published model: its package, the scene and node that show it, what it says of itself, and what others may do."""

    digest: str
    scene: Scene
    node: Node
    title: Text
    credit: Credit
    use: Use


def list_works(published: Published) -> list[Work]:
    """Every package that visitors are shown, once, in the order of scenes."""
    titles = {offer.scene: offer.title for offer in reversed(published.experiences)}
    works: dict[str, Work] = {}
    for scene in shown_scenes(published):
        for node in scene.nodes:
            digest = node_digest(node, published.models)
            if digest is None or digest in works:
                continue
            credit = published.packages[digest].credit
            title = titles.get(scene.id, {})
            works[digest] = Work(digest, scene, node, title, credit, judge_use(credit.licence))
    return list(works.values())


def search_works(works: Sequence[Work], words: str) -> list[Work]:
    """Those whose title or maker holds all the words."""
    wanted = words.casefold().split()

    def text_of(work: Work) -> str:
        return " ".join((work.credit.title, work.credit.creator, *work.title.values())).casefold()

    return [work for work in works if all(word in text_of(work) for word in wanted)]


def chain_from(work: Work) -> Chain:
    """What a work that starts from this one is based on. Raises Conflict when the chain is too long."""
    return link_to(work.digest, work.scene.id, work.credit, work.node.based_on)


def details_from(work: Work) -> ScanDetails:
    """What is said of a draft that starts from a work: what its maker says, and where it stands there."""
    place = work.node.placement
    return ScanDetails(
        title=(work.credit.title or work.digest[:12])[:MAX_LINE_LENGTH],
        creator=(work.credit.creator or "-")[:MAX_LINE_LENGTH],
        licence=work.credit.licence[:MAX_LINE_LENGTH],
        lat=place.lat,
        lon=place.lon,
        height=place.h,
        heading=place.heading_deg,
        accuracy=place.accuracy_m,
        provenance=work.node.provenance,
        based_on=chain_from(work),
    )


def node_from(work: Work) -> Node:
    """The node of a draft that starts from a work: the same package, named by its digest, at the same place."""
    node = work.node
    return Node(
        id="scan",
        package=work.digest,
        placement=node.placement,
        ties=node.ties,
        ground_y=node.ground_y,
        provenance=node.provenance,
        sources=node.sources,
        based_on=list(chain_from(work)),
    )
