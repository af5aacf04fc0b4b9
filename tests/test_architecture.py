"""The line of the house, enforced over the syntax trees: who imports whom, one library one place, ceilings, names."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
CLIENT = ROOT / "webxr_client" / "src"
Sources = Mapping[str, str]

PURE_PIPELINE = (
    "asset_pipeline.geopose",
    "asset_pipeline.manifest",
    "asset_pipeline.errors",
    "asset_pipeline.licences",
    "asset_pipeline.clouds.projection",  # standard library only, as its docstring says
)
PAGE_PIPELINE = (
    "asset_pipeline.report.advice",
    "asset_pipeline.report.heat_scale",
    "asset_pipeline.report.report_page",
)  # words and pages; no 3D library either
FOUNDATIONS = ("xr_server.errors", "xr_server.settings")
# what the modules under a path may import of ours; every other module of ours is out of bounds for them
MAY_IMPORT = {
    "asset_pipeline/": ("asset_pipeline",),
    "xr_server/domain/": ("xr_server.domain", "xr_server.errors", *PURE_PIPELINE),
    "xr_server/storage/": ("xr_server.storage", "xr_server.domain", *FOUNDATIONS, *PURE_PIPELINE),
    "xr_server/routes/": (
        "xr_server.routes",
        "xr_server.storage",
        "xr_server.domain",
        "xr_server.parts",
        "xr_server.logs",
        *FOUNDATIONS,
        *PURE_PIPELINE,
        *PAGE_PIPELINE,
    ),
    "xr_server/parts.py": ("xr_server.storage", "xr_server.domain", *FOUNDATIONS),
    "xr_server/errors.py": (),
    "xr_server/logs.py": (),
    "xr_server/settings.py": ("xr_server.errors",),
}
# who may wire: the entry points, each of which may import everything of ours
ENTRIES = {
    "app.py",
    "bundled.py",
    "child.py",
    "cli.py",
    "demo.py",
    "lan.py",
    "mailing.py",
    "sending.py",
    "serving.py",
    "text_list.py",
    "worker.py",
    "__init__.py",
}

# design.md, section 6: one library, one place
ROUTES_AND_WIRING = (
    "xr_server/routes/",
    "xr_server/app.py",
    "xr_server/parts.py",
    "xr_server/serving.py",
    "xr_server/lan.py",
)
ENGINE_HOLDERS = tuple(f"xr_server/{name}.py" for name in ("app", "parts", "cli", "demo", "bundled", "worker"))
PLACES = {
    "starlette": ROUTES_AND_WIRING,
    "uvicorn": ("xr_server/serving.py", "xr_server/lan.py"),
    "msgspec": ("xr_server/routes/", "xr_server/domain/", "xr_server/storage/", "xr_server/bundled.py"),
    "sqlalchemy": ("xr_server/storage/", *ENGINE_HOLDERS),
    "alembic": ("xr_server/storage/migrate.py", "xr_server/storage/migrations/"),
    "psycopg": (),
    "argon2": ("xr_server/storage/accounts.py",),
    "brotli": ("xr_server/storage/publish.py", "xr_server/routes/visitor.py"),
    "jinja2": ("xr_server/routes/pages.py", "asset_pipeline/report/report_page.py"),
    "holidays": ("xr_server/domain/days_off.py",),
    "astral": ("xr_server/domain/day_hours.py",),
    "pygeomag": ("xr_server/domain/publish.py",),
    "prometheus_client": ("xr_server/routes/health.py",),
    "xlsxwriter": ("xr_server/routes/spreadsheets.py",),
    "openpyxl": ("xr_server/routes/spreadsheets.py",),
    "icalendar": ("xr_server/routes/calendar.py", "xr_server/routes/calendar_reading.py"),
    "segno": ("xr_server/lan.py", "xr_server/routes/qr.py"),
    "trustme": ("xr_server/lan.py",),
    "typer": ("xr_server/cli.py", "asset_pipeline/__main__.py", "asset_pipeline/console.py"),
    "rich": ("xr_server/bundled.py", "xr_server/sending.py", "asset_pipeline/console.py"),
    "numpy": ("asset_pipeline/",),
    "numba": ("asset_pipeline/jit.py",),
    "meshopt": tuple(
        f"asset_pipeline/{name}.py"
        for name in ("output/encode", "output/glb", "readers/gltf_buffers", "output/gltf_document")
    ),
    "xatlas": ("asset_pipeline/appearance/atlas.py",),
    "DracoPy": ("asset_pipeline/readers/draco_child.py",),
    "laspy": ("asset_pipeline/clouds/read_las.py",),
    "lazrs": ("asset_pipeline/clouds/read_las.py",),
    "pxr": tuple(f"asset_pipeline/{name}.py" for name in ("readers/usd_child", "readers/usd_look", "readers/usd_mesh")),
    "distributed": ("asset_pipeline/cluster.py",),
    "opendp": ("xr_server/storage/privacy.py",),
    "fontTools": ("xr_server/storage/typefaces.py",),
    "PIL": (
        "xr_server/routes/poster_files.py",
        *(
            f"asset_pipeline/{name}.py"
            for name in (
                "appearance/look",
                "appearance/photo",
                "readers/picture",
                "report/poster",
                "clouds/relief",
                "appearance/texture",
                "output/verify",
                "warm_up",
            )
        ),
    ),
}

# domain is pure: no input or output, no clock, no chance, no SQL
IMPURE_MODULES = {
    "asyncio", "glob", "http", "io", "logging", "multiprocessing", "os", "queue", "random", "secrets", "shutil", "signal",
    "socket", "sqlalchemy", "sqlite3", "ssl", "starlette", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
IMPURE_CALLS = {
    "open", "print", "input", "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "uuid.uuid1", "uuid.uuid4", "uuid.uuid7",
}  # fmt: skip
PATH_METHODS = {"read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink", "iterdir", "is_file", "stat"}

HARD_FILE_LINES = 400
HARD_FUNCTION_LINES = 60
MOST_PARAMETERS = 5
VAGUE_NAMES = {
    "util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "misc", "service", "services",
}  # fmt: skip


def read_sources(*folders: str) -> Sources:
    """Python files by their path from the root."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}


