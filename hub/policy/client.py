"""The one client of the policy engine; whatever goes wrong on the way, the answer is no."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
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

from hub import ids, meters, trace
from hub.places import MissingSecret, places
from hub.policy.decision import UNANSWERED, Decision
from hub.policy.questions import QUESTIONS, Question

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 1.5
SLOW_SECONDS = 2.0
# A package's name becomes part of an address: only those of our own questions do.
PACKAGES = frozenset(question.package for question in QUESTIONS)
# Questions of this package can be asked at once, of another one that decides each as this one does.
ASKED_AT_ONCE, AT_ONCE_BY = "sessions", "reach"
# `most` of policies/reach: what is over it gets no answer.
AT_ONCE = 50
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
        # The engine's own log names the request that asked, as every part's does.
        session.auth = _traced
        return session


def _traced(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Say with each question for which request it is asked."""
    request.headers.update(trace.headers())
    return request


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
        (answer,) = self._answers(package, 1, lambda: (self._answer(package, document),))
        return _decision(package, document, answer, asked_at)

    def ask_at_once(self, questions: Sequence[Question]) -> tuple[Decision, ...]:
        """Return the decision on each of a few questions about sessions, as `ask` would, in one look.

        Any doubt about one of the answers denies every question.
        """
        if not questions:
            return ()
        asked_at = datetime.now(UTC)
        documents = [question.to_input() for question in questions]
        packages = {question.package for question in questions}
        answers = self._answers(
            AT_ONCE_BY, len(documents), lambda: self._answers_at_once(packages, documents)
        )
        return tuple(
            _decision(question.package, document, answer, asked_at)
            for question, document, answer in zip(questions, documents, answers, strict=True)
        )

    def _answers(
        self, package: str, number: int, answering: Callable[[], tuple[Answer, ...]]
    ) -> tuple[Answer, ...]:
        """Return so many answers; denials where the engine gave none."""
        label = package if package in PACKAGES or package == AT_ONCE_BY else "unknown"
        try:
            with meters.POLICY_SECONDS.labels(label).time():
                return answering()
        except BROKEN as error:
            meters.POLICY_UNANSWERED.labels(label).inc()
            log.error("policy_unanswered package=%s why=%s", package, type(error).__name__)
            return (Answer(allow=False, reasons=(UNANSWERED,), revision=""),) * number

    def _answer(self, package: str, document: dict[str, Any]) -> Answer:
        if package not in PACKAGES:
            raise Unreadable(f"no question belongs to the package {package}")
        return read(self._body(package, "decision", document), expected_revision=self.revision())

    def _answers_at_once(self, packages: set[str], documents: list[dict[str, Any]]) -> tuple[Answer, ...]:
        if packages != {ASKED_AT_ONCE}:
            raise Unreadable(f"questions of {sorted(packages)} are asked one by one")
        body = self._body(AT_ONCE_BY, "decisions", {"questions": documents})
        return read_all(body, number=len(documents), expected_revision=self.revision())

    def _body(self, package: str, rule: str, document: dict[str, Any]) -> Any:
        began = time.monotonic()
        body = self._engine().query_rule(document, package, rule, query_params={"provenance": True})
        if time.monotonic() - began > SLOW_SECONDS:
            raise Unreadable(f"the answer took more than {SLOW_SECONDS} seconds")
        return body

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
    return _decided(_result(body, expected_revision), expected_revision)


def read_all(body: Any, *, number: int, expected_revision: str) -> tuple[Answer, ...]:
    """Return the decisions in OPA's answer, one for each question in their order, or none at all."""
    result = _result(body, expected_revision)
    if not isinstance(result, list) or not all(isinstance(one, Mapping) for one in result):
        raise Unreadable("the answer holds no decisions")
    if [one.get("number") for one in result] != list(range(number)):
        raise Unreadable(f"the answer does not hold one decision for each of {number} questions")
    return tuple(_decided(one, expected_revision) for one in result)


def _result(body: Any, expected_revision: str) -> Any:
    if not isinstance(body, Mapping):
        raise Unreadable("the answer holds no decision")
    revisions = _revisions(body)
    if not expected_revision or revisions != {expected_revision}:
        raise Unreadable(f"the answer was given under revision {sorted(revisions)}, not {expected_revision}")
    return body.get("result")


def _decided(result: Any, revision: str) -> Answer:
    if not isinstance(result, Mapping):
        raise Unreadable("the answer holds no decision")
    allow, reasons = result.get("allow"), result.get("reasons")
    if not isinstance(allow, bool) or not isinstance(reasons, list):
        raise Unreadable("the decision has no allow and reasons")
    if not all(isinstance(reason, str) and reason for reason in reasons):
        raise Unreadable("a reason is not a sentence")
    if allow is not (not reasons):
        raise Unreadable("the decision allows with reasons against, or denies without one")
    return Answer(allow=allow, reasons=tuple(reasons), revision=revision)


def _decision(package: str, document: dict[str, Any], answer: Answer, asked_at: datetime) -> Decision:
    return Decision(
        id=ids.new(),
        allow=answer.allow,
        reasons=answer.reasons,
        revision=answer.revision,
        package=package,
        question=document,
        asked_at=asked_at,
    )


def _revisions(body: Mapping[str, Any]) -> set[str]:
    try:
        return {str(bundle["revision"]) for bundle in body["provenance"]["bundles"].values()}
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable("the answer does not say under which revision it was given") from error


policy = Policy(port=places.port("opa"))


def ask(question: Question) -> Decision:
    """Return this enclave's decision on a question; no answer is a denial."""
    return policy.ask(question)


def ask_at_once(questions: Sequence[Question]) -> tuple[Decision, ...]:
    """Return this enclave's decision on each of a few questions about sessions; no answer denies them all."""
    return policy.ask_at_once(questions)


def revision() -> str:
    """Return the revision of the policies that this enclave was brought up with."""
    return policy.revision()


def ask_again(package: str, document: dict[str, Any]) -> Decision:
    """Return what today's rules say to a question that was written down."""
    return policy.ask_again(package, document)
