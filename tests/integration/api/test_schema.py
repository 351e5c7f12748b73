"""The API tried with what its own description allows, and with what it doesn't, as each role.

Nothing makes it fail (5xx), nothing is beyond the role, and every answer is one that is described. Each
request is taken back afterwards, so that each finds the same world. The seed is fixed, the examples are few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.ledger import publisher
from tests.api import HOST
from tests.integration.api.truth import TABLE
from tests.integration.api.undone import undone
from tests.integration.api.world import STRANGERS, World

EXAMPLES = 3
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
QUIETLY = settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@pytest.fixture(autouse=True)
def _published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish once what there is; what is taken back afterwards must not be signed."""
    world.callers["auditor"].get("/people")
    publisher.publish()
    monkeypatch.setattr(publisher, "publish", lambda: None)


def taken_back(token: str) -> App:
    """Return the portal with a token shown, and everything undone after each request."""
    portal = get_wsgi_application()

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        environ |= {"HTTP_HOST": HOST, "HTTP_AUTHORIZATION": f"Bearer {token}"}
        with undone():
            response = portal(environ, start)
            body = b"".join(response)
        return [body]

    return answer


def known(world: World, path: str) -> dict[str, str]:
    """Return path parameters that name something there is."""
    ids = {
        "people": world.somebody.id,
        "sessions": world.session.id,
        "submissions": world.released.id,
        "approvals": world.approval.id,
        "bring-ins": world.brought.id,
        "requests": world.request.id,
        "member-requests": world.wish.id,
    }
    noun = path.removeprefix("/api/v1/").partition("/")[0]
    return {
        "id": ids.get(noun, ""),
        "slug": "prompts" if noun == "datasets" else "vowels",
        "person": world.people["member"].id,
        "file": world.released.files.get().id,
        "version": "1.0",
    }


def row_of(case: Case) -> str:
    """Return the row of the truth table that a request belongs to."""
    name = str(case.operation.definition.raw["operationId"])
    everything = str((case.query or {}).get("all", "")).lower() in ("true", "1", "yes", "on", "t", "y")
    return f"{name}?all" if everything and f"{name}?all" in TABLE else name


def tried(world: World, who: str, mode: GenerationMode) -> dict[str, int]:
    """Try every operation as somebody, and return how often each status came."""
    app = taken_back(world.callers[who].token)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found: dict[str, int] = {}
    for operation in schema.get_all_operations():
        ready = operation.ok()

        @seed(20261127)
        @QUIETLY
        @given(case=ready.as_strategy(generation_mode=mode), there=st.sampled_from([True, True, True, False]))
        def attempt(case: Case, there: bool) -> None:
            if there and mode is GenerationMode.POSITIVE:
                case.path_parameters |= {
                    name: value
                    for name, value in known(world, case.path).items()
                    if name in case.path_parameters
                }
            response = case.call()
            case.validate_response(response, checks=CHECKS)
            status = response.status_code
            assert status >= 400 or who in TABLE[row_of(case)].may, f"{who} got {row_of(case)}"
            found[str(status)] = found.get(str(status), 0) + 1

        try:
            attempt()
        except Unsatisfiable:
            continue
    return found


@pytest.mark.parametrize("who", STRANGERS)
def test_what_the_description_allows_is_answered_as_it_says_and_never_beyond_the_role(
    who: str, world: World
) -> None:
    found = tried(world, who, GenerationMode.POSITIVE)
    assert found["200"] > 20
    assert sum(found.values()) >= len(TABLE)


@pytest.mark.parametrize("who", ["admin", "researcher"])
def test_what_the_description_does_not_allow_is_refused_with_a_sentence(who: str, world: World) -> None:
    found = tried(world, who, GenerationMode.NEGATIVE)
    assert found.get("422", 0) > 0
