"""What the corpus once let through or blocked wrongly: each leak beside a harmless twin."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import base64
import gzip
import json
import pickle
import random
import struct
import wave
import zipfile
from io import BytesIO

import numpy as np
import pytest
import soundfile
from PIL import PngImagePlugin

from egress_review.screening.carriers import signatures
from egress_review.screening.carriers.data import files_in
from egress_review.screening.context import Context
from egress_review.screening.index import Index
from egress_review.screening.inspection import look, peek
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import outcome_of
from tests.unit.screening.cases import (
    DATA,
    INDEX,
    canonical,
    checks,
    flat,
    png,
    rows_csv,
    verdict,
    worse_than_notes,
)

ROWS = rows_csv(4)
GROUPS = ["north", "south", "coast"]
SERIES = "region  sex\nnorth   f      {}\n        m     21\nsouth   f     34\nName: {}, dtype: int64\n"
HIDDEN = "# Speakers\n\n| region | women | men |\n|---|---|---|\n| north | 75 | 44 |\n| south | {} | 43 |\n| west | 62 | 66 |\n\nIn all there are {} women.\n"
LEXICON = "".join(
    f"word{'abcdefghij'[n % 10]}{'abcdefghijklmnopqrstuvwxy'[n // 10]}\tAH0 B IY1\n" for n in range(250)
)
CHAINED = 'ewma(np.log(m2["M2SL"].resample("QS").mean()).diff().iloc[1:],'
SIGNS = base64.b64encode(ROWS.encode()[:60]).decode()[4:60]
PACKED = base64.b85encode(ROWS.encode()[:60]).decode()
CODES = [
    "a7CV52xGxvNTsYE",
    "1FKLcR1sIiJXPr0BC4Y",
    "1AQKrpKTYXJKfxgEuf",
    "711eLy9utlpNYoLw",
    "44AIzBPw66iod9WdK",
    "eILTbjK1FS0HZHD",
    "zQangv53t6UhP",
    "1b9EMj3DPEmt0x5lKg4S",
    "hSou5wZ4Yx6xyNY",
]
TWINS = [
    ("encoded", "a.py", f"x = 1\n{PACKED}\n", f"x = {CHAINED} 4)\n"),
    ("small_cells", "a.md", "| # | region |\n|---|---|\n| 3 | north |\n| 25 | south |\n", "| # | layer |\n|---|---|\n| 1 | front |\n| 2 | back |\n| 3 | side |\n"),
    ("crosstab", "a.txt", "region   f   m\nnorth   5   62\nsouth   13   88\nwest   31   43\n", "model   a   b   c\none   5 / 13 / 62\ntwo   10 / 13 / 88\nsix   25 / 31 / 98\n"),
    ("checksums", "a.txt", "\n".join(CODES), "\n".join(f"{code}\n" for code in ("Conformer2024", "HuBERTLarge960", "WavLMBase94k", "Whisper2Small", "ESPnetRecipe2", "ContextNet3b", "XLSR53German", "Data2VecLarge"))),
    ("small_cells", "a.py", "".join(f"show(nrows={n}, wer={n / 8})\n" for n in (4, 2, 3)), "".join(f"show(nrows={n}, ncols={n})\n" for n in (4, 2, 3))),
    ("row_level", "a.txt", "for audio data augmentation\noriginally inspired by 12\nIt provides additional 14\n", "for audio data augmentation\noriginally inspired by albumentations\nIt provides additional transformations\n"),
    ("row_level", "a.py", "utt_id 7 a\nstart 8 b\nend 9 c\n" , "utt_id = key\nstart = first\nend = last\nname = one\nplace = other\nhow = many\nwhat = else\n"),
    ("speaker_terms", "a.csv", "term,b\nSpeaker Anna,0.1\nSpeaker Benno,0.3\nSpeaker Carla,0.4\n", "task,b\nSpeaker recognition,0.1\nSpeaker verification,0.3\nSpeaker embedding,0.4\n"),
    ("speaker_terms", "a.md", "| task | model |\n|---|---|\n| a | speaker [anna] |\n| b | speaker [benno] |\n", "| task | model |\n|---|---|\n| a | speaker [anna](a.pdf) |\n| b | speaker [benno](b.pdf) |\n"),
    ("crosstab", "a.md", "side, f, m\nnorth, 4, 45\nsouth, 8, 90\n", "Dashes: (4, 1, 0), (4, 0, 45),\nthen (4, 2, 0), (4, 5, 45),\nthen (8, 3, 0), (4, 4, 90)\n"),
    ("encoded", "a.md", f"See [![DOI]({SIGNS}/{SIGNS}/doi.svg)](a)\n", "See [![DOI](https://joss.example.org/papers/10.21105/joss.03021/status.svg)](https://doi.example.org/10.21105/joss.03021)\n"),
    ("encoded", "a.md", f"The data: s3-//archive/{SIGNS}\n", f"The data: s3://archive/{SIGNS}\n"),
    ("encoded", "a.py", f'open("edu/nlp/{SIGNS}.tagger")\n', 'open("edu/stanford/nlp/models/pos-tagger/english-left3words.tagger")\n'),
    ("encoded", "a.md", f"By [Zili]({PACKED})", "By [Zili](https://scholar.example.org/citations?user=iQ-S0fQAAAAJ&hl=en)"),
    ("encoded", "a.md", f"The [codebase]({PACKED})!\n", "The [codebase](https://example.org/toolkit/tree/6a53ee92bffeaa75fc2fb56071050bcf71e93785)!\n"),
    ("encoded", "a.py", f"x = 1\n{CHAINED.replace(')', ']')}\n", f"y = {CHAINED} 0.9)\n"),
    ("encoded", "a.yaml", "state: |\n  " + " ".join(map(str, ROWS.encode())) + "\n", "state: |\n  " + " ".join(map(str, range(100, 160))) + "\n"),
    ("encoded", "a.yaml", "state: |\n  " + " ".join(f"{byte:08b}" for byte in ROWS.encode()[:200]) + "\n", "codes: |\n  " + " ".join(f"{n:08b}" for n in range(128, 160)) + "\n"),
    ("encoded", "a.csv", "part,value\n0," + " ".join(f"{byte:03o}" for byte in ROWS.encode()[:300]) + "\n", "part,value\n0,0.21\n1,0.19\n"),
    ("crosstab", "a.txt", "    age   f   m\n0   20s   0   2\n1   40s  31   2\n2   60s  22  41\n", "    age   f   m\n0   20s  30  42\n1   40s  31  62\n2   60s  22  41\n"),
    ("small_cells", "a.md", "| region | personnes |\n|---|---|\n| nord | 3 |\n| sud | 25 |\n", "| region | personnes |\n|---|---|\n| nord | 30 |\n| sud | 25 |\n"),
    ("small_cells", "a.csv", "region,#\nnorth,3\nsouth,25\n", "region,#\nnorth,30\nsouth,25\n"),
    ("small_cells", "a.log", SERIES.format(3, "speaker"), SERIES.format(30, "speaker")),
    ("small_counts", "a.md", "".join(f"* {n} speakers are from the {g}\n" for n, g in enumerate(GROUPS, start=2)), "".join(f"* {n} speakers are from the {g}\n" for n, g in enumerate(GROUPS, start=20))),
    ("shares", "a.md", "Shares of the 40 speakers\n\n| region | percent |\n|---|---|\n| north | 7.5 |\n| south | 92.5 |\n", "Shares of the 40 speakers\n\n| region | percent |\n|---|---|\n| north | 47.5 |\n| south | 52.5 |\n"),
    ("suppression", "a.csv", "region,women,men,total\nnorth,42,32,74\nsouth,51,57,108\neast,74,,77\ntotal,167,92,259\n", "region,women,men,total\nnorth,42,32,74\nsouth,51,57,108\neast,74,,74\ntotal,167,89,256\n"),
    ("suppression", "a.csv", "region,women,men,total\nnorth,45,52,97\nsouth,58,≤9,63\ntotal,103,57,160\n", "region,women,men,total\nnorth,45,≤9,\nsouth,58,≤9,\ntotal,103,12,115\n"),
    ("suppression", "a.csv", "region,women,men,total\nnorth,45,52,97\nsouth,58,n<10,63\ntotal,103,57,160\n", "region,women,men\nnorth,45,52\nsouth,58,n<10\n"),
    ("suppression", "a.md", HIDDEN.format("<10", 141), HIDDEN.format("66", 203)),
    ("extremes", "a.csv", "region,n_speakers,oldest\nnorth,30,93\nsouth,25,88\n", "region,n_speakers,mean_age\nnorth,30,43\nsouth,25,48\n"),
    ("extremes", "a.tex", "region & n\\_speakers & longest\\_f0 \\\\\nnorth & 30 & 304.2 \\\\\nsouth & 25 & 285.6 \\\\\n", "region & n\\_speakers & mean\\_f0 \\\\\nnorth & 30 & 204.2 \\\\\nsouth & 25 & 185.6 \\\\\n"),
    ("small_cells", "a.csv", "region,sex,k\nnorth,f,3\nnorth,m,9\nsouth,f,12\n", "region,sex,k\nnorth,f,3\nnorth,m,9\nsouth,f,14\n"),
    ("extremes", "a.md", "The oldest participant is 93 years old.\n", "The oldest corpus was recorded in 1993.\n"),
    ("runs_code", "a.yaml", "model: !!python/object/apply:os.system ['true']\n", "model: !wav2vec {layers: 12}\n"),
    ("runs_code", "a.log", "model:\ncposix\nsystem\np0\n(Vtrue\np1\ntp2\nRp3\n.\n", "model:\nconvolution\nsystem\nready\n"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "name", "leak", "twin"), TWINS)
def test_a_leak_is_found_and_its_twin_is_not(check: str, name: str, leak: str, twin: str) -> None:
    assert check in checks(name, leak)
    assert check not in checks(name, twin)


BENIGN = [
    ("lexicon", "a.txt", LEXICON),
    ("phones", "a.csv", "phone,m,n,f\n" + "".join(f"{p},{a},{b},{c}\n" for p, a, b, c in [("m", 92.1, 5.0, 2.9), ("n", 4.0, 93.3, 2.7), ("f", 1.5, 2.0, 96.5)])),
    ("losses", "a.jsonl", "".join(json.dumps({"step": n, "loss": round(4 / (1 + n / 30), 3)}) + "\n" for n in range(120))),
    ("bins", "a.md", "| seconds | speakers |\n|---|---|\n" + "".join(f"| {n}–{n + 1} s | {17 + 9 * n} |\n" for n in range(2, 9))),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name", "content"), BENIGN)
def test_what_only_looks_like_a_leak_may_leave(what: str, name: str, content: str) -> None:
    assert canonical(name, content)


def test_whole_numbers_that_name_ids_by_chance_are_no_ids() -> None:
    # Half of all numbers below 400 are ids without their prefix: three of four are nothing unusual.
    index = Index.of([type(DATA[0])(f"corpus-{n:03d}", f"s{n % 40}") for n in range(0, 400, 2)])
    assert index.identifiers.column(("42", "52", "74", "167")) is None
    assert index.identifiers.column(tuple(str(n) for n in range(20, 380, 18)))


@pytest.mark.parametrize("cell", ["＝HYPERLINK(1)", "＋1+cmd", "－A1", "＠SUM(A1)"])  # noqa: RUF001 - full-width signs
def test_a_full_width_formula_becomes_text(cell: str) -> None:
    assert f"'{cell}" in canonical("a.csv", f"system,note\nbase,{cell}\n").decode()


def test_zeros_that_a_value_does_not_need_do_not_leave() -> None:
    copy = canonical("a.csv", "step,loss\n0,0.2310\n1,0.951000\n2,01.5\n3,100\n4,1.50e-3\n").decode()
    assert copy == "step,loss\n0,0.231\n1,0.951\n2,1.5\n3,100\n4,0.0015\n"


def test_a_row_of_invisible_characters_does_not_make_a_second_copy_differ() -> None:
    copy = canonical("a.csv", "region,n_speakers\n\u200b,\u200b\nnorth,30\nsouth,25\n")
    assert copy == canonical("a.csv", copy) == b"region,n_speakers\nnorth,30\nsouth,25\n"


def test_a_count_column_without_a_number_breaks_nothing() -> None:
    assert canonical("a.csv", "word,count\nnorth,many\nsouth,few\ncoast,some\n")


def looked(data: bytes, name: str) -> set[str]:
    """Return the checks that block a file where a human may judge unknown types."""
    found = look(data, name, INDEX, Limits(), Context(unknown="flag"))
    return {finding.check for finding in found.findings if finding.severity == "block"}


def test_bytes_as_even_as_chance_are_blocked_even_where_unknown_types_are_flagged() -> None:
    assert looked(random.Random(1).randbytes(4000), "weights.bin") == {"encrypted"}
    assert looked(b"age-encryption.org/v1\n-> X25519 abc\n" + random.Random(2).randbytes(900), "a.age") == {
        "type"
    }
    samples = b"".join(struct.pack("<f", random.Random(3).gauss(0, 1)) for _ in range(1000))
    assert "encrypted" not in looked(samples, "weights.bin")


def test_a_name_kept_in_a_compressed_file_must_be_one() -> None:
    table = b"region,n_speakers\nnorth,30\nsouth,25\n"
    for kept, blocked in ((ROWS, True), ("results.csv", False)):
        out = BytesIO()
        with gzip.GzipFile(kept, "wb", fileobj=out) as packed:
            packed.write(table)
        assert ("archive_extra" in looked(out.getvalue(), "results.csv.gz")) == blocked


def test_a_sound_that_ends_before_its_own_end_is_blocked() -> None:
    out = BytesIO()
    with wave.open(out, "wb") as opened:
        opened.setparams((1, 2, 16_000, 0, "NONE", ""))
        opened.writeframes(bytes(8_000))
    whole = out.getvalue()
    assert looked(whole, "a.wav") == set()
    assert looked(whole[:-100], "a.wav") == {"sound"}


def test_a_notebook_whose_cells_are_numbers_is_refused_for_what_it_is() -> None:
    data = b'{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[1,2]}'
    assert looked(data, "a.ipynb") == {"notebook"}


def test_rows_of_tokens_are_told_from_counts() -> None:
    pick = random.Random(5)
    tokens = "".join(",".join(str(pick.randrange(1024)) for _ in range(8)) + "\n" for _ in range(40))
    assert "codes" in checks("a.csv", "q0,q1,q2,q3,q4,q5,q6,q7\n" + tokens)
    counts = "".join(f"{2000 + n},{3000 + 210 * n},{400 + 31 * n}\n" for n in range(20))
    assert "codes" not in checks("a.csv", "year,tokens,sentences\n" + counts)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("tail", [b"", b"\xff\xd9", b"\x00\x00\x00\x00IEND\xaeB`\x82"])
def test_a_file_behind_a_picture_is_opened_whatever_ends_it(form: str, tail: bytes) -> None:
    out, packed = BytesIO(), BytesIO()
    flat(120, 90).save(out, form)
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("a.csv", ROWS)
    name = f"a.{form.lower()}"
    assert looked(out.getvalue(), name) == set()
    # With something behind it, too, the archive is refused as an archive.
    assert looked(out.getvalue() + packed.getvalue() + tail, name)
    assert "trailing_bytes" in checks(name, out.getvalue() + packed.getvalue() + tail)


def test_many_names_of_arrays_are_told_as_a_way_out() -> None:
    def told(names: list[str]) -> set[str]:
        out = BytesIO()
        np.savez(out, **{name: np.array([0.2]) for name in names})
        return checks("a.npz", out.getvalue())

    assert "file_names" in told([f"{random.Random(n).randbytes(12).hex()}" for n in range(60)])
    assert "file_names" not in told([f"layer{n}" for n in range(60)])


def test_a_percent_encoded_data_address_is_opened() -> None:
    sound = BytesIO()
    with wave.open(sound, "wb") as opened:
        opened.setparams((1, 2, 16_000, 0, "NONE", ""))
        opened.writeframes(bytes(3_000))
    for data, found in ((sound.getvalue(), True), (b"plain words only", False)):
        written = "".join(f"%{byte:02x}" for byte in data)
        packed = list(files_in(f'<audio src="data:audio/wav,{written}">', ""))
        assert [one.data for one in packed] == ([data] if found else [])


def test_a_notebook_of_a_version_to_come_is_refused() -> None:
    cell = b'{"cell_type":"code","metadata":{},"source":""}'
    data = b'{"nbformat":4,"nbformat_minor":62,"metadata":{},"cells":[' + cell + b"]}"
    assert looked(data, "a.ipynb") == {"notebook"}


def test_a_page_with_a_broken_declaration_is_refused_for_what_it_is() -> None:
    assert looked(b"<!doctype html><p>The rate is 0.21.</p><![>h<h", "a.html") == {"page"}


def test_a_name_that_is_said_in_a_recording_is_blocked_also_cut_off() -> None:
    said = DATA[3].transcript.replace(" ", "_")
    for name in (said, said[:-4], said.replace("_", "-").upper()):
        found = verdict({f"{name[:100]}.csv": b"region,wer\nnorth,0.2\n"})
        assert "file_name" in worse_than_notes(found)
        assert found.outcome == "block"
    assert "file_name" not in worse_than_notes(verdict({"error_rates_by_region.csv": b"region,wer\nn,0.2\n"}))


@pytest.mark.parametrize("between", ["<{}>", "q{} ", "tok_{},", "[{}];", "({})"])
def test_a_text_of_hardly_anything_but_numbers_reaches_a_human(between: str) -> None:
    pick = random.Random(3)
    lines = [" ".join(between.format(pick.randrange(1024)) for _ in range(4)) for _ in range(80)]
    assert "numbers_many" in worse_than_notes(verdict({"a.txt": "\n".join(lines).encode()}))
    prose = "\n".join(f"Step {n}: the loss fell to 0.{n} in {n} minutes." for n in range(300))
    assert "numbers_many" not in worse_than_notes(verdict({"a.txt": prose.encode()}))


def test_two_bytes_alone_make_no_pickle_and_one_that_breaks_off_is_one() -> None:
    by_chance = b"\x80\x02\x00\x10\x00\x8eC\x01\xd0\x16\x00\x00[\x00\x05\x14"
    assert signatures.content(by_chance) != "pickle"
    for protocol in (2, 3, 4, 5):
        for value in ({"a": [1.5, "b"]}, list(range(40)), print, "text"):
            assert signatures.content(pickle.dumps(value, protocol)) == "pickle"
    broken = b"\x80\x02cbuiltins\nprint\nX\x01\x00\x00\x00a\x85R\xff\xff"
    assert signatures.content(broken) == "pickle"
    assert signatures.content(pickle.dumps("x" * 100_000, 4)) == "pickle"


def test_bytes_that_only_begin_like_mp3_are_no_file_within_a_text() -> None:
    out = BytesIO()
    soundfile.write(out, np.sin(np.arange(16_000) / 8), 16_000, format="MP3")
    noise = b"\xff\xfb" + random.Random(5).randbytes(40)
    assert peek(noise, INDEX, Limits()) is None
    assert outcome_of(look(noise, "a.mp3", INDEX, Limits()).findings) == "block"
    assert peek(out.getvalue(), INDEX, Limits())


@pytest.mark.parametrize(("told", "severity"), [("", "flag"), (ROWS, "block")])
def test_a_small_plot_in_a_script_may_say_what_drew_it(told: str, severity: str) -> None:
    said = PngImagePlugin.PngInfo()
    said.add_text("Software", f"Matplotlib version3.11.2, https://matplotlib.org/{told}")
    plot = base64.b64encode(png(flat(), pnginfo=said)).decode()
    for name, content in (
        ("a.py", f"LOGO = '{plot}'\n"),
        ("a.css", f"a {{ background: url(data:image/png;base64,{plot}) }}\n"),
    ):
        found = look(content.encode(), name, INDEX, Limits()).findings
        assert outcome_of(found) == severity
