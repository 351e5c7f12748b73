"""Cases 32 to 37: pictures that hide or spell the data."""

from __future__ import annotations

import io
import json
import zlib

import numpy as np
from PIL import Image, PngImagePlugin

from tests.leaks import carry, pictures
from tests.leaks.cases_notebooks import b64, book, clip_file
from tests.leaks.cases_text import lines, sample
from tests.leaks.registry import Make, Submission, leak


@leak(
    32,
    "N",
    "text chunk of a PNG",
    tuning=("tEXt",),
    testing=("zTXt", "iTXt", "private", "xmp", "after-data", "icc", "exif", "in-notebook"),
)
def text_chunk(make: Make, how: str) -> Submission:
    """Return a plot with rows in a chunk that no viewer shows."""
    payload = lines(make).encode()
    plot = pictures.chart(make.pick)
    if how in ("zTXt", "iTXt", "xmp"):
        info = PngImagePlugin.PngInfo()
        if how == "zTXt":
            info.add_text("Comment", payload.decode(), zip=True)
        else:
            info.add_itxt("XML:com.adobe.xmp" if how == "xmp" else "Comment", payload.decode(), zip=False)
        data = pictures.png(pictures.opened(plot), pnginfo=info)
    elif how == "icc":
        data = pictures.png(pictures.opened(plot), icc_profile=payload)
    elif how == "exif":
        exif = Image.Exif()
        exif[0x010E] = payload.decode("latin-1", "replace")
        data = pictures.png(pictures.opened(plot), exif=exif)
    elif how == "private":
        data = pictures.with_chunk(plot, b"dAta", payload)
    elif how == "after-data":
        data = plot[:-12] + pictures.chunk(b"tEXt", b"Comment\x00" + payload) + plot[-12:]
    else:
        data = pictures.with_chunk(plot, b"tEXt", b"Comment\x00" + payload)
    if how == "in-notebook":
        return Submission(book(carry.shown({"image/png": b64(data)})), payload)
    return Submission({"figure.png": data}, payload)


@leak(
    33,
    "N",
    "file behind a picture",
    tuning=("zip",),
    testing=("gzip", "wav", "jpeg-zip", "gif-zip", "in-pixels-stream", "plain", "webp", "in-notebook"),
)
def behind(make: Make, how: str) -> Submission:
    """Return a picture with another file behind its end."""
    text = lines(make, 8, 20).encode()
    member = zlib.compress(text, wbits=31)
    payload = {"gzip": member, "wav": clip_file(make) if how == "wav" else b"", "plain": text}.get(
        how
    ) or carry.archive({"d.csv": text})
    plot = pictures.chart(make.pick)
    picture = pictures.opened(plot)
    if how == "in-pixels-stream":
        raw = b"".join(
            b"\x00" + picture.tobytes()[r * picture.width * 3 : (r + 1) * picture.width * 3]
            for r in range(picture.height)
        )
        head = (
            plot[:16]
            + picture.width.to_bytes(4, "big")
            + picture.height.to_bytes(4, "big")
            + b"\x08\x02\x00\x00\x00"
        )
        data = (
            head[:8]
            + pictures.chunk(b"IHDR", head[16:29])
            + pictures.chunk(b"IDAT", zlib.compress(raw) + payload)
            + pictures.chunk(b"IEND", b"")
        )
        return Submission({"figure.png": data}, payload)
    if how in ("jpeg-zip", "gif-zip", "webp"):
        form = {"jpeg-zip": "JPEG", "gif-zip": "GIF", "webp": "WEBP"}[how]
        return Submission({f"figure.{form.lower()}": pictures.other(picture, form) + payload}, payload)
    if how == "in-notebook":
        return Submission(book(carry.shown({"image/png": b64(plot + payload)})), payload)
    return Submission({"figure.png": plot + payload}, payload)


