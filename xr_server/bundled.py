"""Packaging the bundled models of a content folder: each once, in a child process like any scan."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from asset_pipeline.manifest import MANIFEST_FILE, PIPELINE_VERSION
from xr_server.child import Job, default_limits, run_limited
from xr_server.domain.content import BundledModel
from xr_server.errors import Conflict, Invalid
from xr_server.settings import Settings
from xr_server.storage.packages import Origin, adopt_package, find_by_cache_key, prefer_package, save_package
from xr_server.worker import PASSED_ON, PIPELINE

METADATA = ("title", "creator", "licence", "provenance", "sources")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Bench:
    """What models are packaged with: settings, catalog, the site they belong to, and time in ms UTC."""

    settings: Settings
    catalog: Engine
    site_id: str
    clock: Callable[[], int]


@dataclass
class Words:
    """What the pipeline tells while it works; the last words name the package, or why there is none."""

    tell: Callable[[str, float], None]
    last: dict[str, Any] = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        """Take one line of the pipeline's report; what is no JSON object is somebody's chatter."""
        try:
            message = json.loads(line)
        except ValueError:
            return
        if isinstance(message, dict) and "stage" in message and "fraction" in message:
            self.tell(str(message["stage"]), float(message["fraction"]))
        elif isinstance(message, dict):
            self.last = message


def package_models(bench: Bench, folder: Path, models: Mapping[str, BundledModel], say: Say) -> int:
    """Package what has changed since last time; gives how many that were. Raises Invalid, Conflict."""
    missing = [model_path(folder, name) for name in models if not model_path(folder, name).is_file()]
    if missing:
        raise Invalid(
            "model_missing",
            f"There is no {missing[0]}. The models of Dejima are made by scripts/run, or on their own by "
            "python scripts/make_dejima_models.py.",
        )
    return sum(_package_model(bench, folder, name, model, say) for name, model in models.items())


def model_path(folder: Path, name: str) -> Path:
    """Where a bundled model lies."""
    return folder / "models" / f"{name}.glb"


def cache_key(path: Path, model: BundledModel) -> str:
    """The key under which a package is found again: model, options and pipeline version in one digest."""
    digest = hashlib.sha256(PIPELINE_VERSION.encode() + b"\0" + msgspec.json.encode(model) + b"\0")
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _package_model(bench: Bench, folder: Path, name: str, model: BundledModel, say: Say) -> bool:
    """Package one model unless its package is there; True when it was built."""
    path, store = model_path(folder, name), bench.settings.package_dir
    key = cache_key(path, model)
    origin = Origin(bench.site_id, model=name, cache_key=key)
    digest = find_by_cache_key(bench.catalog, key)
    built = digest is None or not (store / digest / MANIFEST_FILE).is_file()
    if digest is None or built:
        with _work_folder(bench.settings.data_dir / "model-builds" / name) as work:
            digest = _build(path, model, work, say)
            adopt_package(store, work / "out" / digest)
        manifest = (store / digest / MANIFEST_FILE).read_text(encoding="utf-8")
        save_package(bench.catalog, digest, manifest, origin, bench.clock())
    prefer_package(bench.catalog, digest, origin, bench.clock())
    return built


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build(path: Path, model: BundledModel, work: Path, say: Say) -> str:
    """Run the pipeline on a model; gives the digest of the package in work/out. Raises Invalid, Conflict."""
    metadata = work / "metadata.json"
    metadata.write_text(json.dumps({name: getattr(model, name) for name in METADATA}), encoding="utf-8")
    place = model.place
    options = [
        f"--lat={place.lat!r}",
        f"--lon={place.lon!r}",
        f"--height={place.h!r}",
        f"--heading={place.heading_deg!r}",
        f"--accuracy={place.accuracy_m!r}",
        f"--unit={model.unit}",
        f"--up={model.up}",
        f"--levels={','.join(map(str, model.levels))}",
        f"--texture-px={model.texture_px}",
    ]
    files = ["--metadata", str(metadata), "--out", str(work / "out")]
    command = [*PIPELINE, "package", str(path.absolute()), *options, *files, "--progress", "json"]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "TMPDIR": str(work)}
    with show_progress(path.stem, say) as tell:
        words = Words(tell)
        ended = run_limited(Job(command, work, environment, default_limits()), words.take, lambda: True)
    if ended.code in (0, 3) and "result" in words.last:  # 3: whole, with a level off its budget
        say(f"Packaged {path.stem} in {ended.seconds:.0f} s.")
        return str(words.last["result"]["digest"])
    refused = words.last.get("refused")
    if refused:
        raise Invalid("model_refused", f"{path.name} was refused: {refused.get('text', '')}")
    raise Conflict(
        "model_failed",
        f"Packaging {path.name} did not finish (exit code {ended.code}). Start it again; if it fails again, this is why:\n"
        f"{ended.stderr.strip()[-2000:]}",
    )


@contextmanager
def show_progress(name: str, say: Say) -> Iterator[Callable[[str, float], None]]:
    """Somewhere to tell progress to: a bar on a terminal, else one line at the beginning."""
    console = Console(stderr=True)
    if not console.is_terminal:
        say(f"Packaging {name} ...")
        yield lambda _stage, _fraction: None
        return
    columns = (TextColumn("Packaging {task.fields[name]}: {task.description}"), BarColumn(), TimeElapsedColumn())
    # no thread of its own: the child is forked from a process that must have one thread only
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("read", total=1.0, name=name)
        yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction, refresh=True)
