import json
import subprocess
import sys
from pathlib import Path

import pytest

from asset_pipeline.built import BuildResult

CLIENT = Path(__file__).parents[2] / "webxr_client"
NODE = Path(sys.executable).with_name("node")
VALIDATE = """
import { readFileSync } from "node:fs";
import validator from "gltf-validator";
const results = {};
for (const path of process.argv.slice(1)) {
  const report = await validator.validateBytes(new Uint8Array(readFileSync(path)));
  results[path] = report.issues.messages.filter((message) => message.severity < 2);
}
console.log(JSON.stringify(results));
"""


def test_the_khronos_validator_finds_no_error_and_no_warning(textured: BuildResult, coloured: BuildResult) -> None:
    if not (CLIENT / "node_modules" / "gltf-validator").is_dir() or not NODE.exists():
        pytest.skip("gltf-validator is not installed: scripts/test installs it")
    models = sorted(str(path) for built in (textured, coloured) for path in built.folder.glob("*.glb"))
    command = [str(NODE), "--input-type=module", "-e", VALIDATE, *models]
    ended = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == {path: [] for path in models}
