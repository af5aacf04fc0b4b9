"""Files that stand beside a scan and are named inside it, found whatever the case, composition and encoding of their names."""

import unicodedata
from pathlib import Path, PurePosixPath

from asset_pipeline.prechecks.precheck_plain import check_library, is_plain_name, refuse


def decode_name(data: bytes) -> str:
    """A name in a text file: UTF-8, or else the code page of Japanese Windows, or else Latin."""
    for encoding in ("utf-8", "cp932"):
        try:
            return data.decode(encoding).strip()
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1").strip()


def find_beside(scan: Path, name: str) -> Path | None:
    """The file that a scan names, in the scan's own folder, whatever the case and the composition of its letters.

    None when it is not there. Raises ScanRefused for a name that leads elsewhere.
    """
    name = name.replace("\\", "/")
    check_library(name)
    found: Path | None = scan.parent
    for part in PurePosixPath(name).parts:
        found = None if found is None else _find_entry(found, part)
    if found is None or not found.is_file():
        return None
    if not found.resolve().is_relative_to(scan.parent.resolve()):
        raise refuse("path_outside", f"The file {found.name} beside the scan is a link that leads elsewhere.")
    return found


def find_picture(scan: Path, name: str) -> Path | None:
    """The picture that a material names: where it says, or, since exporters write paths of their own, beside the scan.

    Raises ScanRefused for a path out of the folder whose last part is not beside the scan either.
    """
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    if not is_plain_name(name):
        beside = find_beside(scan, bare) if is_plain_name(bare) else None
        if beside is None and not _is_of_another_computer(name):
            check_library(name)
        return beside
    return find_beside(scan, name) or find_beside(scan, bare)


def _is_of_another_computer(name: str) -> bool:
    """Whether a path begins with the letter of a drive: nothing here could be meant by it."""
    return len(name) > 2 and name[1] == ":" and name[0].isalpha()


def _find_entry(folder: Path, name: str) -> Path | None:
    exact = folder / name
    if exact.exists():
        return exact
    if not folder.is_dir():
        return None
    wanted = _plain(name)
    return next((entry for entry in sorted(folder.iterdir()) if _plain(entry.name) == wanted), None)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
