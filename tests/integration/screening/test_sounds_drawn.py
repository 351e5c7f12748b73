"""Sound of the data as somebody draws it: pixels, lines, bars, heat maps; in pictures, pages, documents."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from egress_review.screening import arrays, parts
from egress_review.screening.carriers import drawings, xml
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.sound import pictures
from tests.integration.screening.hearing import checks, data, known
from tests.leaks import signal
from tests.unit.screening.voices import RATE, Samples, spoken

__all__ = ["data"]


@pytest.mark.parametrize("turned", [False, True])
def test_samples_drawn_as_pixels_are_recognised(data: Index, turned: bool) -> None:
    samples = spoken(6, 2.5)
    rows = np.resize(np.asarray(np.clip(samples, -1, 1) * 127 + 128, np.uint8), (len(samples) // 160, 160))
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rows.T) if turned else rows).save(out, "PNG")
    assert known(checks(data, "a.png", out.getvalue()))


def test_a_waveform_is_recognised_where_its_numbers_are_broken_by_lines(data: Index) -> None:
    heights = (spoken(7, 2.5) * 2000).tolist()
    points = " ".join(f"{number / 4} {height:.1f}" for number, height in enumerate(heights))
    broken = "\n".join(points[at : at + 4000] for at in range(0, len(points), 4000))
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -1000 9000 2000">'
        f'<g transform="scale(0.1,-0.2)"><polyline points="{broken}"/></g></svg>'
    )
    assert known(checks(data, "a.svg", drawing.encode()))


def drawing(inside: str) -> bytes:
    """Return a drawing of 20,000 by 300."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="300" viewBox="0 0 20000 300">'
    return f"{head}{inside}</svg>".encode()


def points(samples: Samples) -> list[tuple[int, float]]:
    """Return samples as points of a drawing."""
    return [(number, round(float(150 - 140 * value), 2)) for number, value in enumerate(samples)]


def corners(samples: Samples) -> bytes:
    """Return a line as plotting libraries write it, without the points that lie on it anyway."""
    kept = [0]
    for at in range(2, len(samples)):
        line = np.interp(np.arange(kept[-1], at), [kept[-1], at], samples[[kept[-1], at]])
        if np.abs(line - samples[kept[-1] : at]).max() > 0.004:
            kept.append(at - 1)
    told = points(samples)
    return drawing(f'<polyline points="{" ".join(f"{told[at][0]},{told[at][1]}" for at in kept)}"/>')


def bars(samples: Samples) -> bytes:
    """Return samples as bars that all are as high, each where its sample is."""
    told = "".join(f'<rect x="{x}" y="{y}" width="1" height="1.5"/>' for x, y in points(samples))
    return drawing(told)


def pieces(samples: Samples) -> bytes:
    """Return a line in pieces below one another, each too short to be compared."""
    told = points(samples)
    lines = (" ".join(f"{x % 900},{y}" for x, y in told[at : at + 900]) for at in range(0, len(told), 900))
    return drawing(
        "".join(f'<g transform="translate(0,9)"><polyline points="{line}"/></g>' for line in lines)
    )


def standing(samples: Samples) -> bytes:
    """Return bars that stand on a line, on either side of it."""
    told = (
        f'<rect x="{x}" y="{min(y, 150)}" width="1" height="{abs(y - 150):.2f}"/>' for x, y in points(samples)
    )
    return drawing("".join(told))


def stops(samples: Samples) -> bytes:
    """Return samples as the colours of a gradient."""
    told = (f'<stop offset="{x / 20000}" stop-color="rgb({int(y)},0,0)"/>' for x, y in points(samples))
    return drawing(f"<linearGradient>{''.join(told)}</linearGradient>")


def shaded(samples: Samples) -> bytes:
    """Return samples as the brightness of squares that stand in rows."""
    levels = ((int(127 * value) + 128) for value in samples)
    told = (
        f'<rect x="{n % 200}" y="{n // 200}" width="1" height="1" fill="#{3 * f"{level:02x}"}"/>'
        for n, level in enumerate(levels)
    )
    return drawing("".join(told))


