"""What is said about a scan, changed after it was built: the form's words, and the records that show it. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from xr_server.domain.catalog import Experience, Scene
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.said import NAME, choose_licence, find_faults, gather
from xr_server.domain.scan import ScanDetails, parse_details

RESTATED = (
    "title", "creator", "licence", "licence_own", "provenance", "period", "surveyed_on", "sources", "credit_line",
    "permission", "no_persons", *(NAME + language for language in LANGUAGES),
)  # fmt: skip
"""What may be said anew without building: the rest says how the file was read, or where it stands."""

Said = tuple[str, ScanDetails]
"""A package's digest, and what is said about it."""


def judge_details(typed: Mapping[str, str]) -> Mapping[str, str]:
    """What is wrong with what was typed, by field: `missing`, `too_long`, `too_many`, `no_date`."""
    return find_faults(gather(typed))


def read_details(typed: Mapping[str, str], before: ScanDetails) -> ScanDetails:
    """The details with what was typed in place of it; names in languages that were not asked for stay. Raises Invalid."""
    said = gather({"no_persons": "", **{name: text.strip() for name, text in typed.items() if name in RESTATED}})
    unasked = {language: name for language, name in before.names.items() if NAME + language not in typed}
    return parse_details({**msgspec.to_builtins(before), **said, "names": {**unasked, **said.get("names", {})}})


def type_details(details: ScanDetails) -> dict[str, Any]:
    """What the form shows."""
    licence, own = choose_licence(details.licence)
    names = {str(language): name for language, name in details.names.items()}
    return {
        **{name: getattr(details, name) for name in ("title", "creator", "provenance", "period", "credit_line")},
        "licence": licence,
        "licence_own": own,
        "permission": details.permission,
        "surveyed_on": details.surveyed_on or "",
        "sources": "\n".join(details.sources),
        "no_persons": "yes" if details.no_persons else "",
        **{NAME + language: names.get(language, "") for language in LANGUAGES},
    }


def credit_of(details: ScanDetails) -> str:
    """How visitors are told of a scan: its creator's own line, else maker and licence."""
    return details.credit_line or f"{details.creator}, {details.licence}"


def put_package(scene: Scene, node_id: str, digest: str) -> Scene:
    """The scene with another package on one of its nodes; what the node was said to rest on stays."""
    nodes = [
        msgspec.structs.replace(node, package=digest) if node.id == node_id and node.package else node
        for node in scene.nodes
    ]
    return msgspec.structs.replace(scene, nodes=nodes)


def restate_scene(scene: Scene, before: Said, after: Said) -> Scene:
    """The scene with the new package in place of the old one; what somebody worded by hand stays."""
    (old_digest, old), (digest, details) = before, after
    nodes = [
        msgspec.structs.replace(
            node,
            package=digest,
            provenance=details.provenance,
            sources=details.sources if node.sources == old.sources else node.sources,
        )
        if node.package == old_digest
        else node
        for node in scene.nodes
    ]
    credit = {
        language: credit_of(details) if text == credit_of(old) else text for language, text in scene.credit.items()
    }
    return msgspec.structs.replace(scene, nodes=nodes, credit=credit)


def restate_experience(experience: Experience, old: ScanDetails, details: ScanDetails) -> Experience:
    """The experience with the scan's new names where its title was the old one, or there was none; others stay."""
    title = dict(experience.title)
    for language, name in details.names.items():
        if title.get(language, old.names.get(language)) == old.names.get(language):
            title[language] = name
    return msgspec.structs.replace(experience, title=title)
