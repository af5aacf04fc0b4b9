"""A scan as delivered and as cleaned: the values that the front half of the pipeline hands on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from asset_pipeline.manifest import Source
from asset_pipeline.mesh import Mesh

Progress = Callable[[str, float], None]  # (stage, fraction 0..1)
Origin = Literal["option", "format", "guess"]


@dataclass(frozen=True)
class ScanWarning:
    """Something people should know about a scan that was taken all the same; `code` is stable."""

    code: str
    text: str


@dataclass(frozen=True)
class SourceFacts:
    """What is known of the scan file: `source` goes into the manifest; counts are the file's own, before any cleaning."""

    source: Source
    format: str
    unit_from: Origin
    up_from: Origin


@dataclass(frozen=True)
class Scan:
    """A scan as delivered: mesh in the file's own unit and axes."""

    mesh: Mesh
    facts: SourceFacts
    warnings: tuple[ScanWarning, ...] = ()


@dataclass(frozen=True)
class Cleaned:
    """A sound mesh: metres, y up, origin at the centre of the footprint on the lowest level.

    `offset_m` is where that origin lay in the scan's own frame, turned to y up and in metres, in double precision.
    """

    mesh: Mesh
    offset_m: tuple[float, float, float]
    warnings: tuple[ScanWarning, ...] = ()


def no_progress(stage: str, fraction: float) -> None:
    """Tell nobody how far the work is."""
