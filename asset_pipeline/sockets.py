"""Where the processes of a build meet: its own folder, or a short name in /tmp that follows from it. Standard library only."""

import hashlib
import os
import shutil
import stat
from pathlib import Path

MOST_NAME_CHARS = 64  # of a folder; multiprocessing adds two names, and a socket may have 107 in all
SHORT_FOLDER = Path("/tmp")  # noqa: S108 - only a folder that is ours alone is used in it


def socket_folder(work: Path) -> Path:
    """The folder for the sockets of a build that works in `work`: that one, unless it lies too deep for a socket's name."""
    if len(str(work)) <= MOST_NAME_CHARS:
        return work
    return SHORT_FOLDER / f"dejima-{os.getuid()}-{hashlib.sha256(os.fsencode(work)).hexdigest()[:16]}"


def make_socket_folder(work: Path) -> Path | None:
    """Make it, for us alone; None where somebody else has taken its name."""
    folder = socket_folder(work)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return None
    return folder


def remove_socket_folder(work: Path) -> None:
    """Remove what a build has left in /tmp, also one that was killed; without effect where there is nothing."""
    folder = socket_folder(work)
    if folder != work and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
