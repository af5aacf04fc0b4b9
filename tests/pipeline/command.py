"""The pipeline's command line as a user runs it: a process of its own, measured."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

THIN = Path(__file__).with_name("thin.py")
PLACE = ["--lat", "32.7434", "--lon", "129.8732", "--height", "34.5", "--heading", "20"]


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it used."""

    code: int
    stdout: str
    stderr: str
    cpu_s: float
    peak_bytes: int

    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def run(*arguments: str | Path, module: str = "asset_pipeline") -> Ran:
    """Run `python -m asset_pipeline ARGUMENTS` to its end."""
    with TemporaryDirectory() as name:
        result = Path(name) / "usage.json"
        command = [sys.executable, "-S", "-E", THIN, result, sys.executable, "-m", module, *arguments]
        ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True, timeout=300)
        usage = json.loads(result.read_text())
    return Ran(usage["code"], ended.stdout, ended.stderr, usage["cpu_s"], usage["peak_bytes"])


def package(scan: Path, out: Path, *more: str | Path) -> Ran:
    """Package a scan at Dejima."""
    return run("package", scan, *PLACE, "--out", out, *more)
