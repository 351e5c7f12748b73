"""Tells what a file is: its name, its first bytes, libmagic and a strict parser must agree."""

from __future__ import annotations

from dataclasses import dataclass

import magic

from egress_review.screening.carriers import signatures
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
PLAIN = Kind("text", ".txt", "text/plain")
JSON = Kind("json", ".json", "application/json")
LINES = Kind("json-lines", ".jsonl", "application/x-ndjson")
NOTEBOOK = Kind("notebook", ".ipynb", "application/x-ipynb+json")
PICTURE = Kind("picture", ".png", "image/png")
DRAWING = Kind("drawing", ".png", "image/png")
PAGE = Kind("page", ".md", "text/markdown")
DOCUMENT = Kind("document", ".md", "text/markdown")
ARCHIVE = Kind("archive", ".zip", "application/zip")
STREAM = Kind("stream", "", "application/octet-stream")
WORKBOOK = Kind("workbook", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
PDF = Kind("pdf", ".pdf", "application/pdf")
COLUMNS = Kind("columns", ".parquet", "application/vnd.apache.parquet")
ARRAY = Kind("array", ".npy", "application/x-npy")
ARRAYS = Kind("arrays", ".npz", "application/x-npz")
HDF = Kind("hdf", ".npz", "application/x-npz")
TENSORS = Kind("tensors", ".safetensors", "application/x-safetensors")
SOUND = Kind("sound", ".wav", "audio/wav")
OPAQUE = Kind("opaque", ".bin", "application/octet-stream")
PUBLIC = Kind("public", "", "application/octet-stream")

TEXT_SUFFIXES = (
    *(".txt", ".log", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".conf", ".properties", ".lock", ".rst"),
    *(".bib", ".cff", ".org", ".adoc", ".diff", ".patch", ".sum", ".sha256", ".md5", ".dict", ".lex"),
    *(".tex", ".lexicon", ".gv", ".sty", ".cls"),
    *(".py", ".r", ".rmd", ".qmd", ".jl", ".sh", ".m", ".c", ".h", ".cpp", ".hpp", ".java", ".go", ".rs"),
    *(".js", ".ts", ".css", ".sql", ".pl", ".praat", ".do", ".sas", ".sps", ".dat", ".ctm", ".stm", ".rttm"),
    *(".trn", ".textgrid", ".srt", ".vtt", ".arpa", ".vocab", ".words", ".lst", ".list", ".xml", ".dot"),
)  # fmt: skip
TEXT = frozenset({"text"})
ZIP = frozenset({"zip"})
PACKED = frozenset({"gzip", "bzip2", "xz", "zstd"})
PICTURES: dict[str, str] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".gif": "gif",
    ".webp": "webp",
    ".bmp": "bmp",
    ".tif": "tiff",
    ".tiff": "tiff",
}
# What a name's end promises, and the contents that keep it.
BY_SUFFIX: dict[str, tuple[Kind, frozenset[str]]] = {
    **{suffix: (Kind("text", suffix, "text/plain"), TEXT) for suffix in TEXT_SUFFIXES},
    ".csv": (TABLE, TEXT),
    ".tsv": (TABS, TEXT),
    ".md": (MARKDOWN, TEXT),
    ".markdown": (MARKDOWN, TEXT),
    ".json": (JSON, TEXT),
    ".jsonl": (LINES, TEXT),
    ".ndjson": (LINES, TEXT),
    ".ipynb": (NOTEBOOK, TEXT),
    **{suffix: (PICTURE, frozenset({what})) for suffix, what in PICTURES.items()},
    ".svg": (DRAWING, TEXT),
    **dict.fromkeys((".html", ".htm", ".xhtml"), (PAGE, TEXT)),
    **dict.fromkeys((".docx", ".odt", ".pptx"), (DOCUMENT, ZIP)),
    ".zip": (ARCHIVE, ZIP),
    ".tar": (ARCHIVE, frozenset({"tar"})),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst", ".tgz", ".tbz2", ".txz", ".tzst"), (STREAM, PACKED)),
    **dict.fromkeys((".xlsx", ".xlsm", ".ods"), (WORKBOOK, ZIP)),
    ".pdf": (PDF, frozenset({"pdf"})),
    ".parquet": (COLUMNS, frozenset({"parquet"})),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), (COLUMNS, frozenset({"arrow"}))),
    ".npy": (ARRAY, frozenset({"npy"})),
    ".npz": (ARRAYS, ZIP),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), (HDF, frozenset({"hdf5"}))),
    ".safetensors": (TENSORS, frozenset({"safetensors"})),
    **dict.fromkeys(
        (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".au", ".w64", ".caf", ".sph"),
        (SOUND, frozenset({"sound"})),
    ),
}
# What a file without a telling name is opened as, where the policy lets a human judge it.
BY_CONTENT: dict[str, Kind] = {
    "text": PLAIN,
    "zip": ARCHIVE,
    "tar": ARCHIVE,
    **dict.fromkeys(PACKED, STREAM),
    "pdf": PDF,
    **dict.fromkeys(PICTURES.values(), PICTURE),
    "sound": SOUND,
    "hdf5": HDF,
    "parquet": COLUMNS,
    "arrow": COLUMNS,
    "npy": ARRAY,
    "safetensors": TENSORS,
}
UNPACK = "Hand in the files themselves, or a ZIP of them."
WEIGHTS = "Hand in weights as safetensors, and figures as a table or a plot."
# Contents that never leave, whatever they are called, and what to hand in instead.
NEVER: dict[str, tuple[str, str]] = {
    "archive": ("An archive of this kind hides what it holds.", UNPACK),
    "encrypted": ("It is encrypted: nobody can see what it holds.", "Hand in what is inside it."),
    "program": ("A program can't leave.", "Hand in the source as text."),
    "pickle": ("A pickle can run code and hold any object.", WEIGHTS),
    "sqlite": ("A database holds rows.", "Hand in the aggregated table as CSV."),
    "video": (
        "This sound or film can't be read here.",
        "Hand in aggregated measures; where sound itself is the result, WAV or FLAC.",
    ),
    "ole": ("An old Office file can hide streams and macros.", "Save it as .xlsx, or its text as Markdown."),
    "model": ("A model or an index of this kind can hold any row, and can't be looked into here.", WEIGHTS),
    "matlab": ("Models and arrays in MATLAB's format can't be read here.", "Save the arrays as .npz."),
}
NAMED_NEVER: dict[str, tuple[str, str]] = {
    **dict.fromkeys((".7z", ".rar", ".lz4", ".cab", ".jar"), NEVER["archive"]),
    **dict.fromkeys((".exe", ".dll", ".so", ".dylib", ".pyc", ".class", ".wasm"), NEVER["program"]),
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".dill"), NEVER["pickle"]),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3", ".mdb"), NEVER["sqlite"]),
    **dict.fromkeys(
        (".m4a", ".aac", ".amr", ".wma", ".mp4", ".mkv", ".webm", ".mov", ".avi"), NEVER["video"]
    ),
    **dict.fromkeys((".xls", ".doc", ".ppt"), NEVER["ole"]),
    ".mat": NEVER["matlab"],
    **dict.fromkeys(
        (".gpg", ".pgp", ".age", ".enc", ".aes", ".kdbx", ".p12", ".pfx", ".jks"), NEVER["encrypted"]
    ),
    **dict.fromkeys(
        (
            ".rds",
            ".rda",
            ".rdata",
            ".onnx",
            ".pb",
            ".tflite",
            ".keras",
            ".gguf",
            ".ggml",
            ".mlmodel",
            ".model",
        ),
        NEVER["model"],
    ),
    **dict.fromkeys((".faiss", ".index", ".ann", ".annoy", ".hnsw", ".nmslib", ".usearch"), NEVER["model"]),
}
# libmagic's names for contents that it knows on every system; anything else it says there is a contradiction.
MAGIC: dict[str, tuple[str, ...]] = {
    "png": ("image/png",),
    "jpeg": ("image/jpeg",),
    "gif": ("image/gif",),
    "webp": ("image/webp",),
    "tiff": ("image/tiff",),
    "bmp": ("image/bmp", "image/x-ms-bmp"),
    "pdf": ("application/pdf",),
    "gzip": ("application/gzip", "application/x-gzip"),
    "hdf5": ("application/x-hdf5", "application/x-hdf"),
}
TEXT_TYPES = {
    *("application/json", "application/csv", "application/x-ndjson", "application/javascript"),
    # Text that begins with two letters of a plotter's language.
    "application/vnd.hp-HPGL",
    *("application/x-wine-extension-ini", "application/toml", "application/x-subrip", "application/xml"),
}
# Written formats of their own, each accepted under its own name only.
OWN_TYPES = {".svg": ("image/svg+xml",), ".xml": ("application/xml",), ".xhtml": ("application/xhtml+xml",)}


