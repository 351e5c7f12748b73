"""The process table: what runs, as whom, in which environment; and supervisor's configuration of it."""

from __future__ import annotations

import grp
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from hub.cli import environment as python_environment
from hub.cli import folders, tools
from hub.places import USERS, Places

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MARK = "PARLATORY_PROCESS"
# A password's hash takes 32 MiB: asked for in pages of 2 MiB, it took 53 ms of a core instead of 92.
HASHING = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class Credentials(TypedDict, total=False):
    """What `subprocess` needs to start a command as another user."""

    user: str
    group: str
    extra_groups: list[str]


@dataclass(frozen=True)
class Program:
    """One process of the enclave."""

    name: str
    user: str
    command: tuple[str, ...]
    # What the process is told beyond the common environment; never shown, it may hold a token.
    extra: tuple[tuple[str, str], ...] = ()


def checkout(places: Places) -> Path:
    """Return the checkout by a path that every user can reach."""
    return folders.shown(places) or places.checkout


def credentials(user: str) -> Credentials:
    """Return a user's own group and the groups it was put in."""
    also = [group.gr_name for group in grp.getgrall() if user in group.gr_mem]
    return {"user": user, "group": user, "extra_groups": also}


def environment(places: Places, part: str | None) -> dict[str, str]:
    """Return the environment all processes share: the enclave's places, nothing of the caller's shell."""
    own = {name: value for name, value in os.environ.items() if name.startswith("PARLATORY_")}
    home = str(places.state / "hub") if part == "hub" else "/nonexistent"
    if part in USERS:
        own["TMPDIR"] = str(places.state / "tmp" / part)
    return own | {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": "/root" if part in (None, "engine") else home,
        "PYTHONPATH": str(checkout(places)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "PARLATORY_CHECKOUT": str(checkout(places)),
        "PARLATORY_STATE": str(places.state),
        "PARLATORY_RUN": str(places.run),
        "PARLATORY_TOOLS": str(places.tools),
        "PARLATORY_PORT": str(places.base_port),
        "PARLATORY_ENCLAVE": places.enclave,
    }


def table(places: Places) -> list[Program]:
    """Return every process of the enclave, in the order they start."""
    python = str(python_environment.python(checkout(places)))
    module = (python, "-m")
    token = places.secret("proxy", "proxy")
    counted = (("PROMETHEUS_MULTIPROC_DIR", str(places.run / "metrics")),)
    return [
        Program("engine", "root", (*module, "hub.engine")),
        Program("opa", USERS["opa"], _opa(places), (("PARLATORY_OPA_TOKEN", places.secret("opa", "opa")),)),
        Program("proxy", USERS["proxy"], _proxy(places), (("CONFIGPROXY_AUTH_TOKEN", token),)),
        Program(
            "portal", USERS["portal"], (*module, "gunicorn", *portal(places)), (*counted, *HASHING.items())
        ),
        Program(
            "hub",
            USERS["hub"],
            (*module, "hub.jupyter", "-f", str(checkout(places) / "hub/jupyter/jupyterhub_config.py")),
            (("CONFIGPROXY_AUTH_TOKEN", token),),
        ),
        Program("gate", USERS["gate"], (*module, "hub.gate")),
        Program("door", USERS["door"], (*module, "egress_review.door"), counted),
        Program("worker", USERS["worker"], (*module, "egress_review.worker"), counted),
        Program("doctor", "root", (*module, "hub.doctor.rounds")),
    ]


NAMES = ("engine", "opa", "proxy", "portal", "hub", "gate", "door", "worker", "doctor")


# A token on each question, nothing sent home; of each answer a line with the request's id: policies/system.
OPA_WORDS = (
    *("--authentication=token", "--authorization=basic", "--skip-version-check", "--log-level=error"),
    *("--set", "decision_logs.console=true"),
    *("--set", "decision_logs.request_context.http.headers={X-Parlatory-Request}"),
)


def _opa(places: Places) -> tuple[str, ...]:
    address = f"127.0.0.1:{places.port('opa')}"
    bundle = str(places.state / "opa" / "bundle.tgz")
    return (
        *(str(tools.opa(places)), "run", "--server", "--addr", address, "--bundle", bundle),
        *OPA_WORDS,
    )


def _proxy(places: Places) -> tuple[str, ...]:
    return (
        *(str(tools.node(checkout(places))), str(tools.proxy_script(places))),
        *("--ip", "127.0.0.1", "--port", str(places.port("lab"))),
        *("--api-ip", "127.0.0.1", "--api-port", str(places.port("proxy-api"))),
        *("--error-target", f"{places.url('hub')}/hub/error", "--log-level", "warn"),
    )


def portal(places: Places) -> tuple[str, ...]:
    """Return what gunicorn is told to serve the portal."""
    return (
        *(
            "hub.wsgi",
            "--bind",
            f"127.0.0.1:{places.port('portal')}",
            "--bind",
            f"unix:{places.portal_socket}",
        ),
        *("--worker-class", "hub.pages.workers.Bounded", "--workers", "2", "--threads", "8"),
        *("--timeout", "60", "--graceful-timeout", "3"),
        # The portal has no proxy in front: nobody may tell it another address or scheme. The umask is the
        # socket's, which other users connect to; files follow the process's own.
        *("--forwarded-allow-ips", "", "--umask", "0", "--no-control-socket"),
    )


def configuration(places: Places, programs: list[Program]) -> str:
    """Return supervisor's configuration; it holds tokens, so it is root's alone."""
    folder = places.run / "supervisor"
    lines = [
        "[unix_http_server]",
        f"file={folder}/supervisor.sock",
        "chmod=0700",
        "chown=root:root",
        "[supervisord]",
        f"logfile={places.state}/log/supervisor.log",
        "logfile_maxbytes=5MB",
        "logfile_backups=2",
        f"pidfile={folder}/supervisord.pid",
        f"childlogdir={places.state}/log",
        "nodaemon=true",
        "silent=true",
        "user=root",
        "umask=022",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for priority, program in enumerate(programs):
        lines += ["", *_section(places, program, priority)]
    return "\n".join(lines) + "\n"


def _section(places: Places, program: Program, priority: int) -> list[str]:
    variables = environment(places, program.name) | dict(program.extra) | {MARK: program.name}
    log = places.state / "log" / f"{program.name}.log"
    # Writers share what they write with their group, never with others.
    umask = "022" if program.name == "engine" else "007"
    return [
        f"[program:{program.name}]",
        f"command={_escape(shlex.join([*_bounds(places, program), *program.command]))}",
        f"directory={_escape(str(checkout(places)))}",
        f"user={program.user}",
        f"umask={umask}",
        f"environment={','.join(f'{name}={_quote(value)}' for name, value in sorted(variables.items()))}",
        f"priority={100 + priority}",
        "autorestart=true",
        "startsecs=1",
        # A part that waits for another tries again for about a minute and a half before it is given up.
        "startretries=12",
        "stopwaitsecs=8",
        "stopasgroup=true",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={_escape(str(log))}",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=3",
    ]


def _bounds(places: Places, program: Program) -> tuple[str, ...]:
    """Return what takes from a process, before it begins, all that it never needs."""
    who = program.name if program.user == "root" else program.user
    python = str(python_environment.python(checkout(places)))
    return python, "-I", "-S", str(checkout(places) / "hub/cli/bounds.py"), who, "--"


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _quote(value: str) -> str:
    # Supervisor reads environments with a shell-like lexer in which a doubled quote cannot be written.
    if '"' in value or "\n" in value:
        raise ValueError("a value of the processes' environment holds a quote or a line break")
    return f'"{_escape(value)}"'
