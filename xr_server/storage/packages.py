"""Built packages: folders named by digest, and the rows that say where each came from."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import MANIFEST_FILE, Manifest, manifest_digest, parse_manifest
from xr_server.storage.database import package
from xr_server.storage.files import sync

DIGEST = re.compile(r"[0-9a-f]{64}")


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
    if target.is_dir():
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


def load_packages(catalog: Engine, site_id: str) -> tuple[dict[str, Manifest], dict[str, str]]:
    """The site's manifests by digest, and for every bundled model the digest of its newest package."""
    query = select(package).where(package.c.site_id == site_id).order_by(package.c.created_at, package.c.digest)
    manifests: dict[str, Manifest] = {}
    models: dict[str, str] = {}
    with catalog.connect() as connection:
        for row in connection.execute(query):
            manifests[row.digest] = parse_manifest(row.manifest.encode())
            if row.model:
                models[row.model] = row.digest
    return manifests, models
