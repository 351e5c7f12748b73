"""The gate between malformed browsers and hostile sessions: it never fails, and passes on what is listed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from tests.fuzz import trial
from tests.fuzz.gate_cases import Browser, answering, asking, showing, talking
from tests.fuzz.gate_judgement import wrong_answer, wrong_inside
from tests.fuzz.gate_sessions import BOBS_BASE, BOBS_WORDS, Stage, stage
from tests.fuzz.trial import Report
from tests.gatehouse import ALICE, BOB, KERNEL
from tests.hostile import frame


def run(*, seed: int, count: int, start: int = 0) -> Report:
    """Try so many cases of each kind in turn."""
    report = Report()
    with stage() as made, trial.listening() as errors:
        asyncio.run(_run(made, errors, report, seed=seed, count=count, start=start))
    return report


async def _run(
    made: Stage, errors: Callable[[], list[str]], report: Report, *, seed: int, count: int, start: int
) -> None:
    proof = await asyncio.to_thread(made.house.xsrf, ALICE)
    for batch in trial.picks(seed, start, count):
        kind = sorted(KINDS)[(batch[0][0] // trial.BATCH) % len(KINDS)]
        made.alice.requests.clear()
        made.alice.messages.clear()
        made.bob.requests.clear()
        cases = [KINDS[kind](made, number, pick, proof) for number, pick in batch]
        answers = await trial.together(made.connect, cases)
        wrong = [one for raw in answers for one in wrong_answer(raw, kind)]
        wrong += [*wrong_inside(made.alice, kind), *errors()]
        wrong += await asyncio.to_thread(_bob_misses, made)
        where = f"{kind}, seed {seed}, cases {batch[0][0]} to {batch[-1][0]}"
        report.faults += [f"{where}: {one}" for one in dict.fromkeys(wrong)]
        for raw in answers:
            report.answered(raw)
        report.cases += len(batch)
        made.says.clear()


Case = Callable[[Stage, int, random.Random, str], bytes]
KINDS: dict[str, Case] = {
    "a stranger's requests": lambda made, _, pick, proof: asking(made, Browser(None), proof, pick),
    "requests without proof": lambda made, _, pick, proof: asking(made, Browser(ALICE), proof, pick),
    "requests": lambda made, _, pick, proof: asking(made, Browser(ALICE, proves=True), proof, pick),
    "frames": lambda made, _, pick, proof: talking(made, pick),
    "a session's answers": lambda made, number, pick, _: answering(made, number, pick),
    "a session's frames": lambda made, number, pick, _: showing(made, number, pick),
}


def _bob_misses(made: Stage) -> list[str]:
    """Say what Bob misses, whose session has nothing to do with all this."""

    async def ask() -> None:
        await made.bobs_socket.write_message(_sound(), binary=True)

    made.house.run(ask())
    wrong = []
    try:
        said = made.house.next(made.bobs_socket)
        if not isinstance(said, bytes) or BOBS_WORDS not in said:
            wrong.append(f"Bob's kernel said {said!r}"[:200])
    except TimeoutError:
        wrong.append("Bob's kernel is silent")
    with made.house.client(BOB) as browser:
        answer = browser.get(f"{BOBS_BASE}/api/kernels/{KERNEL}")
    if answer.status_code != 502 and BOBS_WORDS not in answer.content:
        wrong.append(f"Bob's session answered {answer.status_code}")
    if len(made.bob.requests) != 1:
        wrong.append(f"{len(made.bob.requests)} requests reached Bob's session, one of them his")
    return wrong


def _sound() -> bytes:
    return frame("execute_request", {"code": "1"}).replace(b"iopub", b"shell")
