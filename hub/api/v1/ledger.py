"""The ledger's signed checkpoint, to be kept outside and compared later."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from hub.api import answers, caller
from hub.api.answers import Shown
from hub.api.caller import Bearer
from hub.api.scopes import Scope
from hub.errors import NotFound
from hub.ledger import audit, publisher
from hub.ledger.tiles import Tiles
from hub.people import records

router = Router(tags=["ledger"])


class CheckpointShown(Shown):
    """What was signed last: how many entries, their root, and the note as outsiders verify it."""

    size: int
    root: str
    key: str
    note: str


@router.get("/ledger/checkpoint", response=CheckpointShown, auth=Bearer(Scope.LEDGER_READ))
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Give the signed checkpoint."""
    records.open_for(caller.of(request).actor, "ledger")
    tiles = Tiles(publisher.folder())
    note = tiles.read_checkpoint()
    signed = audit.published(tiles)
    if note is None or signed is None:
        raise NotFound("Nothing is published yet; try again in a minute.")
    key = publisher.signer().verifier.vkey()
    return answers.shown(CheckpointShown(size=signed.size, root=signed.root.hex(), key=key, note=note))
