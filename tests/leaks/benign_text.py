"""Benign text: cards, reports in several scripts, bibliographies, scripts, lock files, phrases, lexicons."""

from __future__ import annotations

import base64
import hashlib
import json
import random

from tests.leaks import carry, pictures, words
from tests.leaks.registry import Make, Submission, benign

HINDI = (
    "यह प्रतिवेदन दो प्रणालियों की तुलना करता है। सभी औसत कम से कम दस वक्ताओं पर निकाले गए हैं।",
    "उत्तर क्षेत्र में शब्द त्रुटि दर २१ प्रतिशत है, दक्षिण में १९ प्रतिशत।",
    "प्रशिक्षण में चालीस युग लगे और सीखने की दर धीरे-धीरे घटाई गई।",
    "क्षेत्रों के बीच का अंतर सांख्यिकीय रूप से महत्वपूर्ण नहीं है।",
)
OTHERS = {
    "german": (
        "Wir vergleichen zwei Systeme auf dem Testteil des Korpus. Alle Raten sind über mindestens zehn"
        " Sprecherinnen und Sprecher gemittelt und auf ganze Prozent gerundet. Der Unterschied zwischen den"
        " Regionen ist klein."
    ),
    "arabic": (
        "يقارن هذا التقرير بين نظامين على جزء الاختبار من المدونة. جميع المعدلات محسوبة على عشرة متحدثين على"
        " الأقل ومقربة إلى أعداد صحيحة."
    ),
    "chinese": (
        "本报告比较了两个系统在测试集上的表现。所有错误率均为至少十名说话人的平均值,并四舍五入到整数百分比。"
        "各地区之间的差异很小。"
    ),
    "finnish": (
        "Vertaamme kahta järjestelmää testiaineistolla. Kaikki virhesuhteet ovat vähintään kymmenen puhujan"
        " keskiarvoja, ja ne on pyöristetty kokonaisiin prosentteihin."
    ),
    "russian": (
        "В отчёте сравниваются две системы на тестовой части корпуса. Все доли ошибок усреднены не менее чем"  # noqa: RUF001 - Russian
        " по десяти дикторам и округлены до целых процентов."
    ),
    "persian": "این گزارش دو سامانه را می‌سنجد. همهٔ نرخ‌ها میانگین دست‌کم ده گوینده‌اند و گرد شده‌اند.",  # noqa: RUF001 - Persian
}


@benign("model card", 4)
def model_card(make: Make, how: str) -> Submission:
    """Return a card that describes a model."""
    rates = [
        {"region": r, "speakers": make.pick.randrange(20, 90), "wer": f"{make.pick.randrange(12, 30)} %"}
        for r in ("north", "south", "coast")
    ]
    card = f"""---
license: apache-2.0
tags: [speech, recognition]
---
# Baseline recogniser {make.pick.randrange(2, 9)}

## Intended use
Research inside the enclave. {words.prose(make.pick, 3)}

## Data
{make.pick.randrange(80, 900)} hours by {make.pick.randrange(100, 900)} speakers of five regions.

## Results
{carry.piped(rates)}
## Limits
{words.prose(make.pick, 5)}
"""
    return Submission({"MODEL_CARD.md": card.encode()})


@benign("report", ("hindi", *OTHERS, "english"))
def report(make: Make, how: str) -> Submission:
    """Return a report in one of several languages and scripts."""
    if how == "hindi":
        text = "# परिणाम\n\n" + "\n\n".join(make.pick.sample(HINDI, len(HINDI)))
    elif how == "english":
        text = "# Results\n\n" + words.prose(make.pick, 25)
    else:
        text = f"# 1\n\n{OTHERS[how]}\n"
    return Submission({"report.md": text.encode()})


def author_number(pick: random.Random) -> str:
    """Return an ORCID as they are given out, with its check digit (ISO 7064)."""
    digits = f"0000000{pick.randrange(1, 4)}{pick.randrange(10**7):07d}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    whole = digits + "0123456789X"[(12 - total % 11) % 11]
    return "-".join(whole[start : start + 4] for start in range(0, 16, 4))


