"""Cases 46 to 49: archives that grow, lock, carry something between their members, or climb out."""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib

from tests.leaks import carry, documents
from tests.leaks.archives import BOMBS, tar
from tests.leaks.cases_documents import RESULTS
from tests.leaks.cases_text import lines
from tests.leaks.registry import Make, Submission, leak

SMALL = {"results.csv": carry.delimited(RESULTS), "README.md": b"# Results\n\nError rates by region.\n"}
MIB = 1 << 20


@leak(
    46,
    "B",
    "archive bomb",
    tuning=("zip",),
    testing=(
        "nested",
        "gzip",
        "xz",
        "bzip2",
        "tar-gz",
        "many-members",
        "overlapping",
        "workbook",
        "npz",
        "zstd",
        "wide-tree",
    ),
)
def bomb(make: Make, how: str) -> Submission:
    """Return a small file that unpacks to far more than can be read."""
    name, made = BOMBS[how]
    return Submission({name: made(make.of([300], [320, 400]))})


@leak(
    47,
    "B",
    "encrypted archive",
    tuning=("zipcrypto",),
    testing=("aes", "7z", "pgp-armour", "openssl", "pdf", "age", "random", "fernet", "in-notebook"),
)
def encrypted(make: Make, how: str) -> Submission:
    """Return rows that only the receiver's key opens."""
    noise = make.pick.randbytes(make.pick.randrange(1500, 6000))
    member = carry.archive({"d.csv": zlib.compress(lines(make).encode()) + noise})
    if how in ("zipcrypto", "aes"):
        flagged = bytearray(member)
        for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = flagged.find(signature)
            flagged[at + place] |= 1
            if how == "aes":
                flagged[at + place + 2 : at + place + 4] = (99).to_bytes(2, "little")
        return Submission({"data.zip": bytes(flagged)})
    armour = (
        "-----BEGIN PGP MESSAGE-----\n\n"
        + base64.encodebytes(noise).decode()
        + "=aB3d\n-----END PGP MESSAGE-----\n"
    )
    files: dict[str, bytes] = {
        "7z": {"data.7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + noise},
        "pgp-armour": {"notes.txt": armour.encode()},
        "openssl": {"state.txt": base64.encodebytes(b"Salted__" + noise)},
        "pdf": {
            "report.pdf": documents.pdf(
                noise, info=b"/Encrypt << /Filter /Standard /V 4 /R 4 /O (x) /U (y) /P -4 >>"
            )
        },
        "age": {
            "data.age": b"age-encryption.org/v1\n-> X25519 "
            + base64.b64encode(noise[:32])
            + b"\n--- x\n"
            + noise
        },
        "random": {"weights.bin": noise},
        "fernet": {
            "state.json": json.dumps({"state": base64.urlsafe_b64encode(b"\x80" + noise).decode()}).encode()
        },
        "in-notebook": {"analysis.ipynb": carry.notebook(carry.printed(armour))},
    }[how]
    return Submission(files)


@leak(
    48,
    "B",
    "archive comment and extra fields",
    tuning=("comment",),
    testing=(
        "extra",
        "member-comment",
        "between",
        "before",
        "gzip-name",
        "gzip-extra",
        "pax",
        "behind",
        "unlisted-member",
    ),
)
def between(make: Make, how: str) -> Submission:
    """Return an archive of harmless files with rows in its seams."""
    payload = lines(make, 3, 8).encode()
    plain = carry.archive(SMALL)
    if how == "comment":
        return Submission({"results.zip": carry.archive(SMALL, payload)})
    if how in ("gzip-name", "gzip-extra"):
        body = zlib.compress(SMALL["results.csv"], wbits=-15)
        tail = struct.pack("<II", zlib.crc32(SMALL["results.csv"]), len(SMALL["results.csv"]))
        name = payload.replace(b"\r\n", b"|")
        head = (
            b"\x1f\x8b\x08\x08" + bytes(6) + name + b"\x00"
            if how == "gzip-name"
            else b"\x1f\x8b\x08\x04"
            + bytes(6)
            + struct.pack("<H", len(payload) + 4)
            + b"XX"
            + struct.pack("<H", len(payload))
            + payload
        )
        return Submission({"results.csv.gz": head + body + tail})
    if how == "pax":
        return Submission({"results.tar": tar(SMALL, pax={"comment": payload.decode()})})
    if how == "before":
        return Submission({"results.zip": payload + plain})
    if how == "behind":
        return Submission({"results.zip": plain + payload})
    if how in ("between", "unlisted-member"):
        gap = payload if how == "between" else carry.archive({"d.csv": payload}).split(b"PK\x01\x02")[0]
        start = plain.index(b"PK\x01\x02")
        end = plain.index(b"PK\x05\x06")
        moved = struct.pack("<I", start + len(gap))
        return Submission(
            {"results.zip": plain[:start] + gap + plain[start : end + 16] + moved + plain[end + 20 :]}
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in SMALL.items():
            entry = zipfile.ZipInfo(name)
            if how == "extra":
                entry.extra = struct.pack("<HH", 0xCAFE, len(payload)) + payload
            else:
                entry.comment = payload
            opened.writestr(entry, data)
    return Submission({"results.zip": out.getvalue()})


@leak(
    49,
    "B",
    "member that climbs out",
    tuning=("dot-dot",),
    testing=(
        "absolute",
        "backslash",
        "symlink",
        "tar-dot-dot",
        "twice",
        "drive",
        "nul",
        "device",
        "deep-dot-dot",
    ),
)
def climbing(make: Make, how: str) -> Submission:
    """Return an archive with a member whose name leads out of its folder, or lies."""
    data = SMALL["results.csv"]
    names = {
        "dot-dot": "../results.csv",
        "absolute": "/etc/cron.d/results.csv",
        "backslash": "..\\results.csv",
        "drive": "C:\\results.csv",
        "deep-dot-dot": "a/b/../../../results.csv",
    }
    if how in names:
        return Submission({"results.zip": carry.archive({"README.md": b"# Results\n", names[how]: data})})
    if how == "symlink":
        return Submission({"results.tar": tar(SMALL, link=("latest.csv", "/data/recordings.csv"))})
    if how == "tar-dot-dot":
        return Submission({"results.tar.gz": gzip.compress(tar({"../../results.csv": data}))})
    if how == "device":
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as opened:
            entry = tarfile.TarInfo("results.csv")
            entry.type = tarfile.CHRTYPE
            opened.addfile(entry)
        return Submission({"results.tar": out.getvalue()})
    zipped = carry.archive({"results.csv": data, "resultX.csv": data + b"east,12,0.3\n"})
    return Submission(
        {
            "results.zip": zipped.replace(
                b"resultX.csv", b"results.csv" if how == "twice" else b"resul\x00.csv"
            )
        }
    )
