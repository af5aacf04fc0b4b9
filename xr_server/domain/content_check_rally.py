"""Whether stamp rallies are possible and name what is there. Pure."""

from collections.abc import Iterator

from xr_server.domain.content_index import Found, Index, find_unknown, find_wrong_days
from xr_server.domain.rally import Rally


def check_rally(rally: Rally, index: Index) -> Iterator[Found]:
    """Everything amiss with one rally."""
    if not rally.title:
        yield "title", "a rally needs a title in at least one language"
    for name in rally.landmarks:
        yield from find_unknown("landmarks", "landmark", name, index.landmarks)
    if len(set(rally.landmarks)) != len(rally.landmarks):
        yield "landmarks", "a landmark gives one stamp; name each once"
    if rally.stamps_needed is not None and rally.stamps_needed > len(rally.landmarks):
        yield "stamps_needed", "there are fewer landmarks than stamps that win"
    yield from find_wrong_days(rally, "the prize is collected until the last day of stamps at least")