@benign("bibliography", 4)
def bibliography(make: Make, how: str) -> Submission:
    """Return references with DOIs, ORCIDs, dates, page ranges."""
    entries = []
    for n in range(make.pick.randrange(8, 40)):
        last = words.name(make.pick)
        numbers = [make.pick.randrange(*span) for span in ((1000, 9999), (1990, 2026), (10**6, 10**7))]
        doi = "10.{}/icassp.{}.{}".format(*numbers)
        orcid = author_number(make.pick)
        entries.append(
            f"@inproceedings{{{last.lower()}{2000 + n},\n  author = {{{last}, {words.name(make.pick)}}},\n "
            " title = {Speaker normalisation of"
            f" {make.pick.choice(['vowels', 'tones', 'prosody', 'rhythm'])} in"
            f" {make.pick.choice(['read', 'spontaneous', 'telephone'])} speech}},\n  pages ="
            f" {{{make.pick.randrange(100, 900)}--{make.pick.randrange(901, 999)}}},\n  year ="
            f" {{{make.pick.randrange(1985, 2026)}}},\n  date ="
            f" {{2024-0{make.pick.randrange(1, 9)}-1{make.pick.randrange(9)}}},\n  doi = {{{doi}}},\n  note ="
            f" {{ORCID {orcid},"
            f" arXiv:24{make.pick.randrange(10, 12)}.{make.pick.randrange(10000, 20000)}}},\n}}\n"
        )
    return Submission({"references.bib": "\n".join(entries).encode()})


@benign("everyday phrases", ("lines", "json", "csv", "commands"))
def phrases(make: Make, how: str) -> Submission:
    """Return phrases that everybody says."""
    found = list(words.EVERYDAY)
    commands = [
        f"turn {way} the {thing}" for way in ("on", "off") for thing in ("light", "radio", "heating", "lamp")
    ]
    name, text = {
        "lines": ("phrases.txt", "\n".join(found)),
        "json": ("phrases.json", json.dumps(found)),
        "csv": ("phrases.csv", "phrase,language\n" + "\n".join(f"{p},en" for p in found)),
        "commands": ("commands.md", "# Commands\n\n" + "".join(f"* {c}\n" for c in commands)),
    }[how]
    return Submission({name: text.encode()})


@benign("pronunciation lexicon", ("dict", "tsv", "small"))
def lexicon(make: Make, how: str) -> Submission:
    """Return words of the general language with phones."""
    found = sorted(
        {
            w
            for line in (*words.OPENERS, *words.WHO, *words.DID, *words.WHAT, *words.THEN, *words.REPORT)
            for w in line.lower().replace(",", "").split()
            if w.isalpha()
        }
    )
    found = found[:40] if how == "small" else found
    phones = {
        w: " ".join(
            make.pick.choice(["AH0", "IY1", "T", "K", "S", "N", "EH1", "R", "D"])
            for _ in range(max(2, len(w) - 1))
        )
        for w in found
    }
    mid = "\t" if how == "tsv" else "  "
    return Submission(
        {
            "lexicon.txt": (
                "\n".join(f"{w.upper() if how == 'dict' else w}{mid}{p}" for w, p in phones.items()).encode()
            )
        }
    )


@benign("checksums in YAML", 4)
def sums(make: Make, how: str) -> Submission:
    """Return SHA-256 sums of packages and public models."""
    lines = [
        f"  {name}: {hashlib.sha256(f'{name}{make.pick.random()}'.encode()).hexdigest()}"
        for name in ("numpy", "torch", "whisper-base", "wav2vec2", "lexicon")[: make.pick.randrange(3, 6)]
    ]
    return Submission({"environment.yaml": ("name: speech\nsha256:\n" + "\n".join(lines) + "\n").encode()})


