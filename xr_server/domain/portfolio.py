"""A creator's public page: under which name and address, and which scenes it shows. Off unless switched on. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from xr_server.errors import Invalid

MAX_NAME_LENGTH = 80
MAX_SLUG_LENGTH = 40
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class CreatorPage:
    """One public page: its place in the address, the name it shows, and the scenes of its owner."""

    slug: str
    name: str
    scenes: frozenset[str]


@dataclass(frozen=True)
class Portfolio:
    """What an account has chosen for its page; shown: whether there is one."""

    shown: bool = False
    slug: str = ""
    name: str = ""


def read_portfolio(shown: bool, slug: str, name: str) -> Portfolio:
    """What was chosen, trimmed. Raises Invalid; a page that is off may have anything or nothing filled in."""
    slug = unicodedata.normalize("NFKC", slug).strip().lower()
    name = unicodedata.normalize("NFKC", name).strip()
    if len(name) > MAX_NAME_LENGTH or not name.isprintable() or (shown and not name):
        raise Invalid("portfolio_name", f"The name that visitors see has 1 to {MAX_NAME_LENGTH} ordinary characters.")
    if (slug or shown) and (len(slug) > MAX_SLUG_LENGTH or not SLUG.fullmatch(slug)):
        raise Invalid(
            "portfolio_slug",
            f"The address has small letters a to z, figures, and hyphens between them, {MAX_SLUG_LENGTH} at most.",
        )
    return Portfolio(shown, slug, name)


def propose_slug(name: str) -> str:
    """An address to begin with, from the account's name; empty when nothing of it can stand in one."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_SLUG_LENGTH].strip("-")
