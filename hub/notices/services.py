"""What a reader does with notices: read one, read all. Each person's are their own."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.errors import NotFound
from hub.notices.models import Notice
from hub.people.models import Person


def unread(person: Person) -> int:
    """Return how many notices a person has not read."""
    return Notice.objects.unread().filter(person=person).count()


def read(*, by: Person, notice: str) -> Notice:
    """Mark one of one's own notices as read."""
    found = Notice.objects.filter(pk=notice, person=by).first()
    if found is None:
        raise NotFound("There is no such notice, or it is somebody else’s.")
    Notice.objects.unread().filter(pk=found.pk).update(read_at=datetime.now(UTC))
    return found


def read_all(*, by: Person, until: datetime) -> int:
    """Mark what one had been shown as read, not what has come since."""
    return Notice.objects.unread().filter(person=by, at__lte=until).update(read_at=datetime.now(UTC))
