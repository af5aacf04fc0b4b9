"""Built packages: folders named by digest, and the rows that say where each came from."""

import os
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import MANIFEST_FILE, Manifest, manifest_digest, parse_manifest
from xr_server.storage.files import sync
from xr_server.storage.tables.scans import package, scan

DIGEST = re.compile(r"[0-9a-f]{64}")
OURS = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{64}\.\w+\.tmp")
UNNAMED_S = 24 * 3600  # so long a folder may lie in the store without a row


@dataclass(frozen=True)
class Origin:
    """What a package was made from: a creator's scan, or a bundled model under a cache key."""

    site_id: str
    scan_id: str | None = None
    model: str | None = None
    cache_key: str | None = None


def adopt_package(store: Path, folder: Path) -> Manifest:
    """Move a finished package folder into the store under its digest; gives its manifest. Raises PackageBroken."""
    data = (folder / MANIFEST_FILE).read_bytes()
    digest, manifest = manifest_digest(data), parse_manifest(data)
    if folder.name != digest:
        raise PackageBroken("digest_mismatch", f"The folder {folder.name} holds a package whose digest is {digest}.")
    target = store / digest
    if _is_here(target):
        if folder.resolve() != target.resolve():
            shutil.rmtree(folder)
        return manifest
    store.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_dev == store.stat().st_dev:
        folder.rename(target)
    else:
        draft = store / f".{digest}.{os.getpid()}.tmp"
        shutil.copytree(folder, draft)
        for path in draft.iterdir():
            sync(path)
        sync(draft)
        draft.rename(target)
        shutil.rmtree(folder)
    sync(store)
    return manifest


def _is_here(target: Path) -> bool:
    """Whether a package is in the store already; a sweep that has just found it without a row sees that it is wanted."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def find_package_file(store: Path, digest: str, name: str) -> Path | None:
    """The path of a package's file, None when the package or the file is not there; names never become paths."""
    if not DIGEST.fullmatch(digest):
        return None
    folder = store / digest
    return next((path for path in folder.iterdir() if path.name == name), None) if folder.is_dir() else None


def save_package(catalog: Engine, digest: str, manifest_text: str, origin: Origin, at: int) -> None:
    """Record a package; recording it again from the same or another origin keeps the first row."""
    try:
        with catalog.begin() as connection:
            connection.execute(
                insert(package).values(
                    digest=digest,
                    site_id=origin.site_id,
                    scan_id=origin.scan_id,
                    model=origin.model,
                    cache_key=origin.cache_key,
                    manifest=manifest_text,
                    created_at=at,
                )
            )
    except IntegrityError:
        return


def sweep_packages(catalog: Engine, store: Path, at: int) -> list[str]:
    """Delete folders of packages that have no row, such as after a crash in the middle of a deletion; gives their names.

    One that has just been built has its row within a moment: so only those that lay there for a day go, at a moment in
    ms UTC. Packages, and what such moves left half done, are told from other files of the store by their names.
    """
    folders = [path for path in store.iterdir() if OURS.fullmatch(path.name)] if store.is_dir() else []
    old = [path for path in folders if _is_old(path, at)]
    if not old:
        return []
    with catalog.connect() as connection:
        known = set(connection.scalars(select(package.c.digest)))
    return [path.name for path in old if path.name not in known and _sweep_away(path)]


def _is_old(path: Path, at: int) -> bool:
    """Whether nothing was done to a folder for a day: moved in, adopted, or put back from a backup."""
    try:
        return at / 1000 - path.stat().st_ctime > UNNAMED_S
    except FileNotFoundError:
        return False


def _sweep_away(path: Path) -> bool:
    """Move a folder aside, so that nobody finds it any more, and delete it unless somebody has just adopted it."""
    if path.name.startswith("."):
        shutil.rmtree(path, ignore_errors=True)
        return True
    aside = path.with_name(f".{path.name}.gone.tmp")
    try:
        seen_at = path.stat().st_mtime_ns
        path.rename(aside)
    except FileNotFoundError:  # another worker was faster
        return False
    if aside.stat().st_mtime_ns != seen_at:
        aside.rename(path)
        return False
    shutil.rmtree(aside, ignore_errors=True)
    return True