def imported_by(source: str) -> Iterator[str]:
    """Full names of all that a module imports, also inside functions: `from a import b` gives a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_under(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)


def find_wrong_layers(sources: Sources) -> list[str]:
    found = []
    for path, source in sources.items():
        rule = next((rule for prefix, rule in MAY_IMPORT.items() if path.startswith(prefix)), None)
        entry = path.startswith("xr_server/") and path.count("/") == 1 and PurePosixPath(path).name in ENTRIES
        if rule is None and not entry:
            found.append(f"{path} belongs to no layer")
        ours = [
            name for name in imported_by(source) if name.split(".")[0] in {"xr_server", "asset_pipeline", "content"}
        ]
        if rule is not None:
            found += [f"{path} imports {name}" for name in ours if not is_under(name, rule)]
    return found


def find_misplaced_libraries(sources: Sources) -> list[str]:
    found = []
    for path, source in sources.items():
        for name in {name.split(".")[0] for name in imported_by(source)}:
            if name in sys.stdlib_module_names or name in {"xr_server", "asset_pipeline"}:
                continue
            if not any(path.startswith(place) for place in PLACES.get(name, ())):
                found.append(f"{path} imports {name}")
    return found


def find_impurities(sources: Sources) -> list[str]:
    found = []
    for path, source in sources.items():
        if not path.startswith("xr_server/domain/"):
            continue
        found += [f"{path} imports {name}" for name in imported_by(source) if name.split(".")[0] in IMPURE_MODULES]
        for node in ast.walk(ast.parse(source)):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in IMPURE_CALLS or (isinstance(node, ast.Call) and called.rpartition(".")[2] in PATH_METHODS):
                found.append(f"{path} calls {called}")
    return found


def is_kernel(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Compiled by numba: exempt from the ceilings."""
    return any("njit" in ast.unparse(decorator) for decorator in function.decorator_list)


