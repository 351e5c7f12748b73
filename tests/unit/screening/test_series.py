"""Series per sample, frame or recording are told from results, in tables, text, JSON, arrays and pictures."""

from __future__ import annotations

import io
import json
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw

from egress_review.screening import continued, layouts, series, together
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.index import Index
from egress_review.screening.inspection import look
from egress_review.screening.limits import Limits
from egress_review.screening.sound import drawn
from egress_review.screening.tables import Table

CHANCE = np.random.default_rng(4)
SYLLABLES = 60 - 25 * np.cos(np.arange(150) / 4) + CHANCE.normal(size=150) * 4
LOSS = 3 * np.exp(-np.arange(150) / 40) + 0.4 + CHANCE.normal(size=150) * 0.05
NOISE = CHANCE.normal(size=(150, 3))


def table(*columns: object, header: str = "") -> Table:
    """Return a table of columns."""
    names = header.split() or [f"c{n}" for n in range(len(columns))]
    written = [[f"{v:.5g}" if isinstance(v, float) else str(v) for v in column] for column in columns]
    return Table(tuple(names), tuple(zip(*written, strict=True)))


LEAKS = {
    "loudness, called a loss": table(range(150), SYLLABLES, header="epoch loss"),
    "in many equal groups": table(range(150), SYLLABLES, [25] * 150, header="group mean n_speakers"),
    "named by numbers": table([f"run {n}" for n in range(150)], SYLLABLES),
    "frames in any order": table(*NOISE.T),
    "vectors that a number names": table(range(40), *NOISE[:40].T),
    "with gaps": table(range(150), ["" if v < 45 else f"{v:.1f}" for v in SYLLABLES]),
    "with units": table([f"{9 * n} ms" for n in range(150)], [f"{v - 50:.1f} dB" for v in SYLLABLES]),
    "with commas": table(range(150), [f"{v:.1f}".replace(".", ",") for v in SYLLABLES]),
    "vectors that words name": table([f"{a}{b}" for a in "aeiou" for b in "bdgp"], *NOISE[:20].T),
    "pairs": table([f"{a}{b}" for a in "aeioubdgptkmn" for b in "bdgptkmn"], NOISE[:104, 0]),
    "summed up": table(np.cumsum(SYLLABLES), np.cumsum(SYLLABLES[::-1])),
    "crossed": table(*np.indices((12, 12)).reshape(2, -1).tolist(), SYLLABLES[:144]),
}
RESULTS = {
    "a loss": table(range(150), LOSS, LOSS * 1.1, header="epoch train dev"),
    "gradients": table(range(150), LOSS, NOISE[:, 0], header="step loss grad_norm"),
    "phones": table([f"{a}{b}" for a in "aeiou" for b in "bdgptk"], *abs(NOISE[:30]).T),
    "a grid": table(*np.indices((6, 12)).reshape(2, -1).tolist(), SYLLABLES[:72], header="beam lm wer"),
    "a numbered grid": table(range(18), *np.indices((6, 3)).reshape(2, -1).tolist(), NOISE[:18, 0]),
    "a spectrum": table(range(0, 8000, 100), 40 - 12 * np.log2(1 + np.arange(80)), header="hz db"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_rows_of_measurements_reach_a_human(name: str) -> None:
    assert [finding.check for finding in series.in_table(LEAKS[name])] == ["series"]


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_no_such_rows(name: str) -> None:
    assert series.in_table(RESULTS[name]) == []


def test_numbers_are_found_in_any_layout_of_a_text() -> None:
    for form in ("  - {:.2f}", "step 3 of 9: db={:.2f} ok", "    value = {:.2f}\n    name = a"):
        assert layouts.in_text("\n".join(map(form.format, SYLLABLES)), "")
    assert layouts.in_text("plot {" + "".join(f"({n},{v:.2f})" for n, v in enumerate(SYLLABLES)) + "}", "")
    losses = "\n".join(f"epoch {n:03d} 10:{n % 60:02d} loss={v:.3f}" for n, v in enumerate(LOSS))
    assert layouts.in_text(losses, "") == []
    assert layouts.in_text("\n".join(f"name-{chr(97 + n)}==1.{n}.{n * 7 % 5}" for n in range(26)), "") == []


def test_signs_that_stand_for_levels_are_found() -> None:
    levels = np.round((SYLLABLES - SYLLABLES.min()) / np.ptp(SYLLABLES) * 6).astype(int)
    assert layouts.in_text("\n".join("".join("▁▂▃▄▅▆▇"[v] for v in levels) for _ in range(14)), "")
    assert layouts.in_text("\n".join(f"{n} {'#' * int(v)}" for n, v in enumerate(SYLLABLES)), "")
    codes = "\n".join(" ".join(f"{int(v * 99) & 0xFFF:03x}" for v in row) for row in NOISE.reshape(-1, 9))
    assert layouts.in_text(codes, "")
    assert layouts.in_text("\n".join(f"HELLO{n}  HH AH0 L OW1" for n in range(90)), "") == []
    sums = "\n".join(CHANCE.bytes(20).hex() for _ in range(30))
    assert layouts.in_text(sums, "") == []


def test_numbers_are_found_in_any_nesting_of_json() -> None:
    rows = np.column_stack([SYLLABLES, SYLLABLES[::-1]]).tolist()
    assert layouts.in_json({"layers": [{"w": row, "name": "x"} for row in rows]})
    assert layouts.in_json({f"layer{n}": {"bias": row} for n, row in enumerate(rows)})
    assert layouts.in_json({"loss": LOSS.tolist(), "wer": 0.2, "ok": True, "name": "x"}) == []


def test_one_vector_about_nought_reaches_a_human_and_counts_and_curves_do_not() -> None:
    vector = np.random.default_rng(2).normal(size=96)
    assert series.in_array(vector)
    assert layouts.in_json({"ivector": vector.tolist()})
    assert series.in_array(np.abs(vector)) == []
    assert series.in_array(np.sort(vector)) == []
    assert series.in_array(vector[:40]) == []


def test_small_arrays_of_vectors_reach_a_human_and_curves_do_not() -> None:
    assert series.in_array(NOISE[:30])
    assert series.in_array(NOISE[:30].T)
    assert series.in_array(LOSS) == []
    assert series.in_array(np.eye(12)) == []
    assert series.in_array(np.array([[1e300, -np.inf, 0.0], [np.nan, 2.0, 0.0]] * 20))


def test_files_that_go_on_with_each_other_are_seen_together() -> None:
    assert continued.check in together.CHECKS

    def look(files: dict[str, str | bytes]) -> list[str]:
        given = [HandedIn(n, n, d if isinstance(d, bytes) else d.encode()) for n, d in files.items()]
        return [finding.check for finding in continued.check(given, Index(), Context(), Limits())]

    parts = {f"{n}.csv": "a,b,c\n" + "\n".join(f"{x},{y},{z}" for x, y, z in NOISE[n::15]) for n in range(15)}
    assert look(dict(parts)) == ["series"]
    runs = {f"{n}.csv": "epoch,loss\n" + "\n".join(f"{e},{v}" for e, v in enumerate(LOSS)) for n in range(4)}
    assert look(dict(runs)) == []
    cut = {
        f"p{n}.csv": "t,v\n" + "\n".join(f"{t},{SYLLABLES[30 * n + t]}" for t in range(30)) for n in range(5)
    }
    assert look(dict(cut)) == ["series"]
    assert look({f"{n}.npy": b"x" for n in range(9)}) == ["series"]
    assert look({"a.csv": '"', "b.csv": "\n", "c.npy": b""}) == []


def plotted(edge: np.ndarray, *, bars: bool = False) -> Image.Image:
    """Return a plot with a frame, ticks and a line, or bars."""
    image = Image.new("RGB", (640, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 20, 620, 330), outline="black")
    for at in range(60, 620, 60):
        draw.text((at, 335), str(at), fill="black")
    low, high = float(edge.min()), float(edge.max())
    x = np.linspace(50, 610, len(edge))
    points = [(float(a), float(320 - 280 * (v - low) / (high - low))) for a, v in zip(x, edge, strict=True)]
    for (left, top), (right, _) in pairwise(points):
        if bars:
            draw.rectangle((left, top, right, 320), fill="navy")
    if not bars:
        draw.line(points, fill="navy", width=2)
    return image


@pytest.mark.parametrize("bars", [False, True])
def test_a_plot_that_rises_and_falls_again_and_again_reaches_a_human(bars: bool) -> None:
    assert [finding.check for finding in drawn.check(plotted(SYLLABLES, bars=bars))] == ["picture_series"]
    assert drawn.check(plotted(LOSS, bars=bars)) == []


def test_waveforms_and_matrices_of_people_reach_a_human_and_bars_do_not() -> None:
    wave = np.resize(SYLLABLES - 30, 4000) * np.sin(np.arange(4000) / 2)
    assert drawn.check(plotted(wave))
    cells = CHANCE.integers(0, 255, (26, 26), dtype=np.uint8)
    assert drawn.check(Image.fromarray(cells).resize((520, 520), Image.Resampling.NEAREST))
    few = Image.fromarray(cells[:8, :8]).resize((520, 520), Image.Resampling.NEAREST)
    assert drawn.check(few) == []
    assert drawn.check(Image.new("RGB", (600, 400), "white")) == []
    assert drawn.check(Image.new("RGB", (9, 9), "white")) == []


def stored(save: object, *given: object) -> bytes:
    """Return what a function writes into a file."""
    out = io.BytesIO()
    save(out, *given)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "x,y\n" + "\n".join(f"{n},{v:.2f}" for n, v in enumerate(SYLLABLES))),
        ("a.md", "\n\n".join(f"Then it was at {v:.2f} and went on." for v in SYLLABLES)),
        ("a.json", json.dumps({"layers": [{"b": [v, -v]} for v in SYLLABLES.round(3).tolist()]})),
        ("a.npy", stored(np.save, NOISE[:30])),
        ("a.png", stored(plotted(SYLLABLES).save, "PNG")),
    ],
)
def test_every_kind_of_file_is_asked_whether_it_is_a_series(name: str, data: str | bytes) -> None:
    raw = data if isinstance(data, bytes) else data.encode()
    looked = look(raw, name, Index(), Limits())
    found = {finding.check for finding in looked.findings if finding.severity == "flag"}
    assert found & {"series", "picture_series"}
