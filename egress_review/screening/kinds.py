"""Tells what a file is: its suffix, libmagic and a strict parser must agree, or it is refused."""

from __future__ import annotations

from dataclasses import dataclass

import magic

from egress_review.screening.verdict import Unscreenable, refuse


@dataclass(frozen=True)
class Kind:
    """A kind of file that may leave, and what its canonical copy is called and served as."""

    name: str
    suffix: str
    media_type: str


TABLE = Kind("table", ".csv", "text/csv")
TABS = Kind("table", ".tsv", "text/tab-separated-values")
MARKDOWN = Kind("text", ".md", "text/markdown")
JSON = Kind("json", ".json", "application/json")
NOTEBOOK = Kind("notebook", ".ipynb", "application/x-ipynb+json")
PICTURE = Kind("picture", ".png", "image/png")
TEXT_SUFFIXES = (
    ".txt",
    ".log",
    ".yaml",
    ".yml",
    ".toml",
    ".cfg",
    ".ini",
    ".rst",
    ".tex",
    ".bib",
    ".py",
    ".r",
)
BY_SUFFIX: dict[str, Kind] = {
    ".csv": TABLE,
    ".tsv": TABS,
    ".md": MARKDOWN,
    ".json": JSON,
    ".ipynb": NOTEBOOK,
    ".png": PICTURE,
    ".jpg": PICTURE,
    ".jpeg": PICTURE,
    **{suffix: Kind("text", suffix, "text/plain") for suffix in TEXT_SUFFIXES},
}
PICTURE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
TEXT_TYPES = {"application/json", "application/csv", "application/x-ndjson", "application/javascript"}