@leak(
    34,
    "N",
    "payload in the lowest bits",
    tuning=("one-bit-red",),
    testing=(
        "two-bits",
        "alpha",
        "every-channel",
        "palette-order",
        "jpeg-like-blocks",
        "sixteen-bit",
        "in-notebook",
    ),
)
def lowest_bits(make: Make, how: str) -> Submission:
    """Return a plot whose pixels carry rows in bits that no eye sees."""
    payload = lines(make, 3, 8).encode()[:400]
    bits = np.unpackbits(np.frombuffer(payload, np.uint8))
    pixels = np.array(pictures.opened(pictures.chart(make.pick)))
    flat = pixels.reshape(-1)
    if how == "palette-order":
        picture = Image.fromarray(pixels).quantize(128)
        order = list(payload[:128]) + [0] * (384 - min(len(payload), 128))
        indexed = np.array(picture)
        indexed[0, : len(order) // 3] = np.arange(len(order) // 3) % 128
        made = Image.fromarray(indexed, "P")
        made.putpalette(order)
        return Submission(
            {"figure.png": pictures.png(made)},
            payload[:90],
            lambda d: bytes(Image.open(io.BytesIO(d)).getpalette() or []),
        )
    if how == "alpha":
        layer = np.full(pixels.shape[:2], 255, np.uint8)
        layer.reshape(-1)[: len(payload)] = 255 - np.frombuffer(payload, np.uint8) // 2
        return Submission(
            {"figure.png": pictures.png(Image.fromarray(np.dstack([pixels, layer])))},
            bytes(255 - byte // 2 for byte in payload),
            lambda d: np.array(Image.open(io.BytesIO(d)).convert("RGBA"))[..., 3].tobytes(),
        )
    if how == "sixteen-bit":
        high = np.array(Image.fromarray(pixels).convert("L"), np.uint16) << 8
        high.reshape(-1)[: len(payload)] |= np.frombuffer(payload, np.uint8)
        made = Image.fromarray(high)
        return Submission(
            {"figure.png": pictures.png(made)},
            payload,
            lambda d: (np.array(Image.open(io.BytesIO(d))).reshape(-1) & 255).astype(np.uint8).tobytes(),
        )
    if how == "jpeg-like-blocks":
        step, depth = 8, 1
    else:
        step, depth = {"one-bit-red": 3, "every-channel": 1}.get(how, 3), 2 if how == "two-bits" else 1
    if depth == 2:
        pairs = bits[0::2] * 2 + bits[1::2]
        flat[: step * len(pairs) : step] = flat[: step * len(pairs) : step] & 252 | pairs
    else:
        flat[: step * len(bits) : step] = flat[: step * len(bits) : step] & 254 | bits

    def read(data: bytes) -> bytes:
        again = np.array(pictures.opened(data)).reshape(-1)[::step]
        found = np.stack([again >> 1 & 1, again & 1], 1).reshape(-1) if depth == 2 else again & 1
        return np.packbits(found.astype(np.uint8)).tobytes()

    data = pictures.png(Image.fromarray(pixels))
    if how == "in-notebook":

        def inside(copy: bytes) -> bytes:
            import base64

            return b"".join(
                read(base64.b64decode("".join(o["data"]["image/png"])))
                for c in json.loads(copy)["cells"]
                for o in c.get("outputs", [])
                if "image/png" in o.get("data", {})
            )

        return Submission(book(carry.shown({"image/png": b64(data)})), payload, inside)
    return Submission({"figure.png": data}, payload, read)


@leak(
    35,
    "N",
    "EXIF comment and thumbnail",
    tuning=("comment",),
    testing=("thumbnail", "com-segment", "xmp", "icc", "app13", "webp", "maker-note"),
)
def exif(make: Make, how: str) -> Submission:
    """Return a photograph of a plot with rows in its metadata."""
    payload = lines(make).encode()
    picture = pictures.opened(pictures.chart(make.pick))
    fields = Image.Exif()
    fields.get_ifd(0x8769)[0x927C if how == "maker-note" else 0x9286] = b"ASCII\x00\x00\x00" + payload
    if how == "thumbnail":
        small = pictures.other(pictures.text(payload.decode().splitlines()[:4]), "JPEG")
        block = b"\xff\xe1" + (len(small) + 8).to_bytes(2, "big") + b"Exif\x00\x00" + small
        data = pictures.other(picture, "JPEG")
        return Submission({"figure.jpg": data[:2] + block + data[2:]}, small)
    if how in ("com-segment", "app13", "xmp"):
        mark = {"com-segment": b"\xff\xfe", "app13": b"\xff\xed", "xmp": b"\xff\xe1"}[how]
        head = {"app13": b"Photoshop 3.0\x00", "xmp": b"http://ns.adobe.com/xap/1.0/\x00"}.get(how, b"")
        data = pictures.other(picture, "JPEG")
        return Submission(
            {
                "figure.jpg": (
                    data[:2] + mark + (len(head + payload) + 2).to_bytes(2, "big") + head + payload + data[2:]
                )
            },
            payload,
        )
    if how == "icc":
        return Submission({"figure.jpg": pictures.other(picture, "JPEG", icc_profile=payload)}, payload)
    if how == "webp":
        return Submission({"figure.webp": pictures.other(picture, "WEBP", exif=fields)}, payload)
    return Submission({"figure.jpeg": pictures.other(picture, "JPEG", exif=fields)}, payload)


@leak(
    36,
    "B",
    "grid of QR codes",
    tuning=("grid",),
    testing=(
        "one",
        "small-boxes",
        "coloured",
        "inverted",
        "turned",
        "jpeg",
        "in-notebook",
        "among-a-plot",
        "no-border",
        "own-squares",
    ),
)
def qr(make: Make, how: str) -> Submission:
    """Return rows as codes that a telephone reads."""
    data = lines(make, 6, 20).encode()
    if how in ("one", "among-a-plot"):
        data = data[:300]
    if how == "own-squares":
        bits = np.unpackbits(np.frombuffer(zlib.compress(lines(make, 40, 60).encode()), np.uint8))
        side = int(np.sqrt(len(bits)))
        cells = bits[: side * side].reshape(side, side) * 255
        return Submission({"figure.png": pictures.png(pictures.grey(np.kron(cells, np.ones((5, 5)))))})
    options: dict[str, object] = {
        "one": {"a_code": 400, "across": 1},
        "small-boxes": {"box": 2},
        "coloured": {"ink": "#1f77b4", "ground": "#fffff0"},
        "inverted": {"ink": "white", "ground": "black"},
        "no-border": {"border": 1, "a_code": 100},
    }.get(how, {"box": make.of([4], [3, 5, 7]), "a_code": make.of([180], [120, 250, 400])})
    grid = pictures.codes(data, **options)
    if how == "turned":
        grid = grid.rotate(make.pick.choice((90, 180, 270)), expand=True)
    if how == "among-a-plot":
        plot = pictures.opened(pictures.chart(make.pick))
        whole = Image.new("RGB", (plot.width + grid.width, max(plot.height, grid.height)), "white")
        whole.paste(plot, (0, 0))
        whole.paste(grid, (plot.width, 0))
        grid = whole
    if how == "jpeg":
        return Submission({"figure.jpg": pictures.other(grid, "JPEG", quality=70)})
    if how == "in-notebook":
        return Submission(book(carry.shown({"image/png": b64(pictures.png(grid))})))
    return Submission({"figure.png": pictures.png(grid)})


@leak(
    37,
    "B",
    "screenshot of a table",
    tuning=("spreadsheet",),
    testing=(
        "terminal",
        "dark",
        "large",
        "small",
        "serif",
        "jpeg",
        "in-notebook",
        "in-a-figure",
        "photographed",
        "ids-only",
        "coloured-rows",
    ),
)
def screenshot(make: Make, how: str) -> Submission:
    """Return rows of D as a picture of text."""
    found = [{k: str(v)[:40] for k, v in row.items()} for row in sample(make, 8, 25)]
    if how == "ids-only":
        found = [{"recording": row["recording"]} for row in found]
    size = {"large": 26, "small": 10}.get(how, make.of([14], [12, 13, 16, 18]))
    if how in ("terminal", "dark"):
        picture = pictures.text(carry.aligned(found).split("\n"), size=size, dark=how == "dark")
    elif how == "in-a-figure":
        made = pictures.figure(figsize=(9, 5), dpi=120)
        axes = made.subplots()
        axes.axis("off")
        axes.table([list(r.values()) for r in found], colLabels=list(found[0]), loc="center")
        picture = pictures.opened(pictures.saved(made))
    else:
        picture = pictures.table(found, size=size, family="DejaVu Serif" if how == "serif" else "DejaVu Sans")
    if how == "coloured-rows":
        pixels = np.array(picture)
        for top in range(0, len(pixels), 2 * (size + 10)):
            band = pixels[top : top + size + 10]
            band[(band == 255).all(-1)] = (225, 235, 250)
        picture = Image.fromarray(pixels)
    if how == "photographed":
        picture = picture.rotate(1.2, expand=True, fillcolor="white", resample=Image.Resampling.BILINEAR)
    if how in ("jpeg", "photographed"):
        return Submission({"figure.jpg": pictures.other(picture, "JPEG", quality=80)})
    if how == "in-notebook":
        return Submission(book(carry.shown({"image/png": b64(pictures.png(picture))})))
    return Submission({"figure.png": pictures.png(picture)})
