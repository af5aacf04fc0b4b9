"""Every setting, one row each: name, default, help. They come from the environment with the prefix DEJIMA_."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xr_server.errors import Invalid

PREFIX = "DEJIMA_"
MOST_DAYS = 36_500
MOST_EVENTS_DAYS = 395  # no longer than visits, which are kept for 13 months


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
    Row(
        "DEJIMA_ACCOUNT_GB",
        "20",
        "Room for the scans of one account, in GB; an administrator may change it for a site.",
    ),
    Row("DEJIMA_ACCOUNT_SCANS", "500", "How many scans one account may keep at once; the same."),
    Row("DEJIMA_PUPIL_GB", "2", "Room for the scans of one pupil, in GB; an administrator may change it for a class."),
    Row("DEJIMA_PUPIL_SCANS", "20", "How many scans one pupil may keep at once; the same."),
    Row("DEJIMA_SITE_GB", "500", "Room for all scans of a site, in GB; an administrator may change it."),
    Row("DEJIMA_SITE_SCANS", "20000", "How many scans a site may keep at once; the same."),
    Row(
        "DEJIMA_KEEP_ORIGINALS_DAYS",
        "",
        "Days after sending for which the files of scans are kept; empty means until their creators delete them.",
    ),
    Row("DEJIMA_EVENTS_DAYS", "90", "Days for which single events of visits are kept, 1 to 395; figures stay."),
    Row(
        "DEJIMA_OPEN_DATA_EPSILON",
        "12",
        "How much what is released to everyone of a calendar year may tell of one visit (epsilon); a month takes 1.",
    ),
    Row("DEJIMA_PUBLIC_URL", "", "Address visitors reach the server at, for links and signs; empty means as asked."),
    Row(
        "DEJIMA_SMTP_URL",
        "",
        "Mail server for digests, smtp://user:password@host:587 or smtps://host:465; empty means that no mail is sent.",
    ),
    Row("DEJIMA_MAIL_FROM", "", "Address that digests come from; needed with DEJIMA_SMTP_URL."),
)
DEFAULTS = {row.name: row.default for row in ROWS}


@dataclass(frozen=True)
class Settings:
    """The settings in use, checked."""

    data_dir: Path
    catalog_url: str
    events_url: str
    package_dir: Path
    public_url: str = ""
    dask: str = ""
    account_gb: float = 20
    account_scans: int = 500
    pupil_gb: float = 2
    pupil_scans: int = 20
    site_gb: float = 500
    site_scans: int = 20_000
    keep_originals_days: int | None = None
    events_days: int = 90
    open_data_epsilon: float = 12
    smtp_url: str = ""
    mail_from: str = ""

    @property
    def upload_dir(self) -> Path:
        """Where scans lie while they are received and until they are built."""
        return self.data_dir / "uploads"

    @property
    def comparison_dir(self) -> Path:
        """What owners of scans compare in 3D; no visitor ever gets it."""
        return self.data_dir / "comparisons"

    @property
    def intake_dir(self) -> Path:
        """Where pictures and sounds lie that were sent and are not yet in the library."""
        return self.data_dir / "intake"

    @property
    def erased_dir(self) -> Path:
        """Where marks of what visitors had erased lie: outside both stores, for the day one is restored."""
        return self.data_dir / "erased"

    @cached_property  # asked for with each batch of events
    def key_dir(self) -> Path:
        """Where secrets lie: outside both stores and their backups."""
        return self.data_dir / "keys"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings an environment names. Raises Invalid for an unknown name or a value we cannot use."""
    known = DEFAULTS
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise Invalid("unknown_setting", f"{unknown[0]} is not a setting; there are {', '.join(known)}.")
    value = {name: environment.get(name, "").strip() or default for name, default in known.items()}
    check_dask(value["DEJIMA_DASK"])
    if value["DEJIMA_PACKAGE_STORE"].startswith("s3://"):
        raise Invalid("s3_not_here", "DEJIMA_PACKAGE_STORE: an S3 store is not part of this version; name a folder.")
    if value["DEJIMA_PUBLIC_URL"] and not value["DEJIMA_PUBLIC_URL"].startswith(("http://", "https://")):
        raise Invalid("public_url", "DEJIMA_PUBLIC_URL must start with https:// (or http:// for a trial).")
    check_mail(value)
    data_dir = Path(value["DEJIMA_DATA_DIR"]).absolute()
    url = _database_url(value["DEJIMA_DATABASE_URL"])
    return Settings(
        data_dir=data_dir,
        catalog_url=url or f"sqlite:///{data_dir / 'catalog.sqlite3'}",
        events_url=url or f"sqlite:///{data_dir / 'events.sqlite3'}",
        package_dir=Path(value["DEJIMA_PACKAGE_STORE"] or data_dir / "packages").absolute(),
        public_url=value["DEJIMA_PUBLIC_URL"].rstrip("/"),
        dask=value["DEJIMA_DASK"],
        account_gb=_number(value, "DEJIMA_ACCOUNT_GB"),
        account_scans=round(_number(value, "DEJIMA_ACCOUNT_SCANS")),
        pupil_gb=_number(value, "DEJIMA_PUPIL_GB"),
        pupil_scans=round(_number(value, "DEJIMA_PUPIL_SCANS")),
        site_gb=_number(value, "DEJIMA_SITE_GB"),
        site_scans=round(_number(value, "DEJIMA_SITE_SCANS")),
        keep_originals_days=read_days(value["DEJIMA_KEEP_ORIGINALS_DAYS"]),
        events_days=read_events_days(value["DEJIMA_EVENTS_DAYS"]),
        open_data_epsilon=_number(value, "DEJIMA_OPEN_DATA_EPSILON"),
        smtp_url=value["DEJIMA_SMTP_URL"],
        mail_from=value["DEJIMA_MAIL_FROM"],
    )


