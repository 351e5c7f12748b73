"""Wrong secrets: counted by the address they came from, which is barred for the rest of the minute.

What reaches the ledger is one entry for each few minutes in which there were any, however many there were.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from threading import Event

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from hub import beside, control_loop
from hub.api.models import Miss
from hub.ledger import entries
from hub.ledger.kinds import Kind

log = logging.getLogger("parlatory.api")

TRIES_A_MINUTE = 20
# More addresses than this in a minute are counted as one, so that a flood fills no table.
ADDRESSES_A_MINUTE = 500
OTHERS = "others"
NAMED = 10
TOLD_EVERY_SECONDS = 180.0
KEPT = timedelta(days=1)
# Rows told of in one entry; after days without a worker the rest waits for the next turn.
TOLD_AT_ONCE = 5000


def address_of(request: HttpRequest) -> str:
    """Return from where a request came, as sign-in counts it too; a whole network of IPv6 is one."""
    if not request.META.get("REMOTE_ADDR"):
        return "unix socket"
    said = ip_address(str(get_adapter(request).get_client_ip(request)))
    if isinstance(said, IPv6Address):
        # A proxy that listens on both writes an address of IPv4 in the other's form.
        if said.ipv4_mapped:
            return str(said.ipv4_mapped)
        return f"{IPv6Address(int(said) >> 64 << 64)}/64"
    return str(said)


def barred(address: str) -> bool:
    """Whether an address has shown so many wrong secrets this minute that none of its is looked at."""
    return Miss.objects.filter(minute=_minute(), address=address, tries__gte=TRIES_A_MINUTE).exists()


def crowded(address: str) -> bool:
    """Whether so many others showed wrong secrets this minute that one more of a new address isn't counted.

    A right one is let in all the same: whoever has many addresses keeps nobody out.
    """
    now = Miss.objects.filter(minute=_minute())
    if now.filter(address=address).exists():
        return False
    return now.filter(address=OTHERS, tries__gte=TRIES_A_MINUTE).exists()


def count(address: str, *, token: str = "") -> None:
    """Count a wrong secret; `token` is the id of a token that there is, whose secret was missed."""
    minute = _minute()
    with transaction.atomic():
        known = Miss.objects.filter(minute=minute)
        if not known.filter(address=address).exists() and known.count() >= ADDRESSES_A_MINUTE:
            address = OTHERS
        held = Miss.objects.select_for_update()
        row, _ = held.get_or_create(minute=minute, address=address)
        while row.told:
            # The ledger was told of that minute while this one waited: it belongs to a later one.
            minute += 1
            row, _ = held.get_or_create(minute=minute, address=address)
        changes = {"token": token} if token else {}
        Miss.objects.filter(pk=row.pk).update(tries=F("tries") + 1, **changes)


def run(stop: Event) -> None:
    """Tell the ledger, beside the worker, until told to stop."""
    # Not at the start: a worker that starts again and again would tell of each try.
    beside.goes_on(rests_seconds=TOLD_EVERY_SECONDS)
    stop.wait(TOLD_EVERY_SECONDS)
    control_loop.run(
        lambda: step(at=datetime.now(UTC)),
        stop=stop,
        every_seconds=TOLD_EVERY_SECONDS,
        log=log,
        failed="misses_step_failed reason=%s",
    )


def step(*, at: datetime) -> None:
    """Write one entry about the wrong secrets of past minutes that the ledger doesn't know of."""
    over = Miss.objects.filter(told=False, minute__lt=int(at.timestamp() // 60))
    with transaction.atomic():
        # Held until they are told of: what is counted meanwhile waits, and is counted as not told of.
        held = list(over.select_for_update()[:TOLD_AT_ONCE])
        if held:
            most: Counter[str] = Counter()
            for miss in held:
                most[miss.address] += miss.tries
            facts = {
                "tries": most.total(),
                "addresses": len(most),
                "most": dict(sorted(most.items(), key=lambda one: (-one[1], one[0]))[:NAMED]),
                "tokens": sorted({miss.token for miss in held if miss.token})[:NAMED],
            }
            entries.append(Kind.SECRETS_MISSED, by="nobody", subject="api", facts=facts)
            Miss.objects.filter(pk__in=[miss.pk for miss in held]).update(told=True)
        Miss.objects.filter(told=True, minute__lt=int((at - KEPT).timestamp() // 60)).delete()


def _minute() -> int:
    return int(time.time() // 60)
