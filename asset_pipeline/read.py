"""A scan file in, a mesh and what is known about it out: the one door to all readers."""

from pathlib import Path

from asset_pipeline.options import BuildOptions
from asset_pipeline.scan import Progress, Scan, no_progress


def read_scan(path: Path, options: BuildOptions, progress: Progress = no_progress) -> Scan:
    """The scan in a file, checked before anything is allocated. Raises ScanRefused."""
    raise NotImplementedError
