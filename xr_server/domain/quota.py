"""How much may be kept: bytes and scans of one account, and of a whole site. Pure."""

from dataclasses import dataclass

from xr_server.errors import Invalid, TooLarge

GB = 1024**3
MOST_GB = 100_000
MOST_SCANS = 10_000_000


@dataclass(frozen=True)
class Allowance:
    """What may be kept at once, or what is kept, or what is left: bytes of originals, and scans."""

    scan_bytes: int
    scans: int


@dataclass(frozen=True)
class Defaults:
    """What holds unless an administrator has said otherwise: for an account, for a pupil, for a site."""

    account: Allowance = Allowance(20 * GB, 500)
    pupil: Allowance = Allowance(2 * GB, 20)
    site: Allowance = Allowance(500 * GB, 20_000)


USUAL = Defaults()


@dataclass(frozen=True)
class Standing:
    """What one account may keep and keeps, and the same of its site."""

    allowed: Allowance
    kept: Allowance
    site_allowed: Allowance
    site_kept: Allowance

    @property
    def left(self) -> Allowance:
        """What this account may still send: the less of its own rest and the site's."""
        return Allowance(
            max(
                0,
                min(
                    self.allowed.scan_bytes - self.kept.scan_bytes,
                    self.site_allowed.scan_bytes - self.site_kept.scan_bytes,
                ),
            ),
            max(0, min(self.allowed.scans - self.kept.scans, self.site_allowed.scans - self.site_kept.scans)),
        )


def check_quota(standing: Standing, length_bytes: int) -> None:
    """Refuse an upload that would take its account or the site over what may be kept. Raises TooLarge."""
    allowed, kept = standing.allowed, standing.kept
    if kept.scan_bytes + length_bytes > allowed.scan_bytes:
        raise TooLarge(
            "quota_exceeded",
            f"Your scans already take {say_room(kept.scan_bytes)} of {say_room(allowed.scan_bytes)}, and this one has "
            f"{say_room(length_bytes)}. Delete what you no longer need, or ask an administrator for room.",
        )
    if kept.scans + 1 > allowed.scans:
        raise TooLarge(
            "quota_scans",
            f"You keep {kept.scans} scans already, and {allowed.scans} are allowed at once. Delete what you no longer "
            "need, or ask an administrator for room.",
        )
    site, used = standing.site_allowed, standing.site_kept
    if used.scan_bytes + length_bytes > site.scan_bytes or used.scans + 1 > site.scans:
        raise TooLarge(
            "site_quota_exceeded",
            f"The site keeps {say_room(used.scan_bytes)} of {say_room(site.scan_bytes)} and {used.scans} of {site.scans} "
            "scans, so there is no room for this one. Nothing was sent; ask an administrator for room.",
        )


def check_room(standing: Standing, length_bytes: int) -> None:
    """Refuse a picture or a sound for which account or site have no room; scans and these share it. Raises TooLarge."""
    own = standing.allowed.scan_bytes - standing.kept.scan_bytes
    if length_bytes > own:
        raise TooLarge(
            "media_quota", "There is no room left for your scans, pictures and sounds. Delete what you no longer need."
        )
    if length_bytes > standing.left.scan_bytes:
        raise TooLarge("media_site_quota", "The site has no room left. Ask an administrator for room.")


def say_room(count: int) -> str:
    """An amount of room, as quotas count it: `0 GB`, `340 MB`, `1.5 GB`."""
    return f"{count / GB:.3g} GB" if count >= GB or not count else f"{count / GB * 1024:.3g} MB"


def read_allowance(gigabytes: str, scans: str, default: Allowance) -> tuple[int | None, int | None]:
    """Bytes and scans as an administrator typed them; an empty field means the default, None. Raises Invalid."""
    wrong = Invalid(
        "allowance",
        f"Room is a number of GB from 0 to {MOST_GB} and a whole number of scans; empty means the usual "
        f"{default.scan_bytes / GB:g} GB and {default.scans} scans.",
    )
    try:
        typed_gb = float(gigabytes.replace(",", ".")) if gigabytes else None
        typed_scans = int(scans) if scans else None
    except ValueError as error:
        raise wrong from error
    if not 0 <= (typed_gb or 0) <= MOST_GB or not 0 <= (typed_scans or 0) <= MOST_SCANS:
        raise wrong
    return (None if typed_gb is None else round(typed_gb * GB)), typed_scans