def is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Called by typer: its parameters are the options people type."""
    return any(".command(" in ast.unparse(decorator) for decorator in function.decorator_list)


def find_over_ceilings(sources: Sources) -> list[str]:
    found = []
    for path, source in sources.items():
        if "/migrations/" in path:
            continue
        if (lines := source.count("\n")) > HARD_FILE_LINES:
            found.append(f"{path} has {lines} lines")
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_kernel(node):
                continue
            if (lines := (node.end_lineno or 0) - node.lineno + 1) > HARD_FUNCTION_LINES:
                found.append(f"{path} {node.name} has {lines} lines")
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            wide = len([name for name in names if name not in {"self", "cls"}]) > MOST_PARAMETERS
            if wide and not is_command(node):
                found.append(f"{path} {node.name} has {len(names)} parameters")
    return found


def find_undocumented(sources: Sources) -> list[str]:
    found = []
    for path, source in sources.items():
        tree = ast.parse(source)
        if source.strip() and ast.get_docstring(tree) is None:
            found.append(f"{path} has no docstring")
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
            if public and ast.get_docstring(node) is None:
                found.append(f"{path} {node.name} has no docstring")
    return found


def find_vague_names(paths: list[str]) -> list[str]:
    words = {path: set(re.split(r"[_.\-]", PurePosixPath(path).stem.lower())) for path in paths}
    return [path for path, parts in words.items() if parts & VAGUE_NAMES]


STATIC = re.compile(r"""^\s*(?:import|export)\s+(?!type\b)(?:[\w*{}\s,$]+?\sfrom\s+)?['"]([^'"]+)['"]""", re.MULTILINE)
DYNAMIC = re.compile(r"""\bimport\(\s*['"]([^'"]+)['"]\s*\)""")


def find_stray_three(sources: Sources) -> list[str]:
    """Files outside orbit/, xr/ and window/ that import three, at once or later."""
    found = []
    for path, source in sources.items():
        names = [*STATIC.findall(source), *DYNAMIC.findall(source)]
        if not path.startswith(("orbit/", "xr/", "window/")) and any(re.match(r"three(/|$)", name) for name in names):
            found.append(path)
    return found


def find_ways_to_three(sources: Sources, entry: str) -> list[str]:
    """Files that an entry loads at once and that import three."""
    seen: set[str] = set()
    waiting, found = [entry], []
    while waiting:
        path = waiting.pop()
        if path in seen or path not in sources:
            continue
        seen.add(path)
        for name in STATIC.findall(sources[path]):
            if re.match(r"three(/(?!examples/jsm/libs/)|$)", name):  # what lies in libs is not of three
                found.append(path)
            elif name.startswith("."):
                parts: list[str] = []
                for part in (PurePosixPath(path).parent / name).parts:
                    parts = parts[:-1] if part == ".." else [*parts, part]
                target = "/".join(parts)
                waiting += [target, f"{target}.ts", f"{target}/index.ts"]
    return found


def read_client() -> Sources:
    return {
        path.relative_to(CLIENT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(CLIENT.rglob("*.ts"))
    }


def read_entries() -> list[str]:
    configuration = (CLIENT.parent / "vite.config.ts").read_text(encoding="utf-8")
    return re.findall(r"'src/([\w-]+\.ts)'", configuration)


OURS = read_sources("asset_pipeline", "xr_server")


def test_each_layer_imports_only_what_lies_below_it():
    assert find_wrong_layers(OURS) == []


def test_content_is_data_and_holds_no_program():
    assert [path.name for path in (ROOT / "content").rglob("*") if path.suffix in {".py", ".js", ".ts", ".sh"}] == []


def test_every_library_has_its_one_place():
    assert find_misplaced_libraries(OURS) == []


def test_the_domain_has_no_input_output_clock_or_chance():
    assert find_impurities(OURS) == []


def test_no_file_function_or_list_of_parameters_is_over_its_ceiling():
    assert find_over_ceilings({**OURS, **read_sources("scripts")}) == []


def test_every_public_function_of_domain_and_pipeline_says_what_it_gives():
    watched = ("asset_pipeline/", "xr_server/domain/")
    assert find_undocumented({path: source for path, source in OURS.items() if path.startswith(watched)}) == []


def test_no_module_has_a_name_that_says_nothing():
    assert find_vague_names([*OURS, *read_sources("scripts", "tests"), *read_client()]) == []


def test_only_the_orbit_view_the_immersive_session_and_the_window_know_three():
    assert find_stray_three(read_client()) == []


@pytest.mark.parametrize("entry", read_entries())
def test_no_page_loads_three_before_it_is_needed(entry):
    client = read_client()
    assert entry in client
    assert find_ways_to_three(client, entry) == []


def test_no_file_of_the_client_is_over_its_ceiling():
    assert [path for path, source in read_client().items() if source.count("\n") > HARD_FILE_LINES] == []


# The checks themselves: each must find what it is there for.

WRONG_LAYERS = {
    "asset_pipeline/readers/read.py": "from xr_server.errors import Invalid",
    "xr_server/domain/visit.py": "from xr_server.storage.keys import load_secret",
    "xr_server/domain/publish.py": "def f():\n    import asset_pipeline.package",
    "xr_server/storage/catalog.py": "from xr_server.routes import problems",
    "xr_server/storage/events.py": "from xr_server import parts",
    "xr_server/routes/scenes.py": "from xr_server.app import create_app",
    "xr_server/routes/uploads.py": "from asset_pipeline.readers.read import read_scan",
    "xr_server/settings.py": "import xr_server.storage.database",
    "xr_server/errors.py": "import xr_server.settings",
    "xr_server/plugins.py": "",
}


@pytest.mark.parametrize(("path", "source"), WRONG_LAYERS.items(), ids=WRONG_LAYERS)
def test_the_check_of_layers_finds_a_wrong_import(path, source):
    assert len(find_wrong_layers({path: source})) == 1


def test_the_check_of_layers_lets_right_imports_pass():
    right = {
        "asset_pipeline/package.py": "from asset_pipeline.readers.read import read_scan",
        "xr_server/domain/publish.py": "from asset_pipeline.geopose import GeoPose",
        "xr_server/routes/scenes.py": "from xr_server.storage.publish import Compiled\nfrom xr_server.parts import Parts",
        "xr_server/app.py": "from xr_server.routes import scenes\nfrom xr_server.storage.database import open_engine",
    }
    assert find_wrong_layers(right) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("xr_server/domain/schedule.py", "import sqlalchemy"),
        ("xr_server/routes/scenes.py", "def f():\n    import holidays"),
        ("xr_server/storage/events.py", "import psycopg"),
        ("xr_server/app.py", "import requests"),
        ("asset_pipeline/appearance/bake.py", "from numba import njit"),
    ],
)
def test_the_check_of_libraries_finds_one_out_of_place(path, source):
    assert len(find_misplaced_libraries({path: source})) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from random import choice",
        "from os import environ",
        "import sqlite3",
        "from datetime import datetime\nnow = datetime.now()",
        "from datetime import date\ntoday = date.today()",
        "import uuid\nname = uuid.uuid4()",
        "text = open('file')",
        "from pathlib import Path\ntext = Path('file').read_text()",
    ],
)
def test_the_check_of_purity_finds_the_world_outside(source):
    assert len(find_impurities({"xr_server/domain/visit.py": source})) == 1
    assert find_impurities({"xr_server/storage/events.py": source}) == []


def test_the_check_of_ceilings_finds_what_is_too_long_or_too_wide():
    long_file = "x = 1\n" * (HARD_FILE_LINES + 1)
    long_function = "def f():\n" + "    x = 1\n" * HARD_FUNCTION_LINES
    wide = "def f(a, b, c, *, d, e, f): ..."
    method = "class A:\n    def f(self, a, b, c, d, e): ..."
    for source in (long_file, long_function, wide):
        assert len(find_over_ceilings({"xr_server/app.py": source})) == 1
        assert len(find_over_ceilings({"scripts/setup.py": source})) == 1
    assert (
        find_over_ceilings({"a.py": method})
        == find_over_ceilings({"a.py": "@njit(cache=True)\n" + long_function})
        == []
    )


def test_the_check_of_docstrings_and_names_find_what_is_missing():
    source = '"""Module."""\ndef told():\n    """Says."""\ndef untold(): ...\ndef _private(): ...\nclass Untold: ...'
    assert find_undocumented({"a.py": source}) == ["a.py untold has no docstring", "a.py Untold has no docstring"]
    assert find_undocumented({"a.py": "x = 1"}) == ["a.py has no docstring"]
    paths = ["a/utils.py", "a/scan_helpers.py", "a/base-view.ts", "a/manager.py", "a/baseline.py", "a/events.py"]
    assert find_vague_names(paths) == paths[:4]


@pytest.mark.parametrize(
    "source",
    [
        "import { Group } from 'three'",
        "import {\n  Group,\n  type Mesh\n} from 'three'",
        "import * as three from 'three'",
        "import 'three'",
        "export { Group } from 'three/examples/jsm/x.js'",
        "const t = await import('three')",
    ],
)
def test_the_check_of_three_finds_every_way_to_import_it(source):
    assert find_stray_three({"ui/map.ts": source}) == ["ui/map.ts"]
    assert find_stray_three({"orbit/view.ts": source}) == []
    assert (
        find_stray_three({"ui/map.ts": "import type { Group } from 'three'\nimport { a } from './three-words'"}) == []
    )


def test_the_check_of_entries_follows_what_is_loaded_at_once_and_only_that():
    chain = {
        "main.ts": "import { a } from './ui/a'\nimport type { View } from './orbit/view'",
        "ui/a.ts": "export { b } from '../orbit/b'",
        "orbit/b.ts": "import { Group } from 'three'",
        "later.ts": "const view = import('./orbit/b')",
    }
    assert find_ways_to_three(chain, "main.ts") == ["orbit/b.ts"]
    assert find_ways_to_three(chain, "later.ts") == []
