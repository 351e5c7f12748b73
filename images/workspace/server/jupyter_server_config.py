"""The notebook server of a session: one unix socket, no account of its own, only what Lab needs.

None of this holds a researcher back, who could replace the server: the gate outside does. It keeps what the
gate would refuse from being offered.
"""

import os

from jupyter_server.serverapp import ServerApp

c = get_config()  # noqa: F821 -- the server runs this file with the function in it

# The services Lab calls. Not: nbconvert, files and view (ways out beside the hand-in), shutdown, terminals.
ServerApp.default_services = ("api", "contents", "events", "kernels", "kernelspecs", "sessions")
c.ServerApp.jpserver_extensions = {
    "jupyterlab": True,
    "jupyter_lsp": False,
    "jupyter_server_terminals": False,
    "notebook_shim": False,
}
c.ServerApp.terminals_enabled = False

# Only the gate reaches this socket, and has asked who is there; XSRF stays on, for pages of the same browser.
c.ServerApp.sock = "/run/parlatory-in/jupyter.sock"
c.ServerApp.sock_mode = "0666"
c.ServerApp.base_url = os.environ.get("PARLATORY_BASE_URL", "/")
c.IdentityProvider.token = ""
c.PasswordIdentityProvider.hashed_password = ""
c.PasswordIdentityProvider.allow_password_change = False
c.ServerApp.disable_check_xsrf = False
c.ServerApp.allow_origin = ""
c.ServerApp.allow_credentials = False
# The Host header names the lab's public address, which is not this machine's.
c.ServerApp.allow_remote_access = True
c.ServerApp.open_browser = False
c.ServerApp.quit_button = False

c.ServerApp.root_dir = "/home/researcher"
c.ContentsManager.allow_hidden = False
c.FileContentsManager.delete_to_trash = False
c.FileContentsManager.always_delete_dir = False

# The enclave ends idle sessions, and says so before: a kernel that vanishes alone only loses work.
c.MappingKernelManager.cull_idle_timeout = 0
c.ServerApp.shutdown_no_activity_timeout = 0
# A print in an endless loop shall not spend the day's budget for the screen.
c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = 1_000_000
c.ZMQChannelsWebsocketConnection.iopub_msg_rate_limit = 500
c.ZMQChannelsWebsocketConnection.rate_limit_window = 3

c.LabApp.collaborative = False
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.dev_mode = False
c.LabApp.expose_app_in_browser = False
# Only Python is here, and only once: not a second kernel from somebody's home.
c.KernelSpecManager.ensure_native_kernel = False
c.KernelSpecManager.allowed_kernelspecs = {"python3"}
