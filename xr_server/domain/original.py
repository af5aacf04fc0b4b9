"""A scan's own file, as it was sent: how long it is kept, and what it is called when its creator takes it back. Pure."""

import unicodedata

DAY_MS = 24 * 3_600_000
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ")
UNRESERVED = PLAIN - {" "}
FALLBACK_NAME = "scan"


def kept_until(sent_at: int, keep_days: int | None) -> int | None:
    """Until when (ms UTC) an original is kept; None: until its creator deletes it."""
    return None if keep_days is None else sent_at + keep_days * DAY_MS


def clean_name(file_name: str) -> str:
    """The last part of a name that somebody typed, without signs that cannot be seen or that turn the text about."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
    return shown or FALLBACK_NAME


def say_disposition(file_name: str) -> str:
    """A Content-Disposition (RFC 6266) that saves a file under its name, and under a plain one in old browsers."""
    name = clean_name(file_name)
    plain = "".join(sign if sign in PLAIN else "_" for sign in name)
    coded = "".join(chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in name.encode())
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}"
