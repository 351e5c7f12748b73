"""Benign pictures, notebooks and drafts: plots of aggregates as Matplotlib saves them."""

from __future__ import annotations

import math

import nbformat
import numpy as np

from tests.leaks import carry, documents, pictures, words
from tests.leaks.benign_tables import PHONES, rates
from tests.leaks.cases_notebooks import b64
from tests.leaks.registry import Make, Submission, benign


@benign("loss curve", ("png", "jpeg", "dense", "two-panels"))
def losses(make: Make, how: str) -> Submission:
    """Return a plot of losses."""
    made = pictures.figure(figsize=(7, 4), dpi=make.pick.choice((80, 100, 150)))
    for axes in np.atleast_1d(made.subplots(1, 2 if how == "two-panels" else 1)):
        steps = np.arange(5000 if how == "dense" else 200)
        loss = 4 * np.exp(-steps / len(steps) * 4) + 0.6
        axes.plot(steps, loss + make.chance.normal(size=len(steps)) * 0.06, label="train")
        axes.plot(steps, loss * 1.1, label="dev")
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.legend()
    data = pictures.saved(made)
    return Submission(
        {"loss.jpg": pictures.other(pictures.opened(data), "JPEG")} if how == "jpeg" else {"loss.png": data}
    )


@benign("bar chart", ("png", "svg", "pdf", "large", "gif", "webp"))
def bars(make: Make, how: str) -> Submission:
    """Return a chart of error rates with Matplotlib's own metadata."""
    if how in ("svg", "pdf"):
        return Submission({f"figure.{how}": pictures.chart(make.pick, how)})
    data = pictures.chart(make.pick)
    if how in ("gif", "webp"):
        return Submission({f"figure.{how}": pictures.other(pictures.opened(data), how.upper())})
    if how == "large":
        picture = pictures.opened(data)
        data = pictures.png(picture.resize((picture.width * 3, picture.height * 3)), dpi=(300, 300))
    return Submission({"figure.png": data})


@benign("hexbin of embeddings", 4)
def hexbin(make: Make, how: str) -> Submission:
    """Return the density of many embeddings."""
    made = pictures.figure(dpi=make.pick.choice((80, 100, 150)))
    axes = made.subplots()
    points = make.chance.normal(size=(2, 4000))
    made.colorbar(axes.hexbin(*points, gridsize=make.pick.choice((15, 20, 25)), mincnt=10), ax=axes)
    return Submission({"embeddings.png": pictures.saved(made)})


@benign("other plot", ("box", "heat-map", "roc", "spectrum", "vowels", "violin", "errors", "histogram"))
def others(make: Make, how: str) -> Submission:
    """Return one of the plots that papers are full of."""
    made = pictures.figure(figsize=(6, 4.5), dpi=make.pick.choice((100, 120)))
    axes = made.subplots()
    if how == "box":
        axes.boxplot([make.chance.normal(size=200) for _ in range(4)], showfliers=False)
    elif how == "violin":
        axes.violinplot([make.chance.normal(size=200) for _ in range(4)], showextrema=False)
    elif how == "heat-map":
        values = np.eye(len(PHONES)) * 80 + make.chance.random((len(PHONES),) * 2) * 6
        made.colorbar(axes.imshow(values, cmap="Blues"), ax=axes)
        axes.set_xticks(range(len(PHONES)), PHONES, fontsize=7)
        axes.set_yticks(range(len(PHONES)), PHONES, fontsize=7)
    elif how == "roc":
        x = np.linspace(0, 1, 200)
        axes.plot(x, x**0.3)
        axes.plot(x, x, "--")
    elif how == "spectrum":
        hertz = np.linspace(0, 8000, 257)
        for level in (0, -4):
            axes.plot(hertz, level - 9 * np.log2(1 + hertz / 500) + make.chance.normal(size=257) * 0.5)
    elif how == "vowels":
        for vowel in "ieaou":
            axes.text(make.pick.uniform(0.1, 0.9), make.pick.uniform(0.1, 0.9), vowel, fontsize=18)
    elif how == "errors":
        axes.errorbar(range(5), [0.2, 0.21, 0.19, 0.22, 0.2], yerr=0.02, fmt="o", capsize=4)
    else:
        axes.hist(make.chance.normal(size=3000), bins=20)
    axes.set_title("All groups hold at least ten speakers")
    return Submission({"figure.png": pictures.saved(made)})


@benign("notebook without outputs", 4)
def empty(make: Make, how: str) -> Submission:
    """Return a notebook of source only."""
    cells = [
        carry.written(f"# Step {how}\n\n{words.prose(make.pick, 4)}"),
        nbformat.v4.new_code_cell("import numpy as np\nx = np.arange(10)\nx.mean()"),
    ]
    return Submission(
        {
            "analysis.ipynb": carry.notebook(
                *cells,
                kernelspec={"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            )
        }
    )


@benign("notebook with aggregates and plots", ("text", "html", "both-plots", "statistics"))
def full(make: Make, how: str) -> Submission:
    """Return a notebook with tables of aggregates and plots."""
    table = rates(make)
    data = {"text/plain": carry.aligned(table)}
    if how != "text":
        data["text/html"] = (
            "<div>\n<style scoped>.dataframe td { text-align: right;"
            f" }}</style>\n{carry.hypertext(table)}</div>"
        )
    cells = [
        carry.written("# Error rates\n\n" + words.prose(make.pick, 3)),
        carry.shown(data, "table"),
        carry.shown(
            {"image/png": b64(pictures.chart(make.pick)), "text/plain": "<Figure size 640x480 with 1 Axes>"},
            "plot()",
        ),
    ]
    if how == "both-plots":
        cells.append(carry.shown({"image/png": b64(pictures.chart(make.pick))}))
    if how == "statistics":
        cells.append(carry.printed("t = 1.98, df = 480, p = 0.048\nCohen's d = 0.18\n"))
    return Submission({"analysis.ipynb": carry.notebook(*cells)})


@benign("PDF draft", ("by-hand", "plot", "two-pages", "table"))
def draft(make: Make, how: str) -> Submission:
    """Return a page of a draft as PDF."""
    if how == "plot":
        return Submission({"figure1.pdf": pictures.chart(make.pick, "pdf")})
    if how == "two-pages":
        import io

        from matplotlib.backends.backend_pdf import PdfPages

        out = io.BytesIO()
        with PdfPages(out) as pages:
            for _ in range(2):
                made = pictures.figure()
                made.text(0.1, 0.5, "Error rates by region", fontsize=14)
                pages.savefig(made)
        return Submission({"draft.pdf": out.getvalue()})
    lines = words.prose(make.pick, 12).split(". ")
    if how == "table":
        lines += [f"{row['region']}   {row['n_speakers']} speakers   {row['wer']}" for row in rates(make)]
    return Submission({"draft.pdf": documents.pdf(documents.written(lines), info=b"")})


@benign("page of results", ("html", "svg-curve"))
def page(make: Make, how: str) -> Submission:
    """Return a page or a drawing that no script moves."""
    if how == "html":
        table = carry.hypertext(rates(make))
        return Submission(
            {
                "report.html": (
                    "<!doctype html>\n<html><head><meta"
                    f" charset='utf-8'><title>Results</title></head><body><h1>Results</h1>"
                    f"<p>{words.prose(make.pick, 4)}</p>{table}</body></html>".encode()
                )
            }
        )
    made = pictures.figure()
    axes = made.subplots()
    axes.plot([math.exp(-n / 20) for n in range(80)])
    return Submission({"loss.svg": pictures.saved(made, "svg")})
