"""Bytes of JavaScript (brotli) a phone loads to its first 3D frame and to AR, from the built client's manifest.

Usage: python scripts/bench/client_bytes.py [--check]; with --check the exit code is 1 when a budget is passed.
"""

import json
import sys
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[2] / "xr_server" / "static"
# what has to be there: the entry, and what it loads later on the way
ROADS = {
    "first 3D, pages": (("src/main.ts", "src/orbit/stage.ts"), 150_000),
    "first 3D, immersive": (("src/immersive.ts",), 60_000),
    "turned by hand, immersive": (("src/immersive.ts", "src/orbit/stage.ts"), 150_000),
    "AR": (("src/immersive.ts", "src/orbit/stage.ts", "src/xr/session.ts", "src/telling.ts"), 185_000),
    "magic window": (("src/immersive.ts", "src/orbit/stage.ts", "src/ui/window.ts", "src/telling.ts"), 185_000),
    "walk at eye height": (("src/immersive.ts", "src/orbit/stage.ts", "src/ui/street.ts"), 185_000),
    "headset": (("src/immersive.ts", "src/orbit/stage.ts", "src/ui/headset.ts"), 185_000),
}


def collect(manifest: dict[str, Any], key: str) -> set[str]:
    """The script files of a chunk and all it imports at once; chunks may import one another."""
    names = [key]
    for name in names:  # grows while it is walked
        names += [part for part in manifest[name].get("imports", []) if part not in names]
    return {str(manifest[name]["file"]) for name in names}


def main() -> None:
    """Print the table; with --check also judge it."""
    manifest = json.loads((STATIC / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    passed = False
    for road, (entries, budget_bytes) in ROADS.items():
        files = sorted(set().union(*(collect(manifest, entry) for entry in entries)))
        sizes = {file: (STATIC / f"{file}.br").stat().st_size for file in files}
        total_bytes = sum(sizes.values())
        passed = passed or total_bytes > budget_bytes
        print(f"{road}: {total_bytes:,} of {budget_bytes:,} bytes")
        for file, size in sorted(sizes.items(), key=lambda item: -item[1]):
            print(f"    {size:>8,}  {file}")
    sys.exit(1 if passed and "--check" in sys.argv[1:] else 0)


if __name__ == "__main__":
    main()
