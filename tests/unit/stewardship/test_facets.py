"""The catalogue narrowed: each choice says how many it would leave, and what is asked can be taken back."""

from __future__ import annotations

from hub.datasets.models import Dataset, DatasetVersion
from hub.people.models import Institution
from hub.stewardship.facets import Facet, Row, narrowed


def row(title: str, *, tier: int = 2, hours: float = 5, languages: tuple[str, ...] = ("fr",)) -> Row:
    dataset = Dataset(title=title, description=f"About {title}", tier=tier, licence="CC0")
    dataset.institution = Institution(name="Northern University")
    return Row(dataset, DatasetVersion(seconds=hours * 3600, languages=list(languages)), title == "harbour")


ROWS = [
    row("harbour", tier=1, hours=0.5),
    row("market", languages=("fr", "en-GB")),
    row("choir", tier=1, hours=200, languages=("it",)),
    Row(row("empty").dataset, None, False),
]


def titles(**asked: str) -> list[str]:
    return [found.dataset.title for found in narrowed(ROWS, asked)[0]]


def facet(name: str, **asked: str) -> Facet:
    return next(one for one in narrowed(ROWS, asked)[1] if one.name == name)


def counts(name: str, **asked: str) -> dict[str, int]:
    return {choice.value: choice.count for choice in facet(name, **asked).choices}


def test_what_is_asked_narrows_and_nothing_asked_keeps_all() -> None:
    assert titles() == ["harbour", "market", "choir", "empty"]
    assert titles(language="fr") == ["harbour", "market"]
    assert titles(language="fr", tier="1") == ["harbour"]
    assert titles(use="yes") == ["harbour"]
    assert titles(hours="under 1 hour") == ["harbour"]
    assert titles(tier="9") == titles(language="xx") == []


def test_search_takes_every_word_in_any_case() -> None:
    assert titles(q="ABOUT mark") == ["market"]
    assert titles(q="about en-gb") == ["market"]
    assert titles(q="about nothing") == []
    assert titles(q="x" * 100_000) == []


def test_a_facet_is_counted_over_what_the_others_leave() -> None:
    assert counts("tier") == {"1": 2, "2": 2}
    assert counts("tier", language="fr") == {"1": 1, "2": 1}
    # Its own choice does not narrow it: another value can be chosen from here.
    assert counts("tier", tier="1") == {"1": 2, "2": 2}
    assert counts("language", tier="1") == {"fr": 1, "it": 1}
    assert list(counts("hours")) == ["under 1 hour", "1 to 10 hours", "over 100 hours"]


def test_a_choice_that_nothing_has_stays_to_be_taken_back() -> None:
    assert counts("language", language="xx")["xx"] == 0
    assert counts("hours", hours="never")["never"] == 0
    assert [choice.value for choice in facet("language", language="xx").choices if choice.chosen] == ["xx"]
