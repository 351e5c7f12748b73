"""What a kernel shows, as it reaches the browser: no sound, nothing that runs or loads, nothing large."""

from __future__ import annotations

import base64
import json

import pytest

from tests import kernel
from tests.indoors import Inside, inside

__all__ = ["inside"]

pytestmark = pytest.mark.timeout(300)

MIB = 1 << 20


def everything(ran: kernel.Ran) -> str:
    """Return all that came over the websocket as one text, but for the echo of the code itself."""
    kept = [one for one in ran.messages if one.get("header", {}).get("msg_type") != "execute_input"]
    return json.dumps(kept)


def test_sound_does_not_come_out(inside: Inside) -> None:
    code = """
from IPython.display import Audio, display
import numpy
display(Audio(numpy.zeros(4000), rate=8000))
display({"audio/wav": "UklGRsecret-sound", "video/mp4": "secret-film", "text/plain": "a sound"}, raw=True)
"""
    ran = inside.run(code)
    assert ran.mime_types <= {"text/plain", "text/html"}
    for mark in ("data:audio", "<audio", "secret-sound", "secret-film", "UklGR"):
        assert mark not in everything(ran)


def test_nothing_that_runs_or_loads_comes_out(inside: Inside) -> None:
    code = """
from IPython.display import HTML, Javascript, IFrame, SVG, display
display(Javascript("window.stolen = 'by-script'"))
display(HTML("<script>window.stolen = 'by-html'</script><img src='https://elsewhere.example/x'"
             " onerror='window.stolen=1'><a href='javascript:1'>b</a><table><tr><td>kept</td></tr></table>"
             "<form action='https://elsewhere.example'><input></form>"))
display(IFrame("https://elsewhere.example/", 10, 10))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>window.stolen=1</script></svg>"))
display({"application/vnd.jupyter.widget-view+json": {"model_id": "secret-model"},
         "application/vnd.bokehjs_exec.v0+json": "secret-bokeh", "application/javascript": "1",
         "application/vnd.made.up+json": {"x": "secret-made-up"}, "text/plain": "p"}, raw=True)
"""
    ran = inside.run(code)
    came = everything(ran)
    assert "kept" in came
    assert ran.mime_types <= {"text/plain", "text/html", "application/json"}
    for mark in (
        "by-script",
        "by-html",
        "elsewhere.example",
        "onerror",
        "javascript:",
        "<svg",
        "<form",
        "<iframe",
    ):
        assert mark not in came, mark
    for mark in ("secret-model", "secret-bokeh", "secret-made-up"):
        assert mark not in came, mark
    assert inside.page.evaluate("window.stolen === undefined")


def test_no_comm_and_no_buffer_comes_out(inside: Inside) -> None:
    code = """
from comm import create_comm
word = "-".join
comm = create_comm(target_name="jupyter.widget", data={"x": word(["comm", "open"])}, buffers=[b"b" * 99])
comm.send({"x": word(["comm", "message"])}, buffers=[b"b" * 99])
kernel = get_ipython().kernel
kernel.session.send(kernel.iopub_socket, "made_up", {"x": word(["made", "up", "message"])})
print(word(["all", "sent"]))
"""
    ran = inside.run(code)
    assert "all-sent" in ran.text, ran.text
    kinds = {message.get("header", {}).get("msg_type", "") for message in ran.messages}
    assert not {kind for kind in kinds if kind.startswith("comm")} and "made_up" not in kinds
    assert not any(message.get("buffers", 0) > 0 for message in ran.messages)
    for mark in ("comm-open", "comm-message", "made-up-message"):
        assert mark not in everything(ran)


def test_large_data_stays_in(inside: Inside) -> None:
    code = "from IPython.display import display\n"
    code += "for n in range(4): display({'text/plain': 'x' * 12_000_000}, raw=True)"
    ran = inside.run(code, seconds=90)
    assert len(everything(ran)) < 5 * MIB


def test_a_picture_is_drawn_again(inside: Inside) -> None:
    code = """
import io
from IPython.display import display
from PIL import Image, PngImagePlugin
chunk = PngImagePlugin.PngInfo()
chunk.add_text("note", "hidden-in-a-chunk")
out = io.BytesIO()
Image.new("RGB", (8, 8), (10, 200, 30)).save(out, "PNG", pnginfo=chunk)
import base64
display({"image/png": base64.b64encode(out.getvalue() + b"hidden-behind-it" * 100).decode()}, raw=True)
"""
    ran = inside.run(code)
    bundles = [message.get("content", {}).get("data", {}) for message in ran.messages]
    shown = [bundle["image/png"] for bundle in bundles if "image/png" in bundle]
    assert len(shown) == 1
    raw = base64.b64decode(shown[0])
    assert raw.startswith(b"\x89PNG") and raw.endswith(b"IEND\xaeB`\x82")
    assert b"hidden" not in raw
