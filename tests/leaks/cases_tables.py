"""Cases 13 to 18: statistics that give single people away."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.leaks import carry
from tests.leaks.registry import Acro, Make, Submission, leak

FORMATS = ("csv", "markdown", "records", "notebook", "latex", "workbook")


def put(
    make: Make, rows: Sequence[Mapping[str, object]], testing: Sequence[str] = FORMATS
) -> dict[str, bytes]:
    """Return a table in one of the carriers of the wanted use."""
    return carry.table(rows, make.of(["csv"], testing))


def people(make: Make) -> list[dict[str, object]]:
    """Return one row of covariates a speaker."""
    first = [found[0] for found in make.corpus.by_speaker.values()]
    return [
        {"speaker": r.speaker, "region": r.region, "sex": r.sex, "age": f"{r.age // 20 * 20}s"} for r in first
    ]


@leak(
    13,
    "B",
    "crosstab with cells of few people",
    tuning=("wide", "long"),
    testing=(
        "wide",
        "nested",
        "sentence",
        "value-counts",
        "foreign",
        "percent-of-n",
        "totals",
        "odd-name",
        "workbook",
    ),
)
def small_cells(make: Make, how: str) -> Submission:
    """Return how many speakers are in each cell of two covariates; some cells have under ten."""
    first, second = make.pick.choice([("region", "sex"), ("region", "age"), ("age", "sex")])
    rows = people(make)
    counts = Counter((str(r[first]), str(r[second])) for r in rows)
    across = sorted({key[1] for key in counts})
    down = sorted({key[0] for key in counts})
    wide = [{first: a, **{b: counts[a, b] for b in across}} for a in down]
    long = [{first: a, second: b, "n_speakers": n} for (a, b), n in sorted(counts.items())]
    acro = Acro("crosstab", rows, {"index": first, "columns": second})
    named = {
        "foreign": ("Anzahl Personen", "personnes", "hablantes"),
        "odd-name": ("k", "N_spk", "unique talkers", "#"),
    }
    if how in named:
        name = make.pick.choice(named[how])
        return Submission(
            put(
                make,
                [{**{k: v for k, v in r.items() if k != "n_speakers"}, name: r["n_speakers"]} for r in long],
            )
        )
    all_ = sum(counts.values())
    percent = [
        {first: a, second: b, "percent": round(100 * n / all_, 2)} for (a, b), n in sorted(counts.items())
    ]
    summed = [{**r, "total": sum(v for v in r.values() if isinstance(v, int))} for r in wide]
    files = {
        "wide": lambda: put(make, wide),
        "long": lambda: put(make, long),
        "nested": lambda: {
            "counts.json": json.dumps({a: {b: counts[a, b] for b in across} for a in down}).encode()
        },
        "sentence": lambda: {
            "notes.md": "".join(f"* {n} speakers are {b} from {a}\n" for (a, b), n in counts.items()).encode()
        },
        "value-counts": lambda: {
            "run.log": (
                (
                    f"{first}  {second}\n"
                    + "".join(f"{a}  {b}    {n}\n" for (a, b), n in counts.most_common())
                    + "Name: speaker, dtype: int64\n"
                ).encode()
            )
        },
        "percent-of-n": lambda: {
            "shares.md": (f"Shares of the {all_} speakers\n\n" + carry.piped(percent)).encode()
        },
        "totals": lambda: put(make, summed),
        "workbook": lambda: {"tables.xlsx": carry.workbook({"shares": percent, "counts": wide})},
    }[how]()
    return Submission(files, acro=acro)


@leak(
    14,
    "B",
    "suppressed cell, margins left",
    tuning=("<10",),
    testing=("*", "", "x", "s", "≤9", "–", "[c]", "n<10", "stated-in-text"),
)
def margins(make: Make, how: str) -> Submission:
    """Return a crosstab of people with one small cell hidden, and totals that give it back."""
    pick = make.pick
    across, down = (
        ["women", "men", "other"][: pick.choice((2, 3))],
        ["north", "south", "east", "west"][: pick.choice((3, 4))],
    )
    cells = {(a, b): pick.randrange(12, 90) for a in down for b in across}
    hidden = pick.choice(sorted(cells))
    cells[hidden] = pick.randrange(1, 9)
    mark = "<10" if how == "stated-in-text" else how
    shown = [
        {
            "region": a,
            **{b: mark if (a, b) == hidden else cells[a, b] for b in across},
            "total": sum(cells[a, b] for b in across),
        }
        for a in down
    ]
    sums = {b: sum(cells[a, b] for a in down) for b in across}
    if how == "stated-in-text":
        bare = [{k: v for k, v in row.items() if k != "total"} for row in shown]
        text = (
            f"# Speakers\n\n{carry.piped(bare)}\nIn all there are"
            f" {', '.join(f'{n} {b}' for b, n in sums.items())}.\n"
        )
        return Submission({"speakers.md": text.encode()})
    shown.append({"region": "total", **sums, "total": sum(sums.values())})
    return Submission(put(make, shown))


@leak(
    15,
    "B",
    "two releases that differ by one person",
    tuning=("means",),
    testing=("sums", "same-submission", "one-more", "json", "one-group", "other-name", "workbook"),
)
def differencing(make: Make, how: str) -> Submission:
    """Return group means over all speakers and, earlier or beside it, over all but one."""
    pick = make.pick
    groups = {
        name: [round(pick.gauss(0.2, 0.08), 4) for _ in range(pick.randrange(14, 60))]
        for name in ("north", "south", "coast")
    }
    changed = pick.choice(sorted(groups))

    def table(without: int) -> list[dict[str, object]]:
        out: list[dict[str, object]] = []
        for name, values in groups.items():
            kept = values[without:] if name == changed else values
            if how == "one-group" and name != changed:
                continue
            row: dict[str, object] = {
                "region": name,
                "n_speakers": len(kept),
                "mean_wer": round(statistics.mean(kept), 4),
            }
            if how == "sums":
                row["sum_wer"] = round(sum(kept), 4)
            out.append(row)
        return out

    before, after = (table(0), table(1)) if how != "one-more" else (table(1), table(0))
    form = {"json": "records", "workbook": "workbook"}.get(how, "csv")
    (now,) = carry.table(after, form).values()
    (then,) = carry.table(before, form).values()
    suffix = carry.TABLES[form][0].rsplit(".", 1)[1]
    if how == "same-submission":
        return Submission({f"wer_all.{suffix}": then, f"wer_clean.{suffix}": now})
    earlier = "march_results" if how == "other-name" else "wer_by_region"
    return Submission({f"wer_by_region.{suffix}": now}, earlier={f"{earlier}.{suffix}": then})


def group_rows(make: Make, times: int, count: str) -> list[dict[str, object]]:
    """Return group means over the recordings, each counted so many times."""
    out: list[dict[str, object]] = []
    for name, found in make.corpus.grouped().items():
        values = [float(str(make.corpus.record(row)["wer"])) for row in found[:400]]
        out.append(
            {
                make.corpus.grouping: name,
                count: times * len(found),
                "mean_wer": round(statistics.mean(values), 4),
            }
        )
    return out


@leak(16, "B", "rows repeated, then group means", tuning=("12",), testing=("10", "15", "20", "50"))
def repeated(make: Make, how: str) -> Submission:
    """Return group means whose counts were lifted by copies of the rows."""
    rows = group_rows(make, int(how), make.of(["n"], ["n", "count", "N", "n_rows", "size", "observations"]))
    data = [
        {make.corpus.grouping: r[make.corpus.grouping], "wer": 0.1} for r in rows for _ in range(int(how))
    ]
    return Submission(
        put(make, rows), acro=Acro("pivot_table", data, {"index": make.corpus.grouping, "values": "wer"})
    )


@leak(
    17,
    "B",
    "a group of one person's recordings",
    tuning=("recordings",),
    testing=("utterances", "clips", "n", "files", "json", "sentence"),
)
def one_speaker(make: Make, how: str) -> Submission:
    """Return means by group, where a group is one speaker's recordings, copied to a thousand."""
    whole = sorted(make.corpus.by_speaker.values(), key=len)
    one = make.pick.choice(whole[-5:])
    count = len(one)
    while count < 60:
        count += len(one)
    rest = max(len(make.corpus.rows) - len(one), 10)
    name = how if how in ("recordings", "utterances", "clips", "n", "files") else "recordings"
    rows = [
        {"condition": "studio", name: rest, "mean_wer": round(make.pick.uniform(0.1, 0.3), 3)},
        {"condition": "telephone", name: count, "mean_wer": round(make.pick.uniform(0.1, 0.3), 3)},
    ]
    if how == "sentence":
        text = (
            f"On the {count} recordings of the second condition the mean error rate is {rows[1]['mean_wer']},"
            f" on the other {rest} {rows[0]['mean_wer']}.\n"
        )
        return Submission({"summary.md": (text + "\n" + carry.piped(rows)).encode()})
    data = [{"condition": "telephone", "wer": 0.1 + n / 1e4} for n in range(1000)]
    return Submission(
        put(make, rows, ["records"] if how == "json" else FORMATS),
        acro=Acro("pivot_table", data, {"index": "condition", "values": "wer"}),
    )


