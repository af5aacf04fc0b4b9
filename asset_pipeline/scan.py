"""A scan as delivered and as cleaned: the values that the front half of the pipeline hands on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.projection import Projection
from asset_pipeline.errors import printable
from asset_pipeline.manifest import Source
from asset_pipeline.mesh import Mesh, Positions
from asset_pipeline.options import PointsAs, Unit, Up
from asset_pipeline.report.advice import Values, say_advice

Progress = Callable[[str, float], None]  # (stage, fraction 0..1)
Origin = Literal["option", "format", "guess"]


@dataclass(frozen=True)
class ScanWarning:
    """Something people should know about a scan that was taken all the same; `code` is stable.

    values: what the sentences of the code name, so that they can be said in another language (advice.py).
    """

    code: str
    text: str
    values: Values = field(default_factory=dict)


def warn(code: str, **values: str | int | float | bool) -> ScanWarning:
    """A warning of a code in its English words. Raises KeyError when texts/ has no such code, or a value is missing."""
    values = {name: printable(value) if isinstance(value, str) else value for name, value in values.items()}
    return ScanWarning(code, say_advice(code, values, "en").text, values)


@dataclass(frozen=True)
class SourceFacts:
    """What is known of the scan file: `source` goes into the manifest; counts are the file's own, before any cleaning."""

    source: Source
    format: str
    unit_from: Origin
    up_from: Origin


@dataclass(frozen=True)
class Survey:
    """What a point cloud adds to the scan made from it.

    taken_as: its upper surface as a mesh, or points alone, in which case the mesh has no faces. sample (n, 3): points that
    the mesh should pass through, in its own frame. facts: for the report. projection: of its map coordinates, if known.
    sample_colours (n, 3): sRGB bytes, where points are to stay points and have some.
    """

    taken_as: PointsAs
    sample: Positions
    facts: dict[str, Any]
    projection: Projection | None = None
    sample_colours: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Stated:
    """What a file says of its own numbers; None: it does not say."""

    unit: Unit | None = None
    up: Up | None = None


@dataclass(frozen=True)
class Scan:
    """A scan as delivered: mesh in the file's own unit and axes; survey: when the file is a point cloud."""

    mesh: Mesh
    facts: SourceFacts
    warnings: tuple[ScanWarning, ...] = ()
    survey: Survey | None = None


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
