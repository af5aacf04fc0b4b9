"""Makes the pictures and sounds of the scenes from the bundled models and from numbers: python scripts/make_dejima_media.py."""

import argparse
from pathlib import Path

from dejima_media.details import Detail, draw_detail
from dejima_media.sounds import glasses, waves

from asset_pipeline.readers.read_gltf import read_gltf

CONTENT = Path(__file__).resolve().parent.parent / "content" / "dejima"
DETAILS = {
    "house-stair.webp": Detail("chief-factor-house", (-4.4, 0.2, 5.0), (4.4, 7.2, 8.0), 24.0, 8.0),
    "gate-south-opening.webp": Detail("water-gate", (-0.4, 1.6, -2.0), (5.6, 7.0, 1.0), 18.0, 4.0),
}
SOUNDS = {"sea-wall-waves.wav": waves, "feast-glasses.wav": glasses}


def main() -> None:
    """Write every picture and sound, and say how large each is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CONTENT / "media", help="the folder to write to")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    files = {name: make() for name, make in SOUNDS.items()}
    for name, detail in DETAILS.items():
        mesh, _ = read_gltf(CONTENT / "models" / f"{detail.model}.glb")
        files[name] = draw_detail(mesh, detail)
    for name, data in files.items():
        (out / name).write_bytes(data)
        print(f"{name}: {len(data) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
