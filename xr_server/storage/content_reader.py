"""The files of one content folder as JSON, with everything amiss remembered."""

import json
from pathlib import Path
from typing import Any

from xr_server.domain.content import Plain, Problem

MAX_FILE_BYTES = 16 * 1024 * 1024


class Reader:
    """Reads files of one folder and remembers what is amiss, so that people see all of it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []

    def note(self, file: str, where: str, text: str) -> None:
        """Remember a problem."""
        self.problems.append(Problem(file, where, text))

    def read(self, name: str, expected: type) -> Any:
        """The JSON of a file; None when it is not there or not of the expected shape."""
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ValueError(f"larger than {MAX_FILE_BYTES >> 20} MB")
            document = json.loads(
                path.read_text(encoding="utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
            )
        except json.JSONDecodeError as error:
            self.note(name, f"line {error.lineno}, column {error.colno}", f"this is not JSON: {error.msg}")
            return None
        except RecursionError:
            self.note(name, "", "nested too deeply to be content")
            return None
        except (ValueError, OSError) as error:
            self.note(name, "", f"cannot be read: {error}")
            return None
        if not isinstance(document, expected):
            self.note(name, "", f"must hold a JSON {'object' if expected is dict else 'array'}")
            return None
        return document

    def names(self, folder: str, suffix: str = ".json") -> list[str]:
        """Names of the files in a sub-folder, sorted, with the folder in front."""
        return sorted(f"{folder}/{path.name}" for path in (self.folder / folder).glob(f"[!.]*{suffix}"))


def _unique(pairs: list[tuple[str, Any]]) -> Plain:
    document: Plain = {}
    for key, value in pairs:
        if key in document:
            raise ValueError(f"the name {key} stands twice in one object")
        document[key] = value
    return document


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")
