"""Cases 29 to 31: pages and scripts that carry more than they show."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from tests.leaks import carry, disguise
from tests.leaks.cases_notebooks import b64, book, clip_file
from tests.leaks.cases_text import lines, rows
from tests.leaks.pictures import chart
from tests.leaks.registry import Make, Submission, leak


@leak(
    29,
    "B",
    "sound as a data URI",
    tuning=("audio-element",),
    testing=(
        "source",
        "mp3",
        "octet-stream",
        "iframe",
        "script",
        "page",
        "markdown",
        "percent",
        "svg-wrapped",
    ),
)
def data_uri(make: Make, how: str) -> Submission:
    """Return a page that plays a recording it holds."""
    data = clip_file(make, "MP3" if how == "mp3" else "WAV", make.pick.uniform(1, 4))
    kind = {"mp3": "audio/mpeg", "octet-stream": "application/octet-stream"}.get(how, "audio/wav")
    uri = f"data:{kind};base64,{b64(data)}"
    percent = f"data:{kind}," + "".join(f"%{byte:02x}" for byte in data[:30000])
    body = {
        "audio-element": f'<audio controls="controls" src="{uri}">Your browser does not support it.</audio>',
        "source": f'<audio controls><source src="{uri}" type="{kind}"/></audio>',
        "iframe": f"<iframe srcdoc=\"<audio src='{uri}'>\"></iframe>",
        "script": f"<script>new Audio('{uri}').play()</script>",
        "percent": f'<audio src="{percent}"></audio>',
        "svg-wrapped": (
            '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><audio'
            f' src="{uri}"/></foreignObject></svg>'
        ),
    }.get(how, f'<a href="{uri}" download>result</a>')
    if how == "page":
        return Submission({"report.html": f"<!doctype html><html><body>{body}</body></html>".encode()})
    if how == "markdown":
        return Submission({"report.md": f"# Result\n\n[listen]({uri})\n".encode()})
    return Submission(
        book(
            carry.shown(
                {"text/html": body, "text/plain": "<IPython.lib.display.Audio object>"}, "Audio(x, rate=sr)"
            )
        )
    )


@leak(
    30,
    "B",
    "interactive plot with the whole table",
    tuning=("plotly",),
    testing=("vega", "bokeh", "script", "typed-arrays", "html-page", "points-without-ids"),
)
def interactive(make: Make, how: str) -> Submission:
    """Return a plot that holds a point and a label for each recording."""
    found = rows(make, make.pick.randrange(250, 500), ("recording", "speaker", "seconds", "wer", "f0_mean"))
    x, y = [r["seconds"] for r in found], [r["wer"] for r in found]
    ids = [r["recording"] for r in found]
    trace = {"type": "scatter", "mode": "markers", "x": x, "y": y, "text": ids}
    if how == "points-without-ids":
        trace.pop("text")
    if how == "typed-arrays":
        import numpy as np

        trace.update(
            {
                k: {"dtype": "f8", "bdata": b64(np.asarray(v, float).tobytes())}
                for k, v in (("x", x), ("y", y))
            }
        )
    figure = {"data": [trace], "layout": {"title": {"text": "WER by length"}}}
    vega = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": found},
        "mark": "point",
        "encoding": {"x": {"field": "seconds", "type": "quantitative"}},
    }
    script = f"<div id='p'></div><script>Plotly.newPlot('p', {json.dumps([trace])})</script>"
    if how == "html-page":
        return Submission({"plot.html": f"<!doctype html><html><body>{script}</body></html>".encode()})
    data: dict[str, Any] = {
        "vega": {"application/vnd.vegalite.v5+json": vega, "text/plain": "alt.Chart(...)"},
        "bokeh": {
            "application/vnd.bokehjs_exec.v0+json": "",
            "application/javascript": f"const docs = {json.dumps(found)};",
        },
        "script": {"text/html": script},
    }.get(how, {"application/vnd.plotly.v1+json": figure})
    return Submission(book(carry.shown(data, "fig.show()")))


@leak(
    31,
    "B",
    "encoded literal in a script",
    tuning=("base64",),
    testing=(
        "base85",
        "short-literals",
        "integers",
        "hex-escapes",
        "r",
        "dict",
        "comment",
        "shell",
        "variables",
    ),
)
def literal(make: Make, how: str) -> Submission:
    """Return a script that holds rows in a literal."""
    data = lines(make, 5, 12).encode()
    packed = b64(zlib.compress(data))
    short = [packed[n : n + 24] for n in range(0, len(packed), 24)]
    name, text = {
        "base64": ("plot.py", f'import base64\n\nLOGO = "{packed}"\n'),
        "base85": ("plot.py", f"LOGO = {base64.b85encode(zlib.compress(data))!r}\n"),
        "short-literals": ("plot.py", "LOGO = (\n" + "".join(f'    "{part}"\n' for part in short) + ")\n"),
        "integers": ("plot.py", f"WEIGHTS = {list(zlib.compress(data))}\n"),
        "hex-escapes": ("plot.py", 'LOGO = b"' + "".join(f"\\x{byte:02x}" for byte in data) + '"\n'),
        "r": ("plot.r", f'logo <- "{packed}"\n'),
        "dict": (
            "config.py",
            "STATE = {\n" + "".join(f"    {n}: '{part}',\n" for n, part in enumerate(short)) + "}\n",
        ),
        "comment": (
            "plot.py",
            "".join(f"# {line}\n" for line in disguise.wrapped(packed, 72).split("\n")) + "x = 1\n",
        ),
        "shell": ("run.sh", f"base64 -d <<'E' | zcat\n{disguise.wrapped(packed)}\nE\n"),
        "variables": ("plot.py", "".join(f'part_{n} = "{part}"\n' for n, part in enumerate(short))),
    }[how]
    return Submission({name: text.encode(), "figure.png": chart(make.pick)})
