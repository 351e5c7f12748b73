"""Who may ask the engine what: the whole table, denials first."""

from __future__ import annotations

import os
import socket
from itertools import product

import pytest

from hub.engine import peers
from hub.engine.peers import Verb
from hub.errors import Refused
from hub.places import USERS

CALLERS = {0: "root", 1: "hub", 2: "portal", 3: "gate", 4: "worker", 5: "door", 6: "opa", 7: "proxy"}
MAY = {
    "hub": {Verb.START, Verb.LIST, Verb.SHOW, Verb.STOP, Verb.HEALTH},
    "portal": {Verb.LIST, Verb.SHOW, Verb.STOP, Verb.LOG, Verb.USAGE, Verb.HEALTH},
    "gate": {Verb.LIST, Verb.SHOW, Verb.STOP, Verb.HEALTH},
    "door": {Verb.LIST, Verb.SHOW, Verb.STOP, Verb.HEALTH},
    "worker": {Verb.LIST, Verb.SHOW, Verb.STOP, Verb.LOG, Verb.SCREEN, Verb.CLEAR, Verb.HEALTH},
    "root": set(Verb) - {Verb.START, Verb.SCREEN},
    "opa": set(),
    "proxy": set(),
}
TABLE = [(uid, verb, verb in MAY[name]) for (uid, name), verb in product(CALLERS.items(), Verb)]


@pytest.mark.parametrize("verb", Verb)
def test_a_user_that_is_not_the_enclaves_may_nothing(verb: Verb) -> None:
    with pytest.raises(Refused, match="User 1000 is not one of"):
        peers.require(1000, verb, CALLERS)


@pytest.mark.parametrize(("uid", "verb"), [(uid, verb) for uid, verb, may in TABLE if not may])
def test_what_is_not_in_the_table_is_refused(uid: int, verb: Verb) -> None:
    with pytest.raises(Refused, match="may not"):
        peers.require(uid, verb, CALLERS)


@pytest.mark.parametrize(("uid", "verb"), [(uid, verb) for uid, verb, may in TABLE if may])
def test_each_process_may_do_its_work(uid: int, verb: Verb) -> None:
    assert peers.require(uid, verb, CALLERS) == CALLERS[uid]


def test_the_table_names_only_processes_of_the_enclave() -> None:
    assert set(peers.ALLOWED) <= {"root", *USERS}


def test_the_kernel_tells_the_callers_uid() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peers.uid_of(one) == os.getuid()
