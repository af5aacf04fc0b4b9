"""Every setting, one row each: name, default, help. They come from the environment with the prefix DEJIMA_."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xr_server.errors import Invalid

PREFIX = "DEJIMA_"


@dataclass(frozen=True)
class Row:
    """One setting as the documentation lists it."""

    name: str
    default: str
    help: str


ROWS = (
    Row("DEJIMA_DATA_DIR", "data", "Folder for databases, uploads, keys and caches."),
    Row(
        "DEJIMA_DATABASE_URL",
        "",
        "One SQLAlchemy URL for both stores; empty means two SQLite files in the data folder.",
    ),
    Row("DEJIMA_PACKAGE_STORE", "", "Folder of built packages; empty means `packages` in the data folder."),
    Row(
        "DEJIMA_DASK",
        "",
        "Address of a Dask scheduler whose workers help to build scans; empty means this machine alone.",
    ),
    Row("DEJIMA_PUBLIC_URL", "", "Address visitors reach the server at, for links and signs; empty means as asked."),
)


@dataclass(frozen=True)
class Settings:
    """The settings in use, checked."""

    data_dir: Path
    catalog_url: str
    events_url: str
    package_dir: Path
    public_url: str = ""
    dask: str = ""

    @property
    def upload_dir(self) -> Path:
        """Where scans lie while they are received and until they are built."""
        return self.data_dir / "uploads"

    @property
    def key_dir(self) -> Path:
        """Where secrets lie: outside both stores and their backups."""
        return self.data_dir / "keys"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings an environment names. Raises Invalid for an unknown name or a value we cannot use."""
    known = {row.name: row.default for row in ROWS}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise Invalid("unknown_setting", f"{unknown[0]} is not a setting; there are {', '.join(known)}.")
    value = {name: environment.get(name, "").strip() or default for name, default in known.items()}
    check_dask(value["DEJIMA_DASK"])
    if value["DEJIMA_PACKAGE_STORE"].startswith("s3://"):
        raise Invalid("s3_not_here", "DEJIMA_PACKAGE_STORE: an S3 store is not part of this version; name a folder.")
    if value["DEJIMA_PUBLIC_URL"] and not value["DEJIMA_PUBLIC_URL"].startswith(("http://", "https://")):
        raise Invalid("public_url", "DEJIMA_PUBLIC_URL must start with https:// (or http:// for a trial).")
    data_dir = Path(value["DEJIMA_DATA_DIR"]).absolute()
    url = _database_url(value["DEJIMA_DATABASE_URL"])
    return Settings(
        data_dir=data_dir,
        catalog_url=url or f"sqlite:///{data_dir / 'catalog.sqlite3'}",
        events_url=url or f"sqlite:///{data_dir / 'events.sqlite3'}",
        package_dir=Path(value["DEJIMA_PACKAGE_STORE"] or data_dir / "packages").absolute(),
        public_url=value["DEJIMA_PUBLIC_URL"].rstrip("/"),
        dask=value["DEJIMA_DASK"],
    )


def check_dask(address: str) -> None:
    """Refuse an address that is none of a Dask scheduler; empty is none. Raises Invalid."""
    if address and not re.fullmatch(r"(tcp|tls)://[^\s/]+:\d{1,5}", address):
        raise Invalid("dask_address", f"A Dask scheduler's address is such as tcp://host:8786, not {address}.")


def _database_url(text: str) -> str:
    """The URL as SQLAlchemy wants it, empty for the default. Raises Invalid for a database we cannot use."""
    if not text or text.startswith(("sqlite:///", "postgresql+psycopg://")):
        return text
    scheme, separator, rest = text.partition("://")
    if scheme in ("postgresql", "postgres") and separator:
        return f"postgresql+psycopg://{rest}"
    raise Invalid(
        "database_url", "DEJIMA_DATABASE_URL must be a URL such as postgresql://user@host/dejima or sqlite:///file."
    )