def gaps(samples: Samples) -> bytes:
    """Return samples as the dashes of one line."""
    told = " ".join(f"{value + 1.01:.3f}" for value in samples)
    return drawing(f'<line x1="0" y1="0" x2="9" y2="9" stroke-dasharray="{told}"/>')


@pytest.mark.parametrize("draw", [corners, bars, standing, pieces, stops, gaps, shaded])
def test_a_waveform_is_recognised_however_it_is_drawn(data: Index, draw: Callable[[Samples], bytes]) -> None:
    samples = signal.resample(spoken(7, 2.5), RATE, 8000)
    # The last are what is made of the points; the picture they make is not what is asked about.
    drawn = reversed(list(drawings.points(xml.parse(draw(samples)))))
    numbers_of = (one for one in drawn if isinstance(one, parts.Array))
    assert any(
        found.check == "numbers_known" for one in numbers_of for found in arrays.check(one, data, Limits())
    )


def test_what_a_page_or_a_document_draws_is_compared(data: Index) -> None:
    told = points(signal.resample(spoken(7, 2.5), RATE, 8000))
    line = " ".join(f"{x},{y}" for x, y in told)
    page = f"<html><body><p>Results</p><svg><polyline points='{line}'></svg></body></html>"
    assert known(checks(data, "a.html", page.encode()))
    path = " ".join(f"{x / 40:.3f} {y:.2f} {'l' if x else 'm'}" for x, y in told) + " S"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 300] /Contents 4 0 R /Resources << >> >>",
        f"<< /Length {len(path)} >>\nstream\n{path}\nendstream",
    )
    body = "".join(f"{number} 0 obj\n{one}\nendobj\n" for number, one in enumerate(objects, start=1))
    document = f"%PDF-1.4\n{body}trailer\n<< /Size 5 /Root 1 0 R >>\n%%EOF\n"
    assert known(checks(data, "a.pdf", document.encode()))


def drawn(paint: Callable[..., None], columns: int = 1) -> Image.Image:
    """Return a matplotlib figure as a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * columns, 2.4), dpi=100)
    FigureCanvasAgg(figure)
    paint(*np.ravel(figure.subplots(1, columns)))
    out = io.BytesIO()
    figure.savefig(out)
    return Image.open(out).convert("RGB")


def test_only_areas_that_are_drawn_on_all_over_are_looked_at() -> None:
    values = np.random.default_rng(0).random((60, 90))
    lines = drawn(lambda axes: [axes.plot(np.cumsum(row)) for row in values[:5] - 0.4])
    bars = drawn(lambda axes: axes.bar(range(12), range(12)))
    two = drawn(
        lambda one, other: (one.imshow(values, aspect="auto"), other.imshow(values, aspect="auto")), 2
    )
    assert pictures.areas(lines) == pictures.areas(bars) == []
    assert len(pictures.areas(two)) == 2


def test_an_area_of_many_tones_that_matches_nothing_reaches_a_human(data: Index) -> None:
    values = np.random.default_rng(0).random((60, 90))
    heat = drawn(lambda axes: axes.imshow(values, aspect="auto"))
    lines = drawn(lambda axes: [axes.plot(np.cumsum(row)) for row in values[:5] - 0.4])
    assert [f.check for f in pictures.look(heat, data, Limits())] == ["picture_tones"]
    assert pictures.look(lines, data, Limits()) == []


@pytest.mark.parametrize("colours", ["viridis", "magma", "gray", "gray_r", "jet", "turbo"])
def test_levels_follow_the_colour_map_one_way_or_the_other(colours: str) -> None:
    from matplotlib import colormaps

    ramp = np.tile(np.linspace(0, 1, 200), (40, 1))
    picture = Image.fromarray((colormaps[colours](ramp)[..., :3] * 255).astype(np.uint8))
    levels = pictures.levels_of(picture)[20]
    assert abs(np.corrcoef(levels, ramp[0])[0, 1]) > 0.97
