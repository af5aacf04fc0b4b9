"""What is said about a scan, changed after it was built: the form's words, and the scene that shows it. Pure."""

from collections.abc import Mapping

import msgspec

from xr_server.domain.catalog import Scene
from xr_server.domain.scan import ScanDetails, parse_details

RESTATED = ("title", "creator", "licence", "provenance")
"""What may be said anew without building: the rest says how the file was read, or where it was surveyed."""

Said = tuple[str, ScanDetails]
"""A package's digest, and what is said about it."""


def read_details(typed: Mapping[str, str], before: ScanDetails) -> ScanDetails:
    """The details with what was typed in place of it. Raises Invalid."""
    return parse_details({**msgspec.to_builtins(before), **{name: typed.get(name, "").strip() for name in RESTATED}})


def type_details(details: ScanDetails) -> dict[str, str]:
    """What the form shows."""
    return {name: str(getattr(details, name)) for name in RESTATED}


def credit_of(details: ScanDetails) -> str:
    """The credit line of a scene that nobody has worded otherwise."""
    return f"{details.creator}, {details.licence}"


def restate_scene(scene: Scene, before: Said, after: Said) -> Scene:
    """The scene with the new package in place of the old one; a credit line that somebody worded by hand stays."""
    (old_digest, old), (digest, details) = before, after
    nodes = [
        msgspec.structs.replace(node, package=digest, provenance=details.provenance)
        if node.package == old_digest
        else node
        for node in scene.nodes
    ]
    credit = {
        language: credit_of(details) if text == credit_of(old) else text for language, text in scene.credit.items()
    }
    return msgspec.structs.replace(scene, nodes=nodes, credit=credit)
