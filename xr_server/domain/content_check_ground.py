"""Whether surveys, polygons, ways, edges, signs, pictures and sounds are possible and name what is there. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any

from xr_server.domain.content_index import Found, Index, find_far, find_unknown
from xr_server.domain.guidance import Footpath, Hazard, Sign
from xr_server.domain.media import Media
from xr_server.domain.notice import Notice
from xr_server.domain.outline import corners_of, find_flaw
from xr_server.domain.survey import Survey


def check_survey(survey: Survey, index: Index) -> Iterator[Found]:
    """Everything amiss with one set of survey points."""
    for point in survey.points:
        where = f"points, {point.id}"
        if not point.name:
            yield where, "a point needs a name in at least one language, or nobody can find it"
        if point.id in index.repeated:
            yield where, "there is a second survey point of this id; each has an id of its own"
        yield from find_far(where, point.lat, point.lon, index.site)
        try:
            date.fromisoformat(point.surveyed_on)
        except ValueError:
            yield where, f"{point.surveyed_on} is not a date such as 2026-11-24"
        if point.landmark is not None:
            yield from find_unknown(where, "landmark", point.landmark, index.landmarks)


def check_polygon(geometry: Mapping[str, Any], index: Index) -> Iterator[Found]:
    """Everything amiss with the polygon of a landmark, by which phones tell who has arrived."""
    rings = geometry.get("coordinates")
    for ring in rings if isinstance(rings, list) and rings else [None]:
        corners = corners_of({"type": "Polygon", "coordinates": [ring]})
        if corners is None:
            yield "geometry", "a ring of a polygon is a list of [longitude, latitude], the first one again at its end"
            continue
        flaw = find_flaw(corners)
        if flaw is not None and flaw.code != "outline_many":  # a file may have more than one would edit by hand
            yield "geometry", flaw.text
        far = (slip for lat, lon in corners for slip in find_far("geometry", lat, lon, index.site))
        yield from islice(far, 1)  # where one is exchanged all are


def check_footpath(path: Footpath, index: Index) -> Iterator[Found]:
    """Everything amiss with one way."""
    yield from find_unknown("from", "landmark", path.start, index.landmarks)
    yield from find_unknown("to", "landmark", path.end, index.landmarks)
    if path.start == path.end:
        yield "to", "a way leads from one landmark to another"
    for lat, lon in path.points:
        yield from find_far("points", lat, lon, index.site)


def check_hazard(hazard: Hazard, index: Index) -> Iterator[Found]:
    """Everything amiss with one edge."""
    if not hazard.name:
        yield "name", "an edge needs a name in at least one language"
    for lat, lon in (place for line in hazard.lines for place in line):
        yield from find_far("lines", lat, lon, index.site)


def check_sign(sign: Sign, index: Index) -> Iterator[Found]:
    """Everything amiss with one sign."""
    yield from find_unknown("landmark", "landmark", sign.landmark, index.landmarks)
    yield from find_unknown("point", "survey point", sign.point, index.points)


def check_notice(notice: Notice, index: Index) -> Iterator[Found]:
    """Everything amiss with one notice."""
    if not notice.text:
        yield "text", "a notice needs words in at least one language"
    if notice.landmark is not None:
        yield from find_unknown("landmark", "landmark", notice.landmark, index.landmarks)
    moments = []
    for field, text in (("from_at", notice.from_at), ("until_at", notice.until_at)):
        try:
            moments += [datetime.fromisoformat(text)] if text else []
        except ValueError:
            yield field, f"{text} is not a moment such as 2026-12-01T00:00:00Z"
            return
    if len(moments) == 2 and moments[1] <= moments[0]:
        yield "until_at", "a notice ends after it begins"


def check_media(media: Media, _: Index) -> Iterator[Found]:
    """Everything amiss with what is said of a picture or a sound."""
    if not media.title:
        yield "title", "a picture or a sound needs a title in at least one language"
    if media.kind == "image" and not media.alt:
        yield "alt", "say in at least one language what the picture shows, for those who do not see it"
    if media.kind == "sound" and not media.captions:
        yield "captions", "say in at least one caption what is heard, for those who do not hear it"
    if media.kind == "image" and (media.captions or media.loop or media.language):
        yield "captions", "captions, loop and language belong to sounds"
    before_s = 0.0
    for cue in media.captions:
        if cue.start_s < before_s or cue.end_s <= cue.start_s:
            yield f"captions, {cue.id}", "captions follow one another, and each ends after it starts"
        before_s = cue.end_s
