"""The portal's settings: the composition root, read from the environment by `hub.places` only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from hub.database import SETTING as DATABASE_SETTING
from hub.database import parse
from hub.places import places


def private(path: str) -> str:
    """Return what a file with a secret says; an empty one, or one that everybody may read, is refused."""
    file = Path(path)
    if file.stat().st_mode & 0o007:
        raise ValueError(f"{file} holds a secret and everybody may read it: run `chmod o= {file}`")
    said = file.read_text(encoding="utf-8").strip()
    if not said:
        raise ValueError(f"{file} is empty: it must hold a secret")
    return said


def proxy_secret(path: str) -> str:
    """Return what the TLS proxy proves itself by; with none, everybody would be taken for it."""
    if not path:
        raise ValueError("PARLATORY_FRONT_FILE must name the file with the secret that the TLS proxy sends")
    return private(path)


def database(path: str) -> dict[str, Any]:
    """Return Django's description of the database: SQLite in the state folder, or PostgreSQL by a file.

    The file holds its address, password included: an environment would show that to every process.
    """
    # A thread of the portal keeps its connection: one for each request reads all anew, in 4 ms of a core.
    kept = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    if not path:
        return kept | {
            "ENGINE": "hub.sqlite",
            # As Django's own has it, which those who run tests know by its name.
            "TEST": {"NAME": ":memory:"},
            "NAME": places.state / "db" / "parlatory.sqlite3",
            "OPTIONS": {
                # A transaction takes the write lock when it begins, so a version check inside it is final.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": ("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"),
            },
        }
    address = parse(private(path), file=path)
    return kept | {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": address.password,
        "HOST": address.host,
        "PORT": address.port,
        "OPTIONS": address.options,
    }


def mail(url: str) -> dict[str, Any]:
    """Return how mail is sent: to the console, or to a server, whose password lies in a file."""
    parts = urlsplit(url or "smtp://localhost?tls=none")
    tls = parse_qs(parts.query).get("tls", ["starttls"])[0]
    if parts.scheme != "smtp" or not parts.hostname or tls not in ("starttls", "implicit", "none"):
        raise ValueError(
            "PARLATORY_MAIL must be empty or like smtp://user@host:587?tls=starttls|implicit|none"
        )
    file = os.environ.get("PARLATORY_MAIL_PASSWORD_FILE", "")
    return {
        "backend": f"django.core.mail.backends.{'smtp' if url else 'console'}.EmailBackend",
        "host": parts.hostname,
        "port": parts.port or {"starttls": 587, "implicit": 465, "none": 25}[tls],
        "user": unquote(parts.username or ""),
        "password": private(file) if file else "",
        "tls": tls,
    }


# The enclave ---------------------------------------------------------------------------------------------

PARLATORY_DEMO_WITHOUT_SECOND_FACTOR = os.environ.get("PARLATORY_DEMO_WITHOUT_SECOND_FACTOR") == "1"
PARLATORY_OIDC_CLIENT_SECRET = places.secret("data", "oidc-client")
PARLATORY_HUB_API_TOKEN = places.secret("data", "hub-api")
PARLATORY_HUB_PORTAL_TOKEN = places.secret("data", "hub-portal")
PARLATORY_GATE_PORTAL_TOKEN = places.secret("data", "gate-portal")
# Behind a TLS proxy the portal believes nobody but who knows this: hub.pages.front holds that.
PARLATORY_FRONT_SECRET = proxy_secret(os.environ.get("PARLATORY_FRONT_FILE", "")) if places.tls else ""
PARLATORY_GRANT_KEY = places.secret("data", "grant.key")
# What runs beside the worker's screenings, each in a thread of its own, and what waits without it.
PARLATORY_BESIDE_WORKER = {
    "hub.notices.courier.run": "people get their notices and letters",
    "hub.audit.tallies.run": "the pictures of use and impact are of now",
    "hub.workspaces.lapses.run": "a session whose lease nobody renews is ended, what ended is cleared away",
    "hub.bring_ins.delivery.run": "what was let into a project reaches its sessions",
    "hub.api.misses.run": "guesses at the API's secrets come on the ledger",
}
# Whether starting and clearing happen on a thread of their own; unit tests do them at once.
PARLATORY_THREADS = True

# Django --------------------------------------------------------------------------------------------------

SECRET_KEY = places.secret("data", "django")
DEBUG = False
# 127.0.0.1 and `portal` reach the enclave's own endpoints only: hub.pages.hosts holds that.
ALLOWED_HOSTS = [urlsplit(places.portal_url).hostname or "", "127.0.0.1", "portal"]
INSTALLED_APPS = [
    # Before allauth, whose templates they replace.
    "hub.pages",
    "hub.people",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.idp.oidc",
    "hub.ledger",
    "hub.datasets",
    "hub.projects",
    "hub.access",
    "hub.workspaces",
    "egress_review",
    "hub.provisioning",
    "hub.stewardship",
    "hub.bring_ins",
    "hub.audit",
    "hub.notices",
    "hub.api",
]
MIDDLEWARE = [
    "hub.pages.tracing.Tracing",
    "hub.pages.headers.Headers",
    "hub.pages.front.Front",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "hub.pages.hosts.Hosts",
    "hub.api.door.Door",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hub.people.identity.Challenges",
    "hub.people.standing.Standing",
    "hub.pages.errors.Errors",
]
ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hub.pages.context.frame",
            ],
        },
    }
]
DATABASES = {"default": database(os.environ.get(DATABASE_SETTING, ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The OpenID provider keeps its codes in the cache: several workers must see the same one.
CACHES = {
    "default": {
        "BACKEND": "hub.pages.cache.OneStatement",
        "LOCATION": "django_cache",
        # Counts of guesses and codes of sign-ins lie here, and what is over the number is thrown away early:
        # with Django's 300, whoever tried 300 names had tries at a password without end.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
STATIC_URL = "/static/"
STATIC_ROOT = places.state / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# What a form may send with its files: held in memory, refused before any of it is read where it is more.
FILE_UPLOAD_HANDLERS = [
    "hub.pages.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024**2

# Cookies: names of the portal's own, no script reads them, no other site sends them along.
# With __Host- no other host under the same parent can put one in a browser.
_HOST = "__Host-" if places.tls else ""
SESSION_COOKIE_NAME = f"{_HOST}parlatory_portal_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = f"{_HOST}parlatory_portal_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "hub.pages.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = places.tls
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if places.tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = places.tls
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    # Nothing is there to be redirected: hub.pages.front refuses what did not come through the TLS proxy.
    "security.W008",
    # Browsers preload whole domains; whether to is for the institution that owns one.
    "security.W021",
]

# Sign-in -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# The second reads what was kept before the first was ours; after a sign-in the password is kept anew.
PASSWORD_HASHERS = ["hub.people.passwords.Argon2id", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "hub.people.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]  # no code by mail
# Tries of a password and of a second factor are limited by hub.people.known_browsers. allauth's own limits
# are by account alone: whoever guesses would keep the right person out of every browser.
ACCOUNT_RATE_LIMITS = {"login": "", "login_failed": "", "reauthenticate": "10/m/user"}
MFA_ADAPTER = "hub.people.sign_in.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "hub.people.second_factors.Code",
    "reauthenticate": "hub.people.second_factors.CodeAgain",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Parlatory"

# Mail: to the console, or by PARLATORY_MAIL=smtp://user@host:port?tls=starttls to a server ------------------

_mail = mail(os.environ.get("PARLATORY_MAIL", ""))
EMAIL_BACKEND = _mail["backend"]
EMAIL_HOST, EMAIL_PORT = _mail["host"], _mail["port"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["user"], _mail["password"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["tls"] == "starttls", _mail["tls"] == "implicit"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get(
    "PARLATORY_MAIL_FROM", f"parlatory@{urlsplit(places.portal_url).hostname}"
)

IDP_OIDC_ADAPTER = "hub.people.identity.IdentityAdapter"
IDP_OIDC_PRIVATE_KEY = places.secret("data", "oidc.key")
# The hub has no lock around its refresh: a second use of a rotated token would sign people out.
IDP_OIDC_ROTATE_REFRESH_TOKEN = False
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 3600
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 12 * 3600
IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 60

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "hub.trace.Lines"}},
    "filters": {"without_address": {"()": "hub.pages.tracing.WithoutAddress"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        # Our own line says the same of a refusal. A logger's filter sees no child's records: each is named.
        "django.request": {"level": "ERROR", "filters": ["without_address"]},
        "django.security.csrf": {"filters": ["without_address"]},
    },
}
