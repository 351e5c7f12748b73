"""JupyterHub obeys the portal: it signs in through it and starts what it grants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.jupyter.authenticator import PortalAuthenticator
from hub.jupyter.spawner import GrantSpawner
from hub.places import places

c: Any = get_config()  # type: ignore[name-defined] # noqa: F821 - JupyterHub puts it here

PORTAL = places.url("portal")

# Addresses. The proxy is a process of its own: a restart of the hub cuts no session.
c.JupyterHub.bind_url = places.url("lab")
c.JupyterHub.public_url = f"{places.lab_url}/"
c.JupyterHub.hub_bind_url = places.url("hub")
c.JupyterHub.hub_connect_url = places.url("hub")
c.JupyterHub.default_url = f"{places.portal_url}/"
c.JupyterHub.cleanup_servers = False
c.ConfigurableHTTPProxy.should_start = False
# With this the hub also looks whether the proxy knows its routes: one that was killed comes back without any,
# and by the hub's own five minutes nobody would reach a notebook for as long.
c.JupyterHub.last_activity_interval = 10
c.ConfigurableHTTPProxy.api_url = places.url("proxy-api")
c.ConfigurableHTTPProxy.auth_token = places.secret("hub", "proxy")

# State and secrets.
c.JupyterHub.db_url = f"sqlite:///{places.state}/hub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret = bytes.fromhex(places.secret("hub", "cookie"))
c.JupyterHub.cookie_max_age_days = 1
c.CryptKeeper.keys = [bytes.fromhex(places.secret("hub", "crypt"))]

# Pages: the portal is where people work; the hub shows no more than the way there.
c.JupyterHub.template_paths = [str(Path(__file__).parent / "templates")]
c.JupyterHub.template_vars = {"portal_url": f"{places.portal_url}/"}
c.JupyterHub.tornado_settings = {
    "headers": {
        "X-JupyterHub-Version": "6",
        "Server": "lab",
        # The hub's pages are passed through or say an error; neither needs a script of its own.
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'",
    }
    | places.transport_headers,
    "cookie_options": {"secure": True} if places.tls else {},
    # The portal’s request waits until the session is ready; asking again, for ten at once, kept the hub busy.
    "slow_spawn_timeout": 80,
}
c.JupyterHub.authenticate_prometheus = True

# Sign-in.
c.JupyterHub.authenticator_class = PortalAuthenticator
c.JupyterHub.shutdown_on_logout = True
c.Authenticator.enable_auth_state = True
c.Authenticator.auto_login = True
c.Authenticator.manage_groups = True
c.Authenticator.auth_refresh_age = 300
# The portal has just decided when it asks for a start; the person may not have been at the hub for days.
c.Authenticator.refresh_pre_spawn = False
c.OAuthenticator.allow_all = True
c.OAuthenticator.client_id = "jupyterhub"
c.OAuthenticator.client_secret = places.secret("hub", "oidc-client")
c.OAuthenticator.oauth_callback_url = f"{places.lab_url}/hub/oauth_callback"
c.OAuthenticator.authorize_url = f"{places.portal_url}/identity/o/authorize"
c.OAuthenticator.token_url = f"{PORTAL}/identity/o/api/token"
c.OAuthenticator.userdata_url = f"{PORTAL}/identity/o/api/userinfo"
c.OAuthenticator.logout_redirect_url = f"{places.portal_url}/signed-out/"
c.OAuthenticator.scope = ["openid", "profile", "email"]
c.OAuthenticator.enable_pkce = True
c.OAuthenticator.auth_state_groups_key = "oauth_user.groups"
c.PortalAuthenticator.portal_host = places.inside_host

# Sessions: named by workspace, started by the portal alone.
c.JupyterHub.spawner_class = GrantSpawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.concurrent_spawn_limit = 20
c.Spawner.start_timeout = 90
c.Spawner.http_timeout = 60
c.Spawner.poll_interval = 10
c.Spawner.consecutive_failure_limit = 0
c.GrantSpawner.portal_socket = str(places.portal_socket)
c.GrantSpawner.portal_token = places.secret("hub", "hub-portal")
c.GrantSpawner.engine_socket = str(places.engine_socket)
c.GrantSpawner.gate_url = places.url("gate")

c.JupyterHub.services = [
    {"name": "portal", "api_token": places.secret("hub", "hub-api"), "display": False},
    {
        "name": "gate",
        "url": places.url("gate"),
        "api_token": places.secret("hub", "gate-hub"),
        "oauth_client_id": "service-gate",
        "oauth_redirect_uri": f"{places.lab_url}/services/gate/oauth_callback",
        "oauth_no_confirm": True,
        "display": False,
    },
]

# Who may what: nobody starts, renames or makes tokens but the portal. JupyterHub lets nobody redefine its
# `admin` role, which may enter any session: the authenticator gives it to nobody.
c.JupyterHub.load_roles = [
    {
        "name": "user",
        "description": "A person: may reach and stop their own sessions, nothing else",
        "scopes": [
            "read:users!user",
            "users:activity!user",
            "read:servers!user",
            "access:servers!user",
            "delete:servers!user",
            "access:services!service=gate",
        ],
    },
    {
        "name": "portal",
        "description": "The portal: starts and stops what it has decided",
        "services": ["portal"],
        "scopes": ["admin:users", "admin:servers", "tokens", "read:hub"],
    },
    {
        "name": "gate",
        "description": "The gate: reports who is active",
        "services": ["gate"],
        "scopes": ["users:activity", "read:users:name"],
    },
]
