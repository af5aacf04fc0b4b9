"""Works made from others': what each was made from, all the way back, and that its licence fits. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import msgspec

from asset_pipeline.manifest import Credit, Manifest
from xr_server.domain.fields import Digest, Slug, Strict
from xr_server.domain.licence import check_fits
from xr_server.errors import Conflict

MAX_CHAIN = 12
Short = Annotated[str, msgspec.Meta(max_length=300)]


class BasedOn(Strict, frozen=True, kw_only=True):
    """One work that another was made from: its package, the scene it was found in, and what it said of itself then."""

    package: Digest
    scene: Slug | None = None
    title: Short = ""
    creator: Short = ""
    licence: Short = ""


Chain = tuple[BasedOn, ...]
"""What a work was made from, the nearest first."""


def link_to(package: str, scene: str | None, credit: Credit, before: Sequence[BasedOn]) -> Chain:
    """The chain of what is made from a package that has this credit and was itself made from `before`.

    Raises Conflict for a chain that has grown too long to be told.
    """
    first = BasedOn(
        package=package,
        scene=scene,
        title=credit.title[:300],
        creator=credit.creator[:300],
        licence=credit.licence[:300],
    )
    chain = (first, *(link for link in before if link.package != package))
    if len(chain) > MAX_CHAIN:
        raise Conflict(
            "chain_too_long", f"This was made from others in {MAX_CHAIN} steps already. Start from one nearer."
        )
    return chain


def say_link(link: BasedOn) -> str:
    """One work of a chain in a line, as packages and credits name it."""
    said = ", ".join(part for part in (link.creator, link.licence) if part)
    return f"Based on: {link.title or link.package[:12]} ({said or 'not stated'}), package {link.package}"


def check_chain(licence: str, chain: Sequence[BasedOn], stopped: Collection[str]) -> None:
    """Refuse a work whose licence does not fit what it was made from, or which was made from what had to go.

    Raises Conflict.
    """
    if any(link.package in stopped for link in chain):
        raise Conflict(
            "source_stopped",
            "What this was made from was taken back because somebody else holds the rights, so it cannot be shown.",
        )
    for link in chain:
        check_fits(link.licence, licence)


def check_works(
    works: Sequence[tuple[str | None, Chain]], packages: Mapping[str, Manifest], stopped: Collection[str]
) -> None:
    """Refuse a scene that shows a stopped package, or one whose licence does not fit its chain: (digest, chain) each.

    Raises Conflict.
    """
    for digest, chain in works:
        if digest is not None and digest in stopped:
            raise Conflict(
                "package_stopped",
                "A model of this scene was taken back because somebody else holds the rights, so it cannot be shown.",
            )
        manifest = packages.get(digest or "")
        if chain and manifest is not None:
            check_chain(manifest.credit.licence, chain, stopped)
