"""The gate's controls: who comes in, which requests and messages pass, how many bytes, and for how long."""

from __future__ import annotations

from hub.gate import budget, channels, forward, identity, leases, messages, routes, socketpath
from tests.security.without import plain_proxy
from tests.security.without.removal import Removal, swap

ENTRY, SERVER = "security/test_gate_entry.py", "security/test_gate_server.py"
MESSAGES, LEASES = "security/test_gate_messages.py", "security/test_gate_leases.py"


REMOVALS = {
    "sign-in": Removal(
        "a session is reached by who is signed in",
        swap(identity.GateHandler, "own_place", plain_proxy.of_the_path),
        ENTRY,
        "test_nobody_reaches_a_session_without_signing_in",
        shows="== 401",
    ),
    "person": Removal(
        "a session is reached by its own person",
        swap(identity.GateHandler, "own_place", plain_proxy.anybodys),
        ENTRY,
        "test_someone_elses_session_is_refused_in_every_form",
        shows="200 == 403",
    ),
    "cookie": Removal(
        "signed cookies",
        plain_proxy.unsigned_cookies,
        ENTRY,
        "test_a_forged_cookie_is_nobody",
        shows="502 == 401",
    ),
    "scope": Removal(
        "tokens of the gate's scope only",
        swap(identity.GateOAuth, "check_scopes", lambda self, required, model: {"all"}),
        ENTRY,
        "test_a_token_without_the_scope_of_the_gate_is_nobody",
        shows="502 == 401",
    ),
    "host": Removal(
        "one host name",
        swap(identity.GateHandler, "check_host", lambda self: None),
        ENTRY,
        "test_a_wrong_host_is_refused",
        shows="== 421",
    ),
    "origin": Removal(
        "proof of origin on each change",
        swap(identity.GateHandler, "check_origin_of_change", lambda self, person, server: None),
        ENTRY,
        "test_another_sites_page_cannot_change_anything",
        shows="200 == 403",
    ),
    "websocket": Removal(
        "websockets for the lab's own pages only",
        plain_proxy.any_origin,
        ENTRY,
        "test_another_sites_page_opens_no_websocket",
        shows="101 == 403",
    ),
    "strip": Removal(
        "the strip's websocket for the lab's own pages only",
        plain_proxy.any_origin,
        LEASES,
        "test_nobody_else_hears_how_a_session_ends",
        shows="101 == 403",
    ),
    "paths": Removal(
        "an allow-list of addresses",
        swap(routes, "find", plain_proxy.let_through),
        ENTRY,
        "test_a_path_that_is_not_allowed_never_reaches_the_session",
        shows="it reached the session",
    ),
    "segments": Removal(
        "a path that two readers could read differently is refused",
        swap(routes, "segments", plain_proxy.any_segments),
        ENTRY,
        "test_a_path_that_is_not_allowed_never_reaches_the_session",
        shows="it reached the session",
    ),
    "methods": Removal(
        "an allow-list of methods",
        plain_proxy.any_method,
        ENTRY,
        "test_other_methods_never_reach_the_session",
        shows="it reached the session",
    ),
    "base64": Removal(
        "no base64 in contents, either way",
        plain_proxy.base64_contents,
        ENTRY,
        "test_base64_contents_are_refused_both_ways",
        shows="200 == 415",
    ),
    "files": Removal(
        "Lab's own files from the image's copy",
        plain_proxy.proxied_files,
        SERVER,
        "test_a_replaced_server_cannot_serve_a_byte_of_labs_own_files",
        shows="RIFF",
    ),
    "rebuilt": Removal(
        "answers parsed as JSON and written anew",
        swap(forward.Forward, "_rebuilt", plain_proxy.as_answered),
        SERVER,
        "test_an_answer_that_is_not_bearable_json_stays_in "
        "or test_a_redirect_or_a_fault_of_the_session_is_only_a_sentence",
        shows="200 in|== 502",
    ),
    "answer": Removal(
        "the size of an answer",
        plain_proxy.long_answers,
        SERVER,
        "test_an_answer_that_is_not_bearable_json_stays_in and huge",
        shows="200 in",
    ),
    "outward": Removal(
        "none of a session's headers comes out",
        plain_proxy.headers_outward,
        SERVER,
        "test_no_header_of_a_session_comes_out_and_no_secret_goes_in",
        shows="set-cookie",
    ),
    "inward": Removal(
        "none of a browser's headers or cookies goes in",
        plain_proxy.headers_inward,
        SERVER,
        "test_no_header_of_a_session_comes_out_and_no_secret_goes_in",
        shows="service-gate",
    ),
    "symlink": Removal(
        "a session's socket opened without links: none to docker.sock",
        swap(socketpath, "opened", plain_proxy.by_name),
        SERVER,
        "test_a_symlink_to_another_socket_is_not_followed",
        shows="followed the link",
    ),
    "owner": Removal(
        "a session's socket owned by its session",
        swap(socketpath, "opened", plain_proxy.of_anybody),
        SERVER,
        "test_a_socket_of_another_owner_is_not_used or test_a_socket_folder_of_root_is_not_used",
        shows="the gate used it",
    ),
    "pipe": Removal(
        "a session's socket looked at without being opened: no pipe holds the gate up",
        plain_proxy.opened_to_look,
        SERVER,
        "test_a_fifo_or_a_file_in_the_sockets_place_holds_nobody_up",
        shows="None == 502",
    ),
    "messages": Removal(
        "an allow-list of kernel messages: no comms, no buffers",
        swap(channels, "_rebuilt", lambda received: received),
        MESSAGES,
        "test_comms_buffers_and_foreign_types_do_not_come_out",
        shows="speech",
    ),
    "types": Removal(
        "an allow-list of MIME types",
        plain_proxy.any_mime_type,
        MESSAGES,
        "test_comms_buffers_and_foreign_types_do_not_come_out",
        shows="speech",
    ),
    "html": Removal(
        "HTML cleaned",
        plain_proxy.any_html,
        MESSAGES,
        "test_comms_buffers_and_foreign_types_do_not_come_out",
        shows="<script>",
    ),
    "pictures": Removal(
        "pictures drawn again",
        plain_proxy.any_picture,
        MESSAGES,
        "test_a_picture_comes_out_without_the_archive_behind_it",
        shows="not in b",
    ),
    "size": Removal(
        "the size of a kernel message",
        plain_proxy.long_messages,
        MESSAGES,
        "test_a_message_of_100_mb_stays_in",
        shows="bytes came out",
    ),
    "comms": Removal(
        "an allow-list of messages to the kernel",
        swap(messages, "inward", lambda message: message),
        MESSAGES,
        "test_comms_and_debugging_do_not_go_in",
        shows="comm_open",
    ),
    "budget": Removal(
        "the budget of a day, cut off at the byte",
        plain_proxy.unlimited,
        MESSAGES,
        "test_the_budget_cuts_a_websocket_off_at_the_byte or test_a_spent_budget_refuses_reading",
        shows="<= 100000|200 == 403",
    ),
    "meter": Removal(
        "every byte counted",
        swap(budget.Meter, "take", plain_proxy.uncounted),
        MESSAGES,
        "test_every_forwarded_byte_is_counted",
        shows="0 == ",
    ),
    "cut": Removal(
        "a lease that ended cuts what is open",
        swap(leases.Leases, "_cut", lambda self, place, reason: None),
        LEASES,
        "test_a_revoked_session_loses_its_websocket_and_its_pages",
        shows="= ended",
    ),
    "lease": Removal(
        "without a live lease no page is answered",
        swap(leases.Leases, "check", lambda self, place: None),
        LEASES,
        "test_a_revoked_session_loses_its_websocket_and_its_pages",
        shows="200 == 403",
    ),
    "renewal": Removal(
        "leases asked for every two seconds: a revocation cuts within five",
        swap(leases, "EVERY_SECONDS", 3600.0),
        LEASES,
        "test_a_revocation_cuts_the_websocket_within_five_seconds",
        shows="still open",
    ),
    "frozen": Removal(
        "a silent portal freezes all traffic",
        swap(leases.Leases, "frozen", property(lambda self: False)),
        LEASES,
        "test_a_silent_portal_freezes_traffic_until_it_answers",
        shows=r"== \[\]",
    ),
}
