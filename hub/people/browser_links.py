"""Links that are mailed to somebody whom others' guesses keep waiting in a new browser.

A link signs nobody in: the browser that opens it gets a count of its own for its person's tries, as one in
which they signed in before. Who opens it again, or reads that mail too, shares that count.
"""

from __future__ import annotations

import logging
from smtplib import SMTPException
from threading import Thread
from urllib.parse import urlencode

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from hub import trace
from hub.errors import Busy, NotFound
from hub.people import known_browsers
from hub.people.models import Person
from hub.places import places

log = logging.getLogger("parlatory.people")

SALT = "hub.people.browser_links"
# Twice as long as a mail may be refused for the ones before it: whoever asks in vain has one that is good.
VALID_SECONDS = 2 * 3600
RATES = {"address": "20/h/ip", "account": "3/h/key"}
OVER = (
    "This link is not valid any more: it is older than two hours, or not whole. Copy all of it from the "
    "mail, or have another one mailed to you from the page “Sign in”."
)
MANY = (
    "So many links were asked for from your network within an hour that no more are mailed for it. Ask from "
    "another network, as a phone’s, and open the link here."
)
TEXT = """{name},

somebody, perhaps you, was kept waiting when signing in to Parlatory as you. Wrong passwords for your account
may be coming in from elsewhere. In the browser in which you want to sign in, open this link within two hours:

  {link}

It signs nobody in: it lets that browser try your password, whatever others do. You need your password, and
your second factor if you have one, as always. If you are not signing in now, do nothing.
"""


def send(request: HttpRequest, *, email: str) -> None:
    """Mail a link to whoever has an account under this address; the answer is the same where nobody has."""
    with transaction.atomic():
        if not _counted(request, "address", ratelimit.get_ip(request)):
            raise Busy(MANY)
        person = Person.objects.filter(email=email.lower(), is_active=True, suspended_at=None).first()
        if person is None or not _counted(request, "account", person.pk):
            return
    link = signing.dumps({"person": person.pk, "name": known_browsers.named()}, salt=SALT)
    address = f"{places.portal_url}{reverse('own_browser')}?{urlencode({'link': link})}"
    text = TEXT.format(name=person.name, link=address)
    if settings.PARLATORY_THREADS:
        # A mail server takes its time, by which an address with an account would tell itself apart.
        Thread(target=trace.carried(_mail), args=(person.pk, person.email, text), daemon=True).start()
    else:
        _mail(person.pk, person.email, text)


def take(request: HttpRequest, response: HttpResponse, *, link: str) -> None:
    """Know a browser as that of the person to whom its link was mailed."""
    try:
        said = signing.loads(link, salt=SALT, max_age=VALID_SECONDS)
    except signing.BadSignature:
        raise NotFound(OVER) from None
    known_browsers.know(request, response, said["person"], said["name"])


def _counted(request: HttpRequest, action: str, key: str) -> bool:
    return bool(ratelimit.consume(request, app="hub.people.links", action=action, config=RATES, key=key))


def _mail(person: str, email: str, text: str) -> None:
    try:
        send_mail("Signing in to Parlatory", text, None, [email])
    except (SMTPException, OSError) as error:
        log.warning("browser_link_not_mailed person=%s reason=%s", person, error)
