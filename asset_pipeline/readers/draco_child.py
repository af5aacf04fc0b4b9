"""Draco data unpacked in a process of its own: what it may allocate and how long it may take is limited, and a crash is its own.

Called by gltf_draco.py with a folder, memory and seconds. In the folder: streams.bin, the streams end to end, and jobs.json
with the bytes and the wanted attribute ids of each. Left there: N.faces.npy and N.ID.npy for stream N.
"""

import json
import sys
from pathlib import Path

import DracoPy
import numpy as np

from asset_pipeline.readers.child_limits import limit_process

REFUSED = 3


def unpack_streams(folder: Path) -> None:
    """Unpack every stream of the folder's jobs. Raises ValueError for data that is no mesh, or not the one described."""
    jobs = json.loads((folder / "jobs.json").read_text(encoding="utf-8"))
    with (folder / "streams.bin").open("rb") as streams:
        for number, (size, attributes) in enumerate(jobs):
            _unpack(streams.read(size), folder / str(number), attributes)


def _unpack(data: bytes, stem: Path, attributes: list[int]) -> None:
    mesh = DracoPy.decode(data)
    if not hasattr(mesh, "faces"):
        raise ValueError("it holds points without triangles")
    np.save(f"{stem}.faces.npy", np.asarray(mesh.faces, np.uint32).reshape(-1), allow_pickle=False)
    for wanted in attributes:
        found = mesh.get_attribute_by_unique_id(wanted)
        if found is None:
            raise ValueError(f"it has no attribute {wanted}")
        np.save(f"{stem}.{wanted}.npy", found["data"], allow_pickle=False)


def main(arguments: list[str]) -> int:
    """0 when unpacked, 3 with a reason on standard error when the data is at fault."""
    folder, memory_bytes, cpu_s = arguments
    limit_process(int(memory_bytes), int(cpu_s))
    try:
        unpack_streams(Path(folder))
    except MemoryError:
        sys.stderr.write("it asks for more memory than its size could need")
        return REFUSED
    except (DracoPy.FileTypeException, ValueError) as error:
        sys.stderr.write(str(error)[:200])
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
