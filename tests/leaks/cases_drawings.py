"""Cases 38 to 40 and 99: pictures that draw the data."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image

from tests.leaks import carry, disguise, pictures, signal
from tests.leaks.cases_notebooks import b64, book
from tests.leaks.registry import Make, Submission, leak


@leak(
    38,
    "F",
    "spectrogram, one pixel a bin",
    tuning=("grey",),
    testing=(
        "viridis",
        "mel",
        "jpeg",
        "twice-as-large",
        "with-axes",
        "upside-down",
        "bytes-as-pixels",
        "in-notebook",
        "inverted-magma",
        "cepstra",
    ),
)
def spectrogram(make: Make, how: str) -> Submission:
    """Return a picture that a voice can be made from again."""
    _, samples, rate = make.corpus.clip(make.pick, make.pick.uniform(1.5, 4))
    power = np.log(np.abs(signal.stft(samples, 256, 64)) ** 2 + 1e-6).T[::-1]
    values = signal.log_mel(samples, rate).T[::-1] if how == "mel" else power
    if how == "upside-down":
        values = values[::-1]
    picture = pictures.grey(values)
    if how in ("viridis", "jpeg", "in-notebook", "inverted-magma"):
        picture = pictures.coloured(values, "magma_r" if how == "inverted-magma" else "viridis")
    if how == "twice-as-large":
        picture = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)
    if how == "with-axes":
        made = pictures.figure(figsize=(10, 4), dpi=100)
        axes = made.subplots()
        axes.specgram(samples, NFFT=256, Fs=rate, noverlap=192)
        axes.set_xlabel("seconds")
        picture = pictures.opened(pictures.saved(made))
    if how == "cepstra":
        # A cell of some pixels for each coefficient, as a heat map has.
        cells = np.flipud(signal.cepstra(samples, rate, 20, 0.02).T)
        picture = pictures.coloured(cells, "viridis").resize((900, 300), Image.Resampling.NEAREST)
    if how == "bytes-as-pixels":
        data = np.asarray(np.clip(samples, -1, 1) * 127 + 128, np.uint8)
        width = 200
        picture = Image.fromarray(np.resize(data, (len(data) // width, width)))
    if how == "jpeg":
        return Submission({"figure.jpg": pictures.other(picture, "JPEG", quality=90)})
    if how == "in-notebook":
        return Submission(book(carry.shown({"image/png": b64(pictures.png(picture))})))
    return Submission({"figure.png": pictures.png(picture)})


@leak(
    39,
    "B",
    "SVG waveform with a vertex a sample",
    tuning=("polyline",),
    testing=(
        *("path", "relative-path", "rectangles", "scaled", "in-notebook", "in-page", "many-short-lines"),
        *("without-points-on-the-line", "even-bars", "below-one-another"),
    ),
)
def waveform(make: Make, how: str) -> Submission:
    """Return a drawing whose points are the samples of a recording."""
    _, samples, _rate = make.corpus.clip(make.pick, make.pick.uniform(1, 2))
    heights = np.round(samples * make.of([1000], [500, 2000, 3000]), 1)
    step = make.of([1], [0.5, 0.25, 0.1])
    points = [(round(n * step, 2), y) for n, y in enumerate(heights)]
    shape = {
        "path": lambda: '<path d="M' + " L".join(f"{x},{y}" for x, y in points) + '"/>',
        "relative-path": lambda: (
            f'<path d="m0,{heights[0]}' + "".join(f"l{step},{d:.1f}" for d in np.diff(heights)) + '"/>'
        ),
        "rectangles": lambda: "".join(
            f'<rect x="{x}" y="0" width="1" height="{y}"/>' for x, y in points[:9000]
        ),
        "even-bars": lambda: "".join(
            f'<rect x="{x}" y="{y}" width="1" height="2"/>' for x, y in points[:16000]
        ),
        "below-one-another": lambda: "".join(
            '<polyline points="' + " ".join(f"{x},{y}" for x, y in points[at : at + 800]) + '"/>'
            for at in range(0, len(points), 800)
        ),
        "without-points-on-the-line": lambda: (
            '<polyline points="'
            + " ".join(f"{points[at][0]},{points[at][1]}" for at in corners(heights))
            + '"/>'
        ),
        "many-short-lines": lambda: "".join(
            f'<line x1="{a[0]}" y1="{a[1]}" x2="{b[0]}" y2="{b[1]}"/>' for a, b in itertools.pairwise(points)
        ),
        "scaled": lambda: (
            '<g transform="scale(0.001,-0.2)"><polyline points="'
            + " ".join(f"{x} {y}" for x, y in points)
            + '"/></g>'
        ),
    }.get(how, lambda: '<polyline points="' + " ".join(f"{x},{y}" for x, y in points) + '"/>')()
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -1000 9000 2000" fill="none"'
        f' stroke="black">{shape if how.startswith("without") else disguise.wrapped(shape, 4000)}</svg>'
    )
    if how == "in-notebook":
        return Submission(book(carry.shown({"image/svg+xml": svg})))
    if how == "in-page":
        return Submission({"figure.html": f"<!doctype html><html><body>{svg}</body></html>".encode()})
    return Submission({"figure.svg": svg.encode()})


def corners(heights: np.ndarray) -> list[int]:
    """Return which points of a line are drawn where those left out lie within two thousandths of it."""
    kept = [0]
    for at in range(2, len(heights)):
        line = np.interp(np.arange(kept[-1], at), [kept[-1], at], heights[[kept[-1], at]])
        if np.abs(line - heights[kept[-1] : at]).max() > 0.002 * np.ptp(heights):
            kept.append(at - 1)
    return [*kept, len(heights) - 1]


@leak(
    40,
    "F",
    "scatter with a dot a speaker",
    tuning=("plain",),
    testing=(
        "labelled",
        "recordings",
        "large-dots",
        "coloured",
        "svg",
        "in-notebook",
        "jpeg",
        "drawn-by-hand",
    ),
)
def scatter(make: Make, how: str) -> Submission:
    """Return a plot in which each dot is one person, or one recording."""
    count = max(len(make.corpus.speakers), 24) if how != "recordings" else 400
    x = [make.pick.gauss(0, 1) for _ in range(count)]
    y = [make.pick.gauss(0, 1) for _ in range(count)]
    if how == "drawn-by-hand":
        from PIL import ImageDraw

        picture = Image.new("RGB", (500, 400), "white")
        draw = ImageDraw.Draw(picture)
        for a, b in zip(x, y, strict=True):
            draw.ellipse((250 + 80 * a, 200 + 60 * b, 256 + 80 * a, 206 + 60 * b), fill="navy")
        return Submission({"figure.png": pictures.png(picture)})
    made = pictures.figure(dpi=make.of([100], [80, 120, 150]))
    axes = made.subplots()
    axes.scatter(x, y, s=60 if how == "large-dots" else 14, c=range(count) if how == "coloured" else None)
    if how == "labelled":
        for name, a, b in zip(make.corpus.speakers, x, y, strict=False):
            axes.annotate(name, (a, b))
    axes.set_xlabel("first component")
    if how == "svg":
        return Submission({"figure.svg": pictures.saved(made, "svg")})
    if how == "jpeg":
        return Submission({"figure.jpg": pictures.other(pictures.opened(pictures.saved(made)), "JPEG")})
    if how == "in-notebook":
        return Submission(book(carry.shown({"image/png": b64(pictures.saved(made))})))
    return Submission({"figure.png": pictures.saved(made)})


@leak(
    99,
    "F",
    "counts in coloured areas, and outliers",
    tuning=("heat", "outliers"),
    testing=("pie", "bars", "dark", "svg", "notched", "large"),
)
def in_colours(make: Make, how: str) -> Submission:
    """Return a plot with a number of people in each area, or boxes with a ring for each person outside."""
    made = pictures.figure(dpi=150 if how == "large" else 100)
    axes = made.subplots()
    counts = np.array([[make.pick.randrange(1, 24) for _ in range(4)] for _ in range(5)])
    counts[:2] = [[make.pick.randrange(1, 9) for _ in range(4)] for _ in range(2)]
    if how in ("outliers", "notched"):
        rows = [[make.pick.gauss(0, 1) for _ in range(40)] + [5.0, -5.5] for _ in range(4)]
        axes.boxplot(rows, notch=how == "notched")
    elif how == "pie":
        axes.pie(counts[1], autopct=lambda share: f"{share * counts[1].sum() / 100:.0f}", labels=[*"abcd"])
    elif how == "bars":
        found = axes.bar([*"abcd"], counts[0] + 40, color="tab:blue")
        axes.bar_label(found, labels=[str(one) for one in counts[0]], label_type="center", color="white")
    else:
        axes.imshow(counts + 30, cmap="inferno" if how == "dark" else "Blues", vmin=0, vmax=60)
        for row, column in itertools.product(range(5), range(4)):
            colour = "white" if how == "dark" else "black"
            axes.text(column, row, counts[row, column], ha="center", va="center", color=colour)
    if how == "svg":
        return Submission({"figure.svg": pictures.saved(made, "svg")})
    return Submission({"figure.png": pictures.saved(made)})
