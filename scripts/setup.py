"""Makes the checkout ready to run: virtual environment, packages, built client, bundled models, compiled kernels.

Standard library only, since it runs before anything is installed. Each step leaves a stamp with the hash of what it
was made from, so that a second start does nothing. Usage: python scripts/setup.py [--dev]
"""

import hashlib
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMPS = VENV / "stamps"
LOG = ROOT / "build" / "setup.log"
CLIENT = ROOT / "webxr_client"


def hash_files(paths: Iterable[Path], salt: str) -> str:
    digest = hashlib.sha256(salt.encode())
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run_logged(command: list[str], where: Path, environment: dict[str, str]) -> None:
    """Run a command with its output in the log, a sign of life on the screen, and the log's end on failure."""
    started = time.monotonic()
    terminal = sys.stdout.isatty()
    shown_s = 0
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        process = subprocess.Popen(command, cwd=where, env=environment, stdout=log, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(0.1)
            elapsed_s = int(time.monotonic() - started)
            if elapsed_s >= shown_s + (1 if terminal else 10):
                shown_s = elapsed_s
                print(f"    {elapsed_s} s ...", end="\r" if terminal else "\n", flush=True)
    if process.returncode:
        tail = LOG.read_text(errors="replace").splitlines()[-30:]
        print("\n".join(tail), file=sys.stderr)
        sys.exit(f"This step failed (exit code {process.returncode}): {' '.join(command)}\nThe whole log: {LOG}")


@dataclass(frozen=True)
class Step:
    """Commands that turn sources into a product; `key` is the hash of the sources, `products` must exist afterwards."""

    title: str
    stamp: str
    key: str
    products: tuple[Path, ...]
    commands: tuple[tuple[list[str], Path], ...]


def carry_out(step: Step) -> None:
    """Run the step's commands unless its products are there and its stamp holds the key."""
    stamp = STAMPS / step.stamp
    if stamp.is_file() and stamp.read_text() == step.key and all(product.exists() for product in step.products):
        return
    started = time.monotonic()
    print(f"==> {step.title}", flush=True)
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    for command, where in step.commands:
        run_logged(command, where, {**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(step.key)
    print(f"    done in {time.monotonic() - started:.0f} s", flush=True)


def make_environment() -> None:
    if not (BIN / "python").exists():
        print("==> Making .venv", flush=True)
        venv.create(VENV, with_pip=True)


def install(extra: str) -> None:
    """The package in editable form with an extra; `dev` holds all of `build`, so it serves for both."""
    key = hash_files([ROOT / "pyproject.toml", ROOT / "constraints.txt"], sys.version)
    development = STAMPS / "install-dev"
    if extra == "build" and development.is_file() and development.read_text() == key:
        return
    pip = [str(BIN / "python"), "-m", "pip", "install", "--constraint", "constraints.txt", "--editable", f".[{extra}]"]
    carry_out(Step(f"Installing Python packages ({extra})", f"install-{extra}", key, (BIN / "dejima",), ((pip, ROOT),)))


def build_client() -> None:
    npm = str(BIN / "npm")
    packages = hash_files([CLIENT / "package.json", CLIENT / "package-lock.json"], "")
    modules = CLIENT / "node_modules"
    carry_out(Step("Installing client packages", "client-packages", packages, (modules,), (([npm, "ci"], CLIENT),)))
    sources = [path for folder in ("src", "public") for path in (CLIENT / folder).rglob("*") if path.is_file()]
    configuration = [path for path in CLIENT.iterdir() if path.suffix in {".json", ".ts"}]
    key = hash_files([*sources, *configuration], "")
    manifest = ROOT / "xr_server" / "static" / ".vite" / "manifest.json"
    carry_out(Step("Building the client", "client", key, (manifest,), (([npm, "run", "build"], CLIENT),)))


def make_models() -> None:
    script = ROOT / "scripts" / "make_dejima_models.py"
    models = ROOT / "content" / "dejima" / "models"
    products = tuple(path.with_suffix(".glb") for path in models.glob("*.json"))
    key = hash_files([script, *(ROOT / "scripts" / "dejima_models").glob("*.py")], "")
    command = [str(BIN / "python"), str(script.relative_to(ROOT))]
    carry_out(Step("Making the models of Dejima", "models", key, products, ((command, ROOT),)))


def warm_up() -> None:
    """Compile the numeric kernels now, so that no user waits for it."""
    key = hash_files((ROOT / "asset_pipeline").glob("*.py"), sys.version)
    command = [str(BIN / "python"), "-m", "asset_pipeline", "warm-up"]
    carry_out(Step("Compiling kernels", "warm-up", key, (), ((command, ROOT),)))


def main() -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"Dejima XR runs on Python 3.11 to 3.13; this is {sys.version.split()[0]}.")
    LOG.parent.mkdir(exist_ok=True)
    make_environment()
    install("dev" if "--dev" in sys.argv[1:] else "build")
    build_client()
    make_models()
    warm_up()


if __name__ == "__main__":
    main()
