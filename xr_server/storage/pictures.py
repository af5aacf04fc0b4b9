"""Pictures decoded and written anew by a child process under limits: this one never looks inside."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from xr_server.errors import Invalid, Unavailable

CHILD = ("-P", "-m", "asset_pipeline.appearance.photo_child")
ROOT = Path(__file__).resolve().parents[2]
PASSED_ON = ("PATH", "HOME", "SYSTEMROOT", "LD_LIBRARY_PATH")
LONGEST_S = 60
REFUSED = 3
REASONS = {
    "picture_svg": "An SVG can hold programs, so it is not taken. Open it in a drawing program, export it as PNG 2000 "
    "pixels wide, and send that.",
    "picture_heic": "This is a HEIC picture, which not every program reads. Export it as JPEG; on an iPhone, choose "
    "“Most Compatible” under Settings, Camera, Formats.",
    "picture_unknown": "This file is no sound JPEG, PNG, WebP or AVIF. Open it in a picture program and save it as JPEG or "
    "PNG.",
    "picture_too_many": "This picture has more pixels than can be taken: 40 million, or 268 million as an ordinary JPEG. "
    "Save it smaller; 2048 pixels along its longer side are shown.",
    "picture_moving": "This picture moves. Only still ones are shown; save one of its pictures as PNG or JPEG.",
    "picture_slow": "This picture takes too long to open. Save it smaller, as an ordinary JPEG or PNG, and send that.",
    "picture_damaged": "This picture is cut off or damaged and cannot be opened. Save it again as JPEG or PNG and send that.",
}


@dataclass(frozen=True)
class Picture:
    """A picture for visitors and a small one for lists, both WebP."""

    data: bytes
    small: bytes


def rewrite_picture(folder: Path, data: bytes) -> Picture:
    """The picture without camera, place and profile, in a size for phones. Raises Invalid, Unavailable."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".picture-", dir=folder) as work:
        source, target = Path(work, "sent"), Path(work, "shown")
        source.write_bytes(data)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "TMPDIR": work}
        try:
            ended = subprocess.run(  # noqa: S603 - our own program, and paths of our own making
                [sys.executable, *CHILD, str(source), str(target)],
                cwd=work,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=LONGEST_S,
                check=False,
            )
            if ended.returncode == 0:
                return Picture(target.read_bytes(), target.with_name("shown.small").read_bytes())
        except OSError as error:
            raise Unavailable(
                "picture_tool_away", "Pictures cannot be prepared just now. Nothing was lost; try again in a minute."
            ) from error
        except subprocess.TimeoutExpired as error:
            raise _refused("picture_slow") from error
    if ended.returncode == -signal.SIGXCPU:
        raise _refused("picture_slow")
    raise _refused(_reason(ended.stdout) if ended.returncode == REFUSED else "picture_damaged")


def _reason(output: bytes) -> str:
    try:
        return str(json.loads(output)["refused"])
    except (ValueError, KeyError, TypeError):
        return "picture_damaged"


def _refused(code: str) -> Invalid:
    known = code if code in REASONS else "picture_damaged"
    return Invalid(known, REASONS[known])