def suffix_of(name: str) -> str:
    """Return the last suffix of a name, lower-cased, "" where there is none."""
    return f".{name.rsplit('.', 1)[1].lower()}" if "." in name.strip(".") else ""


def prepare() -> None:
    """Load libmagic's rules now, so that each file's process inherits them."""
    magic.from_buffer(b"text", mime=True)


def identify(data: bytes, name: str) -> Kind:
    """Return the kind of a file's bytes under its declared name; raises Unscreenable where they disagree.

    OPAQUE stands for what is known to be harmless to look at, but that no parser here understands.
    """
    if not data:
        raise refuse("type", "The file is empty.", "Leave it out.")
    what, suffix = signatures.content(data), suffix_of(name)
    if what in NEVER:
        why, instead = NEVER[what]
        raise refuse("type", f"By its content this file can't leave. {why}", instead)
    if suffix in NAMED_NEVER:
        why, instead = NAMED_NEVER[suffix]
        raise refuse("type", f"Files ending in {suffix} can't leave. {why}", instead)
    if suffix not in BY_SUFFIX:
        return OPAQUE
    kind, contents = BY_SUFFIX[suffix]
    if what not in contents:
        raise _disagree(suffix, _described(what))
    _ask_libmagic(data, what, suffix)
    return kind


