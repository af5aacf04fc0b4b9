"""Everything published of one site, sorted by kind, and what of it visitors are shown. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from asset_pipeline.manifest import Manifest
from xr_server.domain.campaign import Campaign, Placed, place
from xr_server.domain.catalog import Experience, Landmark, Node, Record, Scene, Site
from xr_server.domain.fields import Text
from xr_server.domain.guidance import Footpath, Hazard, Sign
from xr_server.domain.languages import html_tag
from xr_server.domain.media import Media
from xr_server.domain.memory import Shown
from xr_server.domain.notice import Notice
from xr_server.domain.portfolio import CreatorPage
from xr_server.domain.questionnaire import Questionnaire
from xr_server.domain.rally import Rally
from xr_server.domain.season import Schedule, Season
from xr_server.domain.survey import Survey, SurveyPoint

FALLBACKS = {"ja-x-easy": ("ja", "en")}
USUAL_FALLBACKS = ("en", "ja")

Document = dict[str, Any]
Kind = TypeVar("Kind", bound=Record)


@dataclass(frozen=True)
class Published:
    """Everything published of one site, ready to compile. packages: manifests by digest; models: digests by model name.

    stopped: packages that had to go because somebody else holds the rights; creators: public pages of their makers; memories:
    what residents told, in the order in which pages show it; memories_taken: whether they may tell more.
    """

    site: Site
    landmarks: Sequence[Landmark]
    seasons: Mapping[str, Season]
    scenes: Sequence[Scene]
    experiences: Sequence[Experience]
    schedules: Sequence[Schedule]
    packages: Mapping[str, Manifest]
    models: Mapping[str, str]
    media: Mapping[str, Media]
    surveys: Sequence[Survey]
    footpaths: Sequence[Footpath]
    hazards: Sequence[Hazard]
    signs: Sequence[Sign]
    notices: Sequence[Notice] = ()
    stopped: Set[str] = frozenset()
    creators: Sequence[CreatorPage] = ()
    rallies: Sequence[Rally] = ()
    questionnaires: Sequence[Questionnaire] = ()
    campaigns: Sequence[Campaign] = ()
    memories: Sequence[Shown] = ()
    memories_taken: bool = True

    @property
    def links(self) -> dict[str, Placed]:
        """The short links of all campaigns, by their codes."""
        return {link.code: place(campaign, link) for campaign in self.campaigns for link in campaign.links}

    @cached_property
    def survey_points(self) -> dict[str, SurveyPoint]:
        """All measured points by id."""
        return {point.id: point for survey in self.surveys for point in survey.points}


def gather(
    records: Sequence[Record],
    packages: Mapping[str, Manifest],
    models: Mapping[str, str],
    stopped: Set[str] = frozenset(),
    creators: Sequence[CreatorPage] = (),
) -> Published | None:
    """The published records of one site sorted by kind; None when the site itself is not published."""
    site = next((record for record in records if isinstance(record, Site)), None)
    if site is None:
        return None
    return Published(
        site=site,
        landmarks=_of(records, Landmark),
        seasons={record.id: record for record in _of(records, Season)},
        scenes=_of(records, Scene),
        experiences=_of(records, Experience),
        schedules=_of(records, Schedule),
        packages=packages,
        models=models,
        media={record.id: record for record in _of(records, Media) if record.digest},
        surveys=_of(records, Survey),
        footpaths=_of(records, Footpath),
        hazards=_of(records, Hazard),
        signs=_of(records, Sign),
        notices=_of(records, Notice),
        stopped=stopped,
        creators=creators,
        rallies=_of(records, Rally),
        campaigns=_of(records, Campaign),
        questionnaires=_of(records, Questionnaire),
    )


def _of(records: Sequence[Record], kind: type[Kind]) -> list[Kind]:
    return [record for record in records if isinstance(record, kind)]


def pick(text: Text, language: str) -> str:
    """The text in a language, else in the nearest one that has it, else empty."""
    return text.get(_language_of(text, language), "")


def told_in(text: Text, language: str) -> dict[str, str]:
    """`{"told_in": tag}` for a text that stands in another language than asked for, so that voices know; else nothing."""
    tag = html_tag(_language_of(text, language) or language)
    return {} if tag == html_tag(language) else {"told_in": tag}


def _language_of(text: Text, language: str) -> str:
    choices = (language, *fallbacks_of(language), *text)
    return next((choice for choice in choices if text.get(choice)), "")


def fallbacks_of(language: str) -> tuple[str, ...]:
    """The languages that stand in for a text which a language lacks, the nearest first."""
    return FALLBACKS.get(language, USUAL_FALLBACKS)


def node_digest(node: Node, models: Mapping[str, str]) -> str | None:
    """The package a node shows; None while its model has not been packaged."""
    return node.package or models.get(node.model or "")


def shown_scenes(published: Published) -> list[Scene]:
    """The scenes all of whose packages are there, by id; none that shows a stopped one or was made from one."""
    return [
        scene
        for scene in published.scenes
        if all(node_digest(node, published.models) in published.packages for node in scene.nodes)
        and not packages_behind(scene, published.models) & published.stopped
    ]


def packages_behind(scene: Scene, models: Mapping[str, str]) -> frozenset[str]:
    """The packages a scene shows, and all that they were made from."""
    shown = {node_digest(node, models) for node in scene.nodes}
    made_from = {link.package for node in scene.nodes for link in node.based_on}
    return frozenset(digest for digest in shown | made_from if digest)


def shown_digests(published: Published) -> frozenset[str]:
    """The packages that visitors may fetch: those named by a scene that is shown."""
    digests = (node_digest(node, published.models) for scene in shown_scenes(published) for node in scene.nodes)
    return frozenset(digest for digest in digests if digest)


def shown_media(published: Published) -> list[Media]:
    """The pictures and sounds that visitors may fetch: those of the scenes that are shown, and covers of experiences."""
    scenes = shown_scenes(published)
    named = {name for scene in scenes for name in scene.sounds}
    named |= {spot.media for scene in scenes for spot in scene.hotspots if spot.media}
    there = {scene.id for scene in scenes}
    named |= {offer.cover for offer in published.experiences if offer.scene in there}
    return [media for name, media in sorted(published.media.items()) if name in named]
