"""Writes the JSON Schemas of content files into content/schemas, from the record types. Usage: python scripts/make_schemas.py"""

from pathlib import Path

from xr_server.domain.content import format_json
from xr_server.domain.content_schema import make_schemas

FOLDER = Path(__file__).resolve().parent.parent / "content" / "schemas"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    schemas = make_schemas()
    for path in FOLDER.glob("*.schema.json"):
        if path.name not in schemas:
            path.unlink()
    for name, schema in schemas.items():
        (FOLDER / name).write_text(format_json(schema) + "\n", encoding="utf-8")
    print(f"Wrote {len(schemas)} schemas to {FOLDER}.")


if __name__ == "__main__":
    main()