def drop_orphan(catalog: Engine, store: Path, digest: str, scan_id: str) -> bool:
    """Delete a package whose scan was deleted while it was built; False when the scan is there, or others name it."""
    mine = (package.c.digest == digest) & (package.c.scan_id == scan_id)
    with catalog.begin() as connection:
        connection.execute(update(package).where(mine).values(scan_id=scan_id))  # the write comes first
        if connection.execute(select(scan.c.id).where(scan.c.id == scan_id)).first() is not None:
            return False
        if not connection.execute(delete(package).where(mine, package.c.model.is_(None))).rowcount:
            return False
        shutil.rmtree(store / digest, ignore_errors=True)
    return True


def prefer_package(catalog: Engine, digest: str, origin: Origin, at: int) -> None:
    """Make a recorded package the newest of its bundled model, such as when the model's files went back to an older state."""
    query = select(package.c.digest, package.c.cache_key).where(
        package.c.site_id == origin.site_id, package.c.model == origin.model
    )
    newest = query.order_by(package.c.created_at.desc(), package.c.digest.desc()).limit(1)
    with catalog.begin() as connection:
        if connection.execute(newest).first() != (digest, origin.cache_key):
            values = {"model": origin.model, "cache_key": origin.cache_key, "created_at": at}
            connection.execute(update(package).where(package.c.digest == digest).values(**values))


def find_by_cache_key(catalog: Engine, cache_key: str) -> str | None:
    """Digest of the package built from the same scan with the same options by the same pipeline, if any."""
    query = select(package.c.digest).where(package.c.cache_key == cache_key).order_by(package.c.created_at.desc())
    with catalog.connect() as connection:
        return connection.execute(query).scalars().first()


@lru_cache(maxsize=4096)
def _read_manifest(text: str) -> Manifest:
    """A manifest never changes, and most pages ask for all of a site's."""
    return parse_manifest(text.encode())


def load_packages(catalog: Engine, site_id: str) -> tuple[dict[str, Manifest], dict[str, str]]:
    """The site's manifests by digest, and for every bundled model the digest of its newest package."""
    query = select(package).where(package.c.site_id == site_id).order_by(package.c.created_at, package.c.digest)
    manifests: dict[str, Manifest] = {}
    models: dict[str, str] = {}
    with catalog.connect() as connection:
        for row in connection.execute(query):
            manifests[row.digest] = _read_manifest(row.manifest)
            if row.model:
                models[row.model] = row.digest
    return manifests, models


def list_works(catalog: Engine, site_id: str, digests: frozenset[str]) -> frozenset[str]:
    """These packages and the others of the same scans and bundled models."""
    query = select(package.c.digest, package.c.scan_id, package.c.model).where(package.c.site_id == site_id)
    with catalog.connect() as connection:
        made_of = {row.digest: _sources(row.scan_id, row.model) for row in connection.execute(query)}
    works = {source for digest in digests for source in made_of.get(digest, ())}
    return digests | {digest for digest, sources in made_of.items() if sources & works}


def _sources(scan_id: str | None, model: str | None) -> set[tuple[str, str]]:
    """What a package was made of, as (which, id)."""
    return {(which, name) for which, name in (("scan", scan_id), ("model", model)) if name}


@dataclass(frozen=True)
class Sibling:
    """A package of the same scan as another one, and when in ms UTC it was made."""

    digest: str
    created_at: int


def list_siblings(catalog: Engine, site_id: str, digest: str) -> list[Sibling]:
    """The other packages that were made of the same scan as this one, the newest first; none for a bundled model's."""
    of = select(package.c.scan_id).where(package.c.digest == digest, package.c.scan_id.is_not(None)).scalar_subquery()
    query = select(package.c.digest, package.c.created_at).where(
        package.c.site_id == site_id, package.c.scan_id == of, package.c.digest != digest
    )
    with catalog.connect() as connection:
        rows = connection.execute(query.order_by(package.c.created_at.desc(), package.c.digest)).all()
    return [Sibling(row.digest, row.created_at) for row in rows]
