"""Cases 46 to 55: archives and the formats of arrays and tables, with what hides between their members."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import sqlite3
import struct
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pyarrow.feather

from tests.leaks import carry, documents, signal
from tests.leaks.cases_documents import RESULTS
from tests.leaks.cases_text import lines, rows
from tests.leaks.registry import Make, Submission, leak

SMALL = {"results.csv": carry.delimited(RESULTS), "README.md": b"# Results\n\nError rates by region.\n"}
MIB = 1 << 20


def zeros(size: int) -> bytes:
    """Return a ZIP of one member of so many zero bytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened,
        opened.open("a.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(size // MIB):
            member.write(bytes(MIB))
    return out.getvalue()


def tar(
    members: dict[str, bytes], *, link: tuple[str, str] | None = None, pax: dict[str, str] | None = None
) -> bytes:
    """Return a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.pax_headers = pax or {}
            opened.addfile(entry, io.BytesIO(data))
        if link:
            entry = tarfile.TarInfo(link[0])
            entry.type, entry.linkname = tarfile.SYMTYPE, link[1]
            opened.addfile(entry)
    return out.getvalue()


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
    size = make.of([300], [320, 400]) * MIB
    if how == "overlapping":
        return Submission({"data.zip": overlapping()})
    if how == "nested":
        data = zeros(200 * MIB)
        for level in range(6):
            data = carry.archive({f"{level}{n}.zip": data for n in range(8)})
        return Submission({"data.zip": data})
    if how == "gzip":
        packer = zlib.compressobj(9, wbits=31)
        return Submission(
            {
                "data.csv.gz": b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB))
                + packer.flush()
            }
        )
    if how == "xz":
        xz = lzma.LZMACompressor(preset=0)
        return Submission(
            {"data.csv.xz": b"".join(xz.compress(bytes(MIB)) for _ in range(size // MIB)) + xz.flush()}
        )
    if how == "bzip2":
        return Submission({"data.csv.bz2": bz2.compress(bytes(MIB) * 200) * 4})
    if how == "zstd":
        return Submission(
            {"data.csv.zst": bytes(pyarrow.compress(bytes(MIB) * 512, codec="zstd", asbytes=True))}
        )
    if how == "tar-gz":
        return Submission({"data.tar.gz": gzip.compress(tar({"a.csv": bytes(350 * MIB)}), 6)})
    if how == "many-members":
        return Submission({"data.zip": carry.archive({f"{n}.txt": b"x" for n in range(30_000)})})
    if how == "wide-tree":
        return Submission(
            {"data.zip": carry.archive({"/".join("d" * 300) + f"/{n}.txt": b"x" for n in range(3000)})}
        )
    if how == "workbook":
        sheet = (
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            + b"<row/>" * (60 * MIB)
        )
        return Submission(
            {
                "table.xlsx": documents.with_members(
                    carry.workbook({"results": RESULTS}), {"xl/worksheets/sheet1.xml": sheet}
                )
            }
        )
    if how == "npz":
        return Submission({"data.npz": carry.npz(a=np.zeros(80_000_000, np.float32))})
    return Submission({"data.zip": zeros(size)})


def overlapping(count: int = 3000) -> bytes:
    """Return a ZIP whose directory names the same packed megabytes again and again, after Fifield."""
    kernel = zlib.compress(bytes(20 * MIB), 9, wbits=-15)
    name, crc = b"a.txt", zlib.crc32(bytes(20 * MIB))
    fixed = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(kernel), 20 * MIB, len(name), 0)
    local = b"PK\x03\x04" + fixed + name + kernel
    entries = b"".join(
        b"PK\x01\x02"
        + struct.pack("<H", 20)
        + fixed[:-4]
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0)
        + f"{n:05d}".encode()
        for n in range(count)
    )
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(entries), len(local), 0)
    return local + entries + end


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


@leak(
    50,
    "N",
    "metadata of a Parquet file",
    tuning=("key-value",),
    testing=("column", "feather", "pandas", "created-by", "arrow-stream"),
)
def parquet_metadata(make: Make, how: str) -> Submission:
    """Return an aggregated table with rows in its file's metadata."""
    payload = lines(make, 4, 12)
    table = pyarrow.Table.from_pylist(RESULTS)
    if how == "column":
        fields = [field.with_metadata({"note": payload}) for field in table.schema]
        table = table.cast(pyarrow.schema(fields))
    else:
        table = table.replace_schema_metadata({"pandas" if how == "pandas" else "state": payload})
    out = io.BytesIO()
    name = "results.parquet"
    if how == "feather":
        name = "results.feather"
        pyarrow.feather.write_feather(table, out, compression="uncompressed")
    elif how == "arrow-stream":
        name = "results.arrow"
        with pyarrow.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
    else:
        pyarrow.parquet.write_table(table, out)
    return Submission({name: out.getvalue()}, payload.split("\r\n")[1].encode())


@leak(
    51,
    "B",
    "database under another suffix",
    tuning=("json",),
    testing=("csv", "db", "txt", "deleted-rows", "png", "in-zip"),
)
def database(make: Make, how: str) -> Submission:
    """Return an SQLite file of rows that calls itself something else."""
    found = rows(make, make.pick.randrange(20, 200), ("recording", "speaker", "seconds", "transcript"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        opened = sqlite3.connect(path)
        opened.execute("create table results (recording, speaker, seconds, transcript)")
        opened.executemany("insert into results values (?, ?, ?, ?)", [tuple(row.values()) for row in found])
        if how == "deleted-rows":
            opened.commit()
            opened.execute("pragma secure_delete = off")
            opened.execute("delete from results")
        opened.commit()
        opened.close()
        data = path.read_bytes()
    if how == "in-zip":
        return Submission({"results.zip": carry.archive({"results.json": data})})
    return Submission({f"results.{'json' if how == 'deleted-rows' else how}": data})


@leak(
    52,
    "N",
    "attributes of an HDF5 file",
    tuning=("root",),
    testing=("dataset-attribute", "user-block", "names", "group-attribute", "unused", "many-small"),
)
def attributes(make: Make, how: str) -> Submission:
    """Return a small array of results with rows beside it."""
    payload = lines(make, 3, 8)
    out = io.BytesIO()
    with h5py.File(out, "w", userblock_size=4096 if how == "user-block" else 0) as opened:
        data = opened.create_dataset("wer", data=np.array([0.21, 0.19, 0.2]))
        if how == "dataset-attribute":
            data.attrs["note"] = payload
        elif how == "group-attribute":
            opened.create_group("model").attrs["note"] = payload
        elif how == "names":
            opened.create_group(payload.replace("/", "_"))
        elif how == "many-small":
            for n, line in enumerate(payload.split("\n")):
                opened.attrs[f"k{n}"] = line
        elif how == "unused":
            opened.create_dataset("gone", data=np.frombuffer(payload.encode(), np.uint8))
            del opened["gone"]
        elif how == "root":
            opened.attrs["note"] = payload
    raw = bytearray(out.getvalue())
    if how == "user-block":
        raw[: min(len(payload), 4096)] = payload.encode()[:4096]
    return Submission({"results.h5": bytes(raw)}, payload.split("\r\n")[1][:40].encode())


@leak(
    53,
    "B",
    "log-mel frames as an array",
    tuning=("npy-float16",),
    testing=(
        "npz",
        "hdf5",
        "safetensors",
        "json",
        "csv-integers",
        "transposed",
        "normalised",
        "forty-bands",
        "cepstra",
        "parquet",
        "several",
        "samples",
    ),
)
def frames(make: Make, how: str) -> Submission:
    """Return the frames of a recording, from which a voice can be made again."""
    _, samples, rate = make.corpus.clip(make.pick, make.pick.uniform(2, 5))
    bands = 40 if how == "forty-bands" else make.of([80], [64, 80, 128])
    values = (
        signal.cepstra(samples, rate, 20) if how == "cepstra" else signal.log_mel(samples, rate, bands=bands)
    )
    if how == "normalised":
        values = (values - values.mean(0)) / values.std(0)
    if how == "transposed":
        values = values.T
    if how == "samples":
        values = samples[:, None]
    half = values.astype(np.float16)
    low, high = float(values.min()), float(values.max())
    levels = np.round((values - low) / (high - low) * 255).astype(int)
    if how == "several":
        return Submission({"batch.npz": carry.npz(**{f"arr_{n}": np.asarray(half[n::4]) for n in range(4)})})
    if how == "hdf5":
        out = io.BytesIO()
        with h5py.File(out, "w") as opened:
            opened.create_dataset("features/x", data=half, compression="gzip")
        return Submission({"features.h5": out.getvalue()})
    files = {
        "npz": lambda: {"features.npz": carry.npz(x=values.astype(np.float32))},
        "safetensors": lambda: {"model.safetensors": carry.safetensors({"encoder.weight": values.astype(np.float32)})},
        "json": lambda: {"features.json": json.dumps(np.round(values, 2).tolist()).encode()},
        "csv-integers": lambda: {"features.csv": "\n".join(",".join(map(str, line)) for line in [range(levels.shape[1]), *levels]).encode()},
        "parquet": lambda: {"features.parquet": carry.parquet([{f"b{n}": float(v) for n, v in enumerate(line)} for line in half])},
    }.get(how, lambda: {"features.npy": carry.npy(half)})()  # fmt: skip
    return Submission(files)


@leak(
    54,
    "N",
    "metadata of safetensors",
    tuning=("metadata",),
    testing=("tensor-names", "gap", "padding", "behind", "low-bits"),
)
def tensor_metadata(make: Make, how: str) -> Submission:
    """Return small weights with rows beside the numbers."""
    payload = lines(make, 3, 8)
    key = payload.split("\r\n")[1][:40].encode()
    weights = {"layer.weight": make.chance.normal(size=(8, 16)).astype(np.float32)}
    if how == "metadata":
        return Submission({"model.safetensors": carry.safetensors(weights, {"note": payload})}, key)
    if how == "tensor-names":
        return Submission({"model.safetensors": carry.safetensors({payload: weights["layer.weight"]})}, key)
    data = carry.safetensors(weights)
    size = int.from_bytes(data[:8], "little")
    if how == "padding":
        pad = payload.encode()
        return Submission(
            {
                "model.safetensors": (size + len(pad)).to_bytes(8, "little")
                + data[8 : 8 + size]
                + pad
                + data[8 + size :]
            },
            key,
        )
    if how == "behind":
        return Submission({"model.safetensors": data + payload.encode()}, key)
    if how == "gap":
        head = json.loads(data[8 : 8 + size])
        extra = payload.encode()
        head["layer.weight"]["data_offsets"] = [len(extra), len(extra) + 512]
        text = json.dumps(head).encode()
        return Submission(
            {"model.safetensors": len(text).to_bytes(8, "little") + text + extra + data[8 + size :]}, key
        )
    raw = np.frombuffer(weights["layer.weight"].tobytes(), np.uint8).copy()
    raw[::4] = np.frombuffer(payload.encode()[:128].ljust(128), np.uint8)
    hidden = {"layer.weight": raw.view(np.float32).reshape(8, 16)}
    return Submission(
        {"model.safetensors": carry.safetensors(hidden)},
        payload.encode()[:60],
        lambda d: d[8 + int.from_bytes(d[:8], "little") :][::4],
    )


@leak(
    55,
    "F",
    "payload in many file names",
    tuning=("files",),
    testing=("members", "sixty", "words", "sheets", "datasets", "hex"),
)
def file_names(make: Make, how: str) -> Submission:
    """Return many small files whose names spell encoded rows."""
    data = zlib.compress(lines(make, 20, 24).encode() * 4 + random.Random(make.pick.random()).randbytes(900))
    text = base64.b32encode(data).decode().rstrip("=").lower()
    width = 12 if how != "sixty" else 40
    parts = [text[n : n + width] for n in range(0, len(text), width)][: 60 if how == "sixty" else 200]
    if how == "hex":
        parts = [data.hex()[n : n + 16] for n in range(0, len(data.hex()), 16)][:200]
    if how == "words":
        parts = [
            f"fig-{word}-{n}"
            for n, row in enumerate(make.corpus.texts(make.pick, 40))
            for word in row.transcript.split()[:5]
        ]
    small = b"region,n_speakers\nnorth,31\nsouth,28\n"
    if how == "members":
        return Submission({"plots.zip": carry.archive({f"{part}.csv": small for part in parts})})
    if how == "sheets":
        return Submission({"tables.xlsx": carry.workbook({part: RESULTS for part in parts[:60]})})
    if how == "datasets":
        out = io.BytesIO()
        with h5py.File(out, "w") as opened:
            for part in parts:
                opened.create_dataset(part, data=[0.2])
        return Submission({"results.h5": out.getvalue()})
    return Submission({f"{part}.csv": small for part in dict.fromkeys(parts)})
