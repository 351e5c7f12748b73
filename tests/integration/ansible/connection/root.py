"""Ansible's way into a Debian root of the test's own: its namespaces, entered from outside."""

from __future__ import annotations

import os
import shlex
import shutil

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
    name: root
    short_description: run in a root with mounts and processes of its own
    description: The process whose id is given holds the root's namespaces.
    extends_documentation_fragment: connection_pipelining
    options:
      leader:
        description: The process's id.
        vars:
          - name: root_leader
        required: true
"""


class Connection(Local):  # type: ignore[misc] # ansible's plugins carry no types
    """Runs what Ansible would run on a host inside the root, as root."""

    transport = "root"

    @property
    def _leader(self) -> str:
        return str(self.get_option("leader"))

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Run a command inside; nothing of the caller's environment comes along."""
        enter = [
            "nsenter",
            "--target",
            self._leader,
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
            "--net",
            "--root",
            "--wd=/",
        ]
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        # What Python compiles of a module is kept for the next task (compiled.py).
        clean += ["PYTHONPATH=/usr/local/lib/compiled"]
        inside = shlex.join([*enter, *clean, "/bin/sh", "-c", cmd])
        result: tuple[int, bytes, bytes] = super().exec_command(inside, in_data=in_data, sudoable=sudoable)
        return result

    def _inside(self, path: str) -> str:
        return f"/proc/{self._leader}/root{os.path.abspath(path)}"

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file in."""
        shutil.copyfile(in_path, self._inside(out_path))

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file out."""
        shutil.copyfile(self._inside(in_path), out_path)
