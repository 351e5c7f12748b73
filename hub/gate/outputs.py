"""What of a kernel's output may be shown: an allow-list of types, each rebuilt before it passes."""

from __future__ import annotations

import base64
import binascii
import io
import json
import warnings
from collections.abc import Mapping
from typing import Any

import nh3
from PIL import Image, UnidentifiedImageError

TEXT_CHARACTERS = 256 * 1024
HTML_CHARACTERS = 1024 * 1024
PICTURE_BYTES = 8 * 1024 * 1024
PICTURE_PIXELS = 12_000_000
CUT_NOTE = "\n[the enclave shows no more of this output]\n"
NOT_SHOWN = "This output type ({}) is not shown by the enclave."

_TAGS = {
    *("b", "i", "em", "strong", "code", "pre", "span", "div", "p", "br", "hr", "ul", "ol", "li", "dl", "dt"),
    *("dd", "h1", "h2", "h3", "h4", "h5", "h6", "sub", "sup", "details", "summary", "caption", "colgroup"),
    *("col", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "small", "blockquote"),
}
_ATTRIBUTES = {
    "*": {"style", "class"},
    "table": {"border"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "details": {"open"},
}
_CLASSES = {"dataframe"}
_STYLES = {"text-align", "vertical-align", "font-weight", "font-style", "color", "background-color"}
_TEXT_TYPES = {"text/plain", "text/latex", "text/markdown"}
_PICTURE_TYPES = {"image/png": "PNG", "image/jpeg": "JPEG"}


class PictureRefused(Exception):
    """A picture cannot be rebuilt within the limits."""


def text(value: object, limit: int = TEXT_CHARACTERS) -> str:
    """Return a text, cut to the limit; Jupyter may also write it as a list of lines."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    return value if len(value) <= limit else value[:limit] + CUT_NOTE


def html(value: object) -> str:
    """Return HTML that can draw tables and text, and can neither load, link, run nor disguise."""
    source = text(value, HTML_CHARACTERS)
    return nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "textarea", "template", "svg", "math", "iframe"},
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        strip_comments=True,
        link_rel=None,
        url_schemes=set(),
        filter_style_properties=_STYLES,
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "class":
        kept = " ".join(word for word in value.split() if word in _CLASSES)
        return kept or None
    if name == "style" and any(mark in value for mark in ("\\", "@", "url", "URL", "/*", "expression")):
        return None
    return value[:200]


def picture(value: object, kind: str) -> str:
    """Decode a picture and draw it again: what is not pixels (chunks, comments, trailing bytes) stays in."""
    encoded = text(value, PICTURE_BYTES * 2)
    try:
        raw = base64.b64decode(encoded.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PictureRefused("the picture is not written in base64") from error
    if len(raw) > PICTURE_BYTES:
        raise PictureRefused("the picture is larger than 8 MiB")
    return base64.b64encode(_redrawn(raw, _PICTURE_TYPES[kind])).decode()


def _redrawn(raw: bytes, form: str) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=[form]) as found:
                if found.width * found.height > PICTURE_PIXELS:
                    raise PictureRefused("the picture has more than 12 million pixels")
                mode = "RGB" if form == "JPEG" or found.mode == "RGB" else "RGBA"
                plain = found.convert(mode)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureRefused("the picture cannot be read") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused("the picture is too large when unpacked") from error
    clean = Image.new(plain.mode, plain.size)
    clean.paste(plain)
    out = io.BytesIO()
    clean.save(out, format=form, quality=90) if form == "JPEG" else clean.save(out, format=form)
    return out.getvalue()


def bundle(data: object) -> dict[str, Any]:
    """Return the part of a MIME bundle that may be shown; what is left out is named in its text."""
    if not isinstance(data, Mapping):
        return {}
    shown: dict[str, Any] = {}
    hidden: list[str] = []
    for kind, value in data.items():
        try:
            one = _one(str(kind), value)
        except PictureRefused as error:
            hidden.append(f"{kind}: {error}")
            continue
        if one is None:
            hidden.append(str(kind)[:80])
        else:
            shown[str(kind)] = one
    if hidden and not set(shown) - {"text/plain"}:
        note = NOT_SHOWN.format(", ".join(hidden[:5]))
        shown["text/plain"] = f"{shown['text/plain']}\n{note}" if "text/plain" in shown else note
    return shown


def _one(kind: str, value: object) -> Any:
    if kind in _TEXT_TYPES:
        return text(value)
    if kind == "text/html":
        return html(value)
    if kind in _PICTURE_TYPES:
        return picture(value, kind)
    if kind == "application/json":
        return value if len(json.dumps(value)) <= TEXT_CHARACTERS else None
    return None


def bundle_metadata(metadata: object) -> dict[str, Any]:
    """Return the size of pictures and nothing else: other metadata could change how Lab renders."""
    if not isinstance(metadata, Mapping):
        return {}
    kept: dict[str, Any] = {}
    for kind in _PICTURE_TYPES:
        facts = metadata.get(kind)
        if isinstance(facts, Mapping):
            sizes = {name: facts[name] for name in ("width", "height") if _is_size(facts.get(name))}
            if sizes:
                kept[kind] = sizes
    return kept


def _is_size(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10_000
