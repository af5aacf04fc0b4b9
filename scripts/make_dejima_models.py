"""Builds the bundled models by code: python scripts/make_dejima_models.py [NAME ...] [--out FOLDER]."""

import argparse
import time
from pathlib import Path

from dejima_models.build import build_model
from dejima_models.gate import gate_plan
from dejima_models.house import house_plan
from dejima_models.massing import massing_plan
from dejima_models.write import dump_glb

PLANS = {"chief-factor-house": house_plan, "water-gate": gate_plan, "chief-factor-house-today": massing_plan}
MODELS = Path(__file__).resolve().parent.parent / "content" / "dejima" / "models"


def main() -> None:
    """Write the models asked for, all without a name, and say how dense each is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PLANS, []], help="which models; all when none is named")
    parser.add_argument("--out", type=Path, default=MODELS, help="the folder to write to")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or PLANS:
        started = time.monotonic()
        model = build_model(PLANS[name]())
        data = dump_glb(model)
        (options.out / f"{name}.glb").write_bytes(data)
        seconds = time.monotonic() - started
        print(f"{name}: {len(model.faces)} triangles, {len(data) / 1e6:.1f} MB, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