def by_content(data: bytes) -> Kind:
    """Return what bytes are opened as where no name helps; OPAQUE where they begin like nothing known.

    Raises Unscreenable for what can't leave in any form.
    """
    what = signatures.content(data)
    if what in NEVER:
        why, instead = NEVER[what]
        raise refuse("type", f"By its content this can't leave. {why}", instead)
    return BY_CONTENT.get(what, OPAQUE)


def _ask_libmagic(data: bytes, what: str, suffix: str) -> None:
    found = magic.from_buffer(data[: 256 * 1024], mime=True)
    if what == "text":
        own = OWN_TYPES.get(suffix, ())
        if not (found.startswith("text/") or found in TEXT_TYPES or found in own):
            raise _disagree(suffix, found)
    elif what in MAGIC and found not in MAGIC[what]:
        raise _disagree(suffix, found)


def _described(what: str) -> str:
    return {
        "": "bytes that no check here understands",
        "zip": "an archive (ZIP)",
        "tar": "an archive",
        **dict.fromkeys(PACKED, f"a compressed archive ({what})"),
        **dict.fromkeys(("hdf5", "npy", "safetensors", "parquet", "arrow"), f"Models or arrays ({what})"),
        "text": "plain text",
    }.get(what, what)


def _disagree(suffix: str, found: str) -> Unscreenable:
    return refuse(
        "type",
        f"The name ends in {suffix}, but the content looks like {found}.",
        "Save the file again in the format its name says, as UTF-8 where it is text.",
    )