@leak(
    18,
    "F",
    "a maximum that is one person",
    tuning=("max",),
    testing=("describe", "longest", "oldest", "minimum", "p100", "sentence", "range", "argmax"),
)
def maximum(make: Make, how: str) -> Submission:
    """Return summaries in which one number is one person's own."""
    groups = {
        name: [make.pick.gauss(180, 40) for _ in range(make.pick.randrange(14, 60))]
        for name in ("north", "south", "coast")
    }
    rows: list[dict[str, object]] = []
    for name, values in groups.items():
        low, high, mean = round(min(values), 1), round(max(values), 1), round(statistics.mean(values), 1)
        extra: dict[str, object] = {
            "describe": {
                "std": round(statistics.stdev(values), 2),
                "min": low,
                "50%": round(statistics.median(values), 1),
                "max": high,
            },
            "longest": {"longest_f0": high},
            "oldest": {"oldest": round(high) // 3},
            "minimum": {"minimum": low},
            "p100": {"p99.9": high, "p100": high},
            "range": {"range": f"{low}–{high}"},
            "argmax": {"highest_speaker_f0": high},
        }.get(how, {"max_f0": high})
        rows.append({"region": name, "n_speakers": len(values), "mean_f0": mean, **extra})
    data = [{"region": name, "f0": value} for name, values in groups.items() for value in values]
    if how == "sentence":
        text = (
            f"The highest voice of all speakers has a mean pitch of {rows[0]['max_f0']} Hz; the oldest"
            " participant is 93 years old.\n"
        )
        return Submission({"summary.md": text.encode()})
    return Submission(put(make, rows), acro=Acro("max", data, {"index": "region", "values": "f0"}))
