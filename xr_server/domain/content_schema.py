"""JSON Schemas of the content folder's files, made from the record types. Pure."""

from typing import Any

import msgspec

from xr_server.domain.catalog import RECORD_TYPES
from xr_server.domain.content import FOUND_FIELDS, GROUPS, TEXT_FIELDS, BundledModel
from xr_server.domain.fields import LANGUAGES

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COORDINATE = {"type": "number", "minimum": -180, "maximum": 180}
GEOMETRIES = ["LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"]
WORDS = {"type": "string"}


def make_schemas() -> dict[str, Schema]:
    """Every schema by its file name in content/schemas."""
    return {
        "site.schema.json": _titled("site.json: the site", _record("site")),
        "landmarks.schema.json": _titled("landmarks.geojson: the landmarks", _landmarks()),
        "seasons.schema.json": _titled("seasons.json: the seasons", _list_of("season")),
        "schedules.schema.json": _titled("schedules.json: when experiences are on", _list_of("schedule")),
        "scene.schema.json": _titled("scenes/{id}.json: a scene", _record("scene")),
        "experience.schema.json": _titled("experiences/{id}.json: an experience", _record("experience")),
        "media.schema.json": _titled("media/{id}.json: a picture or a sound", _record("media")),
        "survey.schema.json": _titled("survey/{id}.json: measured points", _record("survey")),
        "paths.schema.json": _titled("paths.json: ways on foot between landmarks", _list_of("path")),
        "hazards.schema.json": _titled("hazards.json: edges to mind", _list_of("hazard")),
        "notices.schema.json": _titled("notices.json: notices to visitors", _list_of("notice")),
        "signs.schema.json": _titled("signs.json: QR signs", _list_of("sign")),
        "rallies.schema.json": _titled("rallies.json: stamp rallies", _list_of("rally")),
        "campaigns.schema.json": _titled("campaigns.json: campaigns", _list_of("campaign")),
        "questionnaires.schema.json": _titled(
            "questionnaires.json: what visitors are asked", _list_of("questionnaire")
        ),
        "model.schema.json": _titled("models/{name}.json: a bundled model", msgspec.json.schema(BundledModel)),
        "texts.schema.json": _titled(f"texts/{{language}}.json, for {', '.join(LANGUAGES)}: all words", _texts()),
    }


def _titled(title: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "title": title, **schema}


def _record(kind: str) -> Schema:
    """The schema of a record's file: the record without its words, which stand in the language files."""
    schema = msgspec.json.schema(RECORD_TYPES[kind])
    definitions = schema["$defs"]
    top = definitions[RECORD_TYPES[kind].__name__]
    for spec in TEXT_FIELDS[kind]:
        owner = top if len(spec) == 1 else definitions[_name_of(top["properties"][spec[0]]["items"])]
        _drop(owner, spec[-1])
    for field in FOUND_FIELDS.get(kind, ()):
        _drop(top, field)
    return schema


def _name_of(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _drop(definition: Schema, field: str) -> None:
    definition["properties"].pop(field)
    definition["required"] = [name for name in definition["required"] if name != field]


def _list_of(kind: str) -> Schema:
    schema = _record(kind)
    return {"type": "array", "items": {"$ref": schema["$ref"]}, "$defs": schema["$defs"]}


def _landmarks() -> Schema:
    """A GeoJSON FeatureCollection: id and place of a landmark stand where GeoJSON has them."""
    schema = _record("landmark")
    landmark = schema["$defs"]["Landmark"]
    identifier = landmark["properties"]["id"]
    for field in ("id", "geometry"):
        _drop(landmark, field)
    point = {"type": "array", "prefixItems": [COORDINATE, COORDINATE], "minItems": 2, "maxItems": 2}
    geometries = [
        {"type": "null"},
        _object({"type": {"const": "Point"}, "coordinates": point}),
        _object({"type": {"enum": GEOMETRIES}, "coordinates": {"type": "array"}}),
    ]
    feature = {
        "type": {"const": "Feature"},
        "id": identifier,
        "geometry": {"anyOf": geometries},
        "properties": {"$ref": schema["$ref"]},
    }
    collection = {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": _object(feature)}}
    return {**_object(collection), "$defs": schema["$defs"]}


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _texts() -> Schema:
    groups: Schema = {}
    for kind, group in GROUPS.items():
        words: Schema = {}
        for spec in TEXT_FIELDS[kind]:
            if len(spec) == 1:
                words[spec[0]] = WORDS
            else:
                items = words.setdefault(spec[0], _keyed({}))
                items["additionalProperties"]["properties"][spec[-1]] = WORDS
        groups[group] = _closed(words) if kind == "site" else {"type": "object", "additionalProperties": _closed(words)}
    return _closed(groups)


def _closed(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _keyed(properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": _closed(properties)}
