"""The one client of the policy engine; whatever goes wrong on the way, the answer is no."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import requests
from opa_client.errors import (  # type: ignore[import-untyped]  # the library carries no types
    ConnectionsError,
    PathNotFoundError,
    PolicyNotFoundError,
    QueryExecuteError,
    RegoParseError,
    SSLError,
    TypeException,
)
from opa_client.opa import OpaClient  # type: ignore[import-untyped]  # as above

from hub import ids, meters
from hub.places import MissingSecret, places
from hub.policy.decision import UNANSWERED, Decision
from hub.policy.questions import QUESTIONS, Question

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 1.5
SLOW_SECONDS = 2.0
# A package's name becomes part of an address: only those of our own questions do.
PACKAGES = frozenset(question.package for question in QUESTIONS)
BROKEN = (
    ConnectionsError,
    PathNotFoundError,
    PolicyNotFoundError,
    QueryExecuteError,
    RegoParseError,
    SSLError,
    TypeException,
    requests.RequestException,
    MissingSecret,
    # A body that is not JSON, a header that cannot be sent, a socket that breaks while being read.
    ValueError,
    OSError,
)


class Unreadable(ValueError):
    """The engine answered, but not with a decision under the revision we expect."""


class Engine(Protocol):
    """What we need of an OPA client."""

    def query_rule(
        self, input_data: dict[str, Any], package_path: str, rule_name: str, query_params: dict[str, bool]
    ) -> Any:
        """Return OPA's whole answer to a question."""


class _LoopbackClient(OpaClient):  # type: ignore[misc]  # the library carries no types
    """OPA's client, deaf to proxy variables: a question holds personal facts and stays on this machine."""

    def _init_session(self) -> requests.Session:
        session: requests.Session = super()._init_session()
        session.trust_env = False
        return session


@dataclass(frozen=True)
class Answer:
    """OPA's answer, read: allowed or not, why not, and under which revision."""

    allow: bool
    reasons: tuple[str, ...]
    revision: str


@dataclass
class Policy:
    """One OPA server and the bundle revision it must be serving."""

    port: int
    token: Callable[[], str] = field(default=lambda: places.secret("data", "opa"), repr=False)
    revision_file: Path = field(default_factory=lambda: places.state / "opa" / "revision")
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def ask(self, question: Question) -> Decision:
        """Return the policies' decision; never raises for a broken engine, denies instead."""
        return self.ask_again(question.package, question.to_input())

    def ask_again(self, package: str, document: dict[str, Any]) -> Decision:
        """Return what today's rules say to a question that was written down."""
        asked_at = datetime.now(UTC)
        try:
            with meters.POLICY_SECONDS.labels(package if package in PACKAGES else "unknown").time():
                answer = self._answer(package, document)
        except BROKEN as error:
            meters.POLICY_UNANSWERED.labels(package if package in PACKAGES else "unknown").inc()
            log.error("policy_unanswered package=%s why=%s", package, type(error).__name__)
            answer = Answer(allow=False, reasons=(UNANSWERED,), revision="")
        return Decision(
            id=ids.new(),
            allow=answer.allow,
            reasons=answer.reasons,
            revision=answer.revision,
            package=package,
            question=document,
            asked_at=asked_at,
        )

    def _answer(self, package: str, document: dict[str, Any]) -> Answer:
        if package not in PACKAGES:
            raise Unreadable(f"no question belongs to the package {package}")
        began = time.monotonic()
        body = self._engine().query_rule(document, package, "decision", query_params={"provenance": True})
        if time.monotonic() - began > SLOW_SECONDS:
            raise Unreadable(f"the answer took more than {SLOW_SECONDS} seconds")
        return read(body, expected_revision=self.revision())

    def revision(self) -> str:
        """Return the bundle revision this enclave was brought up with."""
        return self.revision_file.read_text(encoding="utf-8").strip()

    def _engine(self) -> Engine:
        engine: Engine | None = getattr(self._local, "engine", None)
        if engine is None:
            # One client per thread: a requests session is not safe to share.
            engine = _LoopbackClient(
                host="127.0.0.1",
                port=self.port,
                token=self.token(),
                retries=1,
                timeout=TIMEOUT_SECONDS,
            )
            self._local.engine = engine
        return engine


def read(body: Any, *, expected_revision: str) -> Answer:
    """Return the decision in OPA's answer; anything but a clear one under our revision is unreadable."""
    if not isinstance(body, Mapping) or not isinstance(body.get("result"), Mapping):
        raise Unreadable("the answer holds no decision")
    revisions = _revisions(body)
    if not expected_revision or revisions != {expected_revision}:
        raise Unreadable(f"the answer was given under revision {sorted(revisions)}, not {expected_revision}")
    result = body["result"]
    allow, reasons = result.get("allow"), result.get("reasons")
    if not isinstance(allow, bool) or not isinstance(reasons, list):
        raise Unreadable("the decision has no allow and reasons")
    if not all(isinstance(reason, str) and reason for reason in reasons):
        raise Unreadable("a reason is not a sentence")
    if allow is not (not reasons):
        raise Unreadable("the decision allows with reasons against, or denies without one")
    return Answer(allow=allow, reasons=tuple(reasons), revision=expected_revision)


def _revisions(body: Mapping[str, Any]) -> set[str]:
    try:
        return {str(bundle["revision"]) for bundle in body["provenance"]["bundles"].values()}
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable("the answer does not say under which revision it was given") from error


policy = Policy(port=places.port("opa"))


def ask(question: Question) -> Decision:
    """Return this enclave's decision on a question; no answer is a denial."""
    return policy.ask(question)


def revision() -> str:
    """Return the revision of the policies that this enclave was brought up with."""
    return policy.revision()


def ask_again(package: str, document: dict[str, Any]) -> Decision:
    """Return what today's rules say to a question that was written down."""
    return policy.ask_again(package, document)