def _number(value: Mapping[str, str], name: str) -> float:
    """A setting that is a number, of GB, of scans or of epsilon. Raises Invalid."""
    text = value[name]
    if not re.fullmatch(r"\d{1,8}(\.\d{1,3})?", text):
        raise Invalid("setting_number", f"{name} is a number such as {DEFAULTS[name]}, not {text[:40]}.")
    return float(text)


def read_days(text: str) -> int | None:
    """How many days originals are kept, None for no end. Raises Invalid."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_DAYS):
        raise Invalid(
            "keep_originals",
            f"DEJIMA_KEEP_ORIGINALS_DAYS is a whole number of days from 1 to {MOST_DAYS}, or empty; not {text[:20]}.",
        )
    return int(text)


def read_events_days(text: str) -> int:
    """For how many days events are kept. Raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_EVENTS_DAYS):
        raise Invalid(
            "events_days",
            f"DEJIMA_EVENTS_DAYS is a whole number of days from 1 to {MOST_EVENTS_DAYS}, not {text[:20]}.",
        )
    return int(text)


def check_dask(address: str) -> None:
    """Refuse an address that is none of a Dask scheduler; empty is none. Raises Invalid."""
    if address and not re.fullmatch(r"(tcp|tls)://[^\s/]+:\d{1,5}", address):
        raise Invalid("dask_address", f"A Dask scheduler's address is such as tcp://host:8786, not {address}.")


def check_mail(value: Mapping[str, str]) -> None:
    """Refuse a mail server that cannot be used, or one without a sender or an address for links. Raises Invalid."""
    url = value["DEJIMA_SMTP_URL"]
    if not url:
        return
    if not re.fullmatch(
        r"smtps?://([^\s/@]+@)?[^\s/@:]+(:\d{1,5})?/?", url
    ):  # the password in it stays out of the message
        raise Invalid("smtp_url", "DEJIMA_SMTP_URL is such as smtp://user:password@host:587 or smtps://host:465.")
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", value["DEJIMA_MAIL_FROM"]):
        raise Invalid("mail_from", "DEJIMA_SMTP_URL needs DEJIMA_MAIL_FROM, an address such as studio@example.org.")
    if not value["DEJIMA_PUBLIC_URL"]:
        raise Invalid("mail_links", "DEJIMA_SMTP_URL needs DEJIMA_PUBLIC_URL, so that links in a mail lead somewhere.")


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