@benign("lock file", ("requirements", "npm", "poetry", "conda", "uv"))
def lock(make: Make, how: str) -> Submission:
    """Return the versions of an environment with their hashes."""
    names = [
        "numpy",
        "scipy",
        "pandas",
        "librosa",
        "soundfile",
        "matplotlib",
        "statsmodels",
        "torch",
        "praat-parselmouth",
    ]
    version = {
        n: f"{make.pick.randrange(0, 4)}.{make.pick.randrange(20)}.{make.pick.randrange(9)}" for n in names
    }
    digest = {n: hashlib.sha256(f"{n}{version[n]}".encode()).hexdigest() for n in names}
    long = {n: base64.b64encode(hashlib.sha512(n.encode()).digest()).decode() for n in names}
    name, text = {
        "requirements": (
            "requirements.txt",
            "".join(
                f"{n}=={version[n]} \\\n    --hash=sha256:{digest[n]} \\\n   "
                f" --hash=sha256:{digest[n][::-1]}\n"
                for n in names
            ),
        ),
        "npm": (
            "package-lock.json",
            json.dumps(
                {
                    "name": "plots",
                    "lockfileVersion": 3,
                    "packages": {
                        f"node_modules/{n}": {
                            "version": version[n],
                            "resolved": f"https://registry.invalid/{n}/-/{n}-{version[n]}.tgz",
                            "integrity": f"sha512-{long[n]}",
                        }
                        for n in names
                    },
                },
                indent=2,
            ),
        ),
        "poetry": (
            "poetry.lock.toml",
            "".join(
                f'[[package]]\nname = "{n}"\nversion = "{version[n]}"\nfiles = [\n    {{file ='
                f' "{n}-{version[n]}.tar.gz", hash = "sha256:{digest[n]}"}},\n]\n\n'
                for n in names
            ),
        ),
        "conda": (
            "environment.yml",
            "name: speech\ndependencies:\n"
            + "".join(f"  - {n}={version[n]}=py311h{digest[n][:7]}_0\n" for n in names),
        ),
        "uv": (
            "uv.toml",
            "".join(
                f'[[package]]\nname = "{n}"\nversion = "{version[n]}"\nsdist = {{ hash ='
                f' "sha256:{digest[n]}", size = {make.pick.randrange(10**5, 10**7)} }}\n\n'
                for n in names
            ),
        ),
    }[how]
    return Submission({name: text.encode()})


SCRIPT = '''"""Train the baseline and print its error rates by region."""

import argparse
import numpy as np

RATE = 16000
BANDS = [{bands}]


def train(epochs: int = {epochs}, step: float = {step}) -> None:
    """Train for so many epochs."""
    rng = np.random.default_rng({seed})
    weights = rng.normal(size=(80, 256))
    for epoch in range(epochs):
        weights -= step * weights
        print(f"epoch {{epoch}} loss {{np.abs(weights).mean():.4f}}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default={epochs})
    train(parser.parse_args().epochs)
'''


@benign("script", ("python", "r", "config", "logo", "log"))
def script(make: Make, how: str) -> Submission:
    """Return code as researchers write it; once with a small logo as base64."""
    code = SCRIPT.format(
        bands=", ".join(map(str, range(100, 4000, 300))),
        epochs=make.pick.randrange(5, 80),
        step=make.pick.choice((0.1, 0.01)),
        seed=make.pick.randrange(99),
    )
    if how == "logo":
        icon = pictures.opened(pictures.chart(make.pick)).resize((16, 16)).convert("P", colors=8)
        text = base64.b64encode(pictures.png(icon)).decode()
        return Submission({"report.py": f'LOGO = "data:image/png;base64,{text}"\n\n{code}'.encode()})
    if how == "r":
        return Submission(
            {
                "model.r": (
                    b"library(lme4)\nfit <- lmer(f0 ~ region * sex + (1 | speaker), data ="
                    b" d)\nprint(summary(fit))\n"
                )
            }
        )
    if how == "config":
        return Submission(
            {
                "config.toml": (
                    b"[model]\nlayers = 12\nhidden = 512\ndropout = 0.1\n\n[train]\nlr = 3e-4\nwarmup ="
                    b' 2000\nbetas = [0.9, 0.98]\nname = "baseline-v3"\n'
                )
            }
        )
    if how == "log":
        lines = [
            f"2026-11-0{1 + n // 40} 1{n % 10}:{n % 60:02d}:07 INFO step {n * 500} loss {4 / (1 + n / 9):.4f}"
            f" lr {3e-4 / (1 + n):.2e} grad {make.pick.random():.3f}"
            for n in range(90)
        ]
        return Submission({"train.log": "\n".join(lines).encode()})
    return Submission({"train.py": code.encode()})
