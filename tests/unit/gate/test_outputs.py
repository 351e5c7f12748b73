"""Outputs: HTML that can do nothing, pictures that are only pixels, everything else by name."""

from __future__ import annotations

import base64
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from hub.gate import outputs


def png(size: tuple[int, int] = (8, 4), secret: str = "") -> bytes:
    info = PngImagePlugin.PngInfo()
    if secret:
        info.add_text("comment", secret)
    out = io.BytesIO()
    Image.new("RGBA", size, (1, 2, 3, 255)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def shown(raw: bytes, kind: str = "image/png") -> bytes:
    return base64.b64decode(outputs.picture(base64.b64encode(raw).decode(), kind))


DANGEROUS = [
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=//evil.example></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='https://evil.example/?q'>x</a>",
    "<form action=//evil.example><input name=a></form>",
    "<div style='background:url(//evil.example/x)'>x</div>",
    "<div style='color:u\\72l(//evil.example)'>x</div>",
    "<style>@import url(//evil.example)</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<object data=//evil.example></object>",
    "<embed src=//evil.example>",
    "<video src=//evil.example></video>",
    "<audio src=data:audio/wav;base64,AAAA controls></audio>",
    "<button formaction=//evil.example>x</button>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<table background=//evil.example><tr><td>x</td></tr></table>",
    "<div class='jp-Dialog lm-Widget' onclick='x()'>x</div>",
    "<p id=main data-commandlinker-command=x>x</p>",
    "<!--[if IE]><script>x</script><![endif]-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>x</script></template>",
    "<div style='position:fixed;top:0'>x</div>",
]
FORBIDDEN = re.compile(
    r"<\s*(script|img|svg|iframe|a|form|input|style|link|meta|base|object|embed|video|audio|button|math|template)\b"
    r"|\bon\w+\s*=|href|src=|url\(|evil\.example|javascript:|position|jp-|data-|\bid=",
    re.IGNORECASE,
)


@pytest.mark.parametrize("source", DANGEROUS)
def test_html_can_neither_run_nor_load_nor_disguise(source: str) -> None:
    found = FORBIDDEN.search(outputs.html(source))
    assert found is None, found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(DANGEROUS) | st.text(alphabet="<>/='\" abc", max_size=10), max_size=5))
def test_pieces_of_html_put_together_stay_harmless(pieces: list[str]) -> None:
    cleaned = outputs.html("".join(pieces))
    tags = re.findall(
        r"<\s*(script|img|svg|iframe|a|form|style|link|meta|base|object|embed)\b", cleaned, re.IGNORECASE
    )
    assert tags == []


def test_a_table_of_pandas_still_looks_like_one() -> None:
    table = '<div><style scoped>x</style><table border="1" class="dataframe"><tr style="text-align: right;">'
    table += "<th>a</th></tr></table></div>"
    cleaned = outputs.html(table)
    assert 'class="dataframe"' in cleaned and "text-align" in cleaned and "<th>a</th>" in cleaned


def test_a_picture_loses_its_comments_and_what_trails_it() -> None:
    redrawn = shown(png(secret="speech" * 100) + b"PK\x03\x04 and a whole archive")
    assert b"speech" not in redrawn and b"archive" not in redrawn and b"tEXt" not in redrawn
    assert Image.open(io.BytesIO(redrawn)).getpixel((0, 0)) == (1, 2, 3, 255)


def test_a_photograph_loses_its_exif() -> None:
    exif = Image.Exif()
    exif[0x010E] = "hidden words"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    assert b"hidden words" in out.getvalue()
    assert b"hidden words" not in shown(out.getvalue(), "image/jpeg")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"RIFF....WAVEfmt ", "image/png"),
        (png()[:30], "image/png"),
        (png(), "image/jpeg"),
        (b"", "image/png"),
        (png((20000, 1000)), "image/png"),
        (b"x" * (outputs.PICTURE_BYTES + 1), "image/png"),
    ],
)
def test_what_is_no_picture_of_bearable_size_is_refused(raw: bytes, kind: str) -> None:
    with pytest.raises(outputs.PictureRefused):
        shown(raw, kind)


def test_text_that_is_not_base64_is_no_picture() -> None:
    with pytest.raises(outputs.PictureRefused):
        outputs.picture("not base64!", "image/png")


@pytest.mark.parametrize(
    "kind",
    [
        "image/svg+xml",
        "image/gif",
        "audio/wav",
        "video/mp4",
        "application/javascript",
        "application/octet-stream",
        "application/pdf",
        "application/vnd.jupyter.widget-view+json",
        "application/vnd.plotly.v1+json",
        "text/vnd.mermaid",
        "IMAGE/PNG",
    ],
)
def test_other_types_are_replaced_by_a_sentence(kind: str) -> None:
    assert outputs.bundle({kind: "AAAA"}) == {
        "text/plain": f"This output type ({kind}) is not shown by the enclave."
    }


def test_a_dropped_type_beside_html_is_dropped_silently() -> None:
    assert outputs.bundle({"text/html": "<b>x</b>", "image/svg+xml": "<svg/>"}) == {"text/html": "<b>x</b>"}


def test_large_json_is_not_shown() -> None:
    assert "text/plain" in outputs.bundle({"application/json": ["x" * 1000] * 1000})