ARCHIVE = "An archive hides what it holds."
UNPACK = "Hand in the files themselves, each with its own type."
MODEL = "Models and arrays can hold the data they were made from, and this screening can't read them yet."
SUMMARISE = "Hand in the figures that describe the result: a table of aggregates, a plot, a model card."
AUDIO = "Audio is the data this enclave guards."
DESCRIBE = "Hand in aggregated measures or a plot of them instead of sound."
# Beginnings of files and what to say of them; read before the suffix, which is only a claim.
SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"PK\x03\x04", ARCHIVE + " (ZIP; also Word, Excel, NumPy and PyTorch files.)", UNPACK),
    (0, b"PK\x05\x06", ARCHIVE, UNPACK),
    (0, b"\x1f\x8b", ARCHIVE, UNPACK),
    (0, b"BZh", ARCHIVE, UNPACK),
    (0, b"\xfd7zXZ\x00", ARCHIVE, UNPACK),
    (0, b"\x28\xb5\x2f\xfd", ARCHIVE, UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", ARCHIVE, UNPACK),
    (0, b"Rar!", ARCHIVE, UNPACK),
    (0, b"\x04\x22\x4d\x18", ARCHIVE, UNPACK),
    (257, b"ustar", ARCHIVE, UNPACK),
    (
        0,
        b"%PDF",
        "A PDF can carry attachments, earlier revisions and invisible text.",
        "Hand in its figures as PNG and its text as Markdown.",
    ),
    (0, b"\x7fELF", "A program can't leave.", "Hand in the source as text."),
    (0, b"MZ", "A program can't leave.", "Hand in the source as text."),
    (0, b"RIFF", AUDIO, DESCRIBE),
    (0, b"OggS", AUDIO, DESCRIBE),
    (0, b"fLaC", AUDIO, DESCRIBE),
    (0, b"ID3", AUDIO, DESCRIBE),
    (0, b"FORM", AUDIO, DESCRIBE),
    (0, b".snd", AUDIO, DESCRIBE),
    (4, b"ftyp", AUDIO, DESCRIBE),
    (0, b"\x1a\x45\xdf\xa3", AUDIO, DESCRIBE),
    (0, b"\x89HDF", MODEL, SUMMARISE),
    (0, b"PAR1", MODEL, SUMMARISE),
    (0, b"ARROW1", MODEL, SUMMARISE),
    (0, b"\x93NUMPY", MODEL, SUMMARISE),
    (0, b"SQLite format 3", "A database holds rows.", "Hand in the aggregated table as CSV."),
    (0, b"GIF8", "GIF is not accepted.", "Save the picture as PNG."),
    (0, b"\x80\x02", "A pickle can run code and hold any object.", SUMMARISE),
    (0, b"\x80\x03", "A pickle can run code and hold any object.", SUMMARISE),
    (0, b"\x80\x04", "A pickle can run code and hold any object.", SUMMARISE),
    (0, b"\x80\x05", "A pickle can run code and hold any object.", SUMMARISE),
)
# Suffixes people try, and what to hand in instead.
REFUSED_SUFFIXES: dict[str, tuple[str, str]] = {
    **dict.fromkeys((".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".xz", ".bz2", ".zst"), (ARCHIVE, UNPACK)),
    **dict.fromkeys((".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".sph"), (AUDIO, DESCRIBE)),
    **dict.fromkeys(
        (
            ".pkl",
            ".pickle",
            ".joblib",
            ".pt",
            ".pth",
            ".npy",
            ".npz",
            ".h5",
            ".hdf5",
            ".parquet",
            ".feather",
            ".safetensors",
            ".onnx",
            ".ckpt",
            ".bin",
            ".mat",
            ".arpa",
        ),
        (MODEL, SUMMARISE),
    ),
    **dict.fromkeys(
        (".db", ".sqlite", ".sqlite3"), ("A database holds rows.", "Hand in the aggregated table as CSV.")
    ),
    **dict.fromkeys(
        (".xlsx", ".xls", ".ods"), ("A workbook can hide sheets and records.", "Hand in each sheet as CSV.")
    ),
    **dict.fromkeys(
        (".svg", ".gif", ".tif", ".tiff", ".bmp", ".webp"),
        ("This picture format is not accepted.", "Save the picture as PNG."),
    ),
    **dict.fromkeys(
        (".html", ".htm"), ("A page can hide elements and scripts.", "Hand in Markdown, or the plots as PNG.")
    ),
    ".pdf": (
        "A PDF can carry attachments, earlier revisions and invisible text.",
        "Hand in its figures as PNG and its text as Markdown.",
    ),
    **dict.fromkeys(
        (".docx", ".odt", ".pptx"),
        ("A document can carry revisions and attachments.", "Hand in its text as Markdown."),
    ),
}


def suffix_of(name: str) -> str:
    """Return the last suffix of a name, lower-cased, "" where there is none."""
    return f".{name.rsplit('.', 1)[1].lower()}" if "." in name.strip(".") else ""


def prepare() -> None:
    """Load libmagic's rules now, so that each file's process inherits them."""
    magic.from_buffer(b"text", mime=True)


def identify(data: bytes, name: str) -> Kind:
    """Return the kind of a file's bytes under its declared name; raises Unscreenable where they disagree."""
    _refuse_by_content(data)
    suffix = suffix_of(name)
    kind = BY_SUFFIX.get(suffix)
    if kind is None:
        what, instead = REFUSED_SUFFIXES.get(
            suffix,
            (
                "No check here understands this type of file.",
                "Hand in a CSV, text, Markdown, JSON, PNG, JPEG or notebook.",
            ),
        )
        raise refuse("type", f"Files ending in {suffix or 'nothing'} can't leave. {what}", instead)
    if not data:
        raise refuse("type", "The file is empty.", "Leave it out.")
    found = magic.from_buffer(data[: 256 * 1024], mime=True)
    if kind is PICTURE:
        if found != PICTURE_TYPES[suffix]:
            raise _disagree(suffix, found)
    elif not (found.startswith("text/") or found in TEXT_TYPES):
        raise _disagree(suffix, found)
    return kind


def _refuse_by_content(data: bytes) -> None:
    for offset, signature, what, instead in SIGNATURES:
        if data[offset : offset + len(signature)] == signature and not (
            signature.isascii() and _is_plain(data)
        ):
            raise refuse("type", f"By its content this file can't leave. {what}", instead)


def _is_plain(data: bytes) -> bool:
    """Return whether the beginning is readable text, which may start with any letters, "FORM" or "MZ" too."""
    return all(byte >= 32 or byte in b"\t\n\r" for byte in data[:512]) and not data.startswith(b"%PDF")


def _disagree(suffix: str, found: str) -> Unscreenable:
    return refuse(
        "type",
        f"The name ends in {suffix}, but the content looks like {found}.",
        "Save the file again in the format its name says, as UTF-8 where it is text.",
    )
