"""Tells what bytes are from their beginning alone; a name is only a claim."""

from __future__ import annotations

import io
import pickletools
import re

# Where a format's first bytes stand, and what it is called here; the first that matches counts.
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (257, b"ustar", "tar"),
    (0, b"7z\xbc\xaf\x27\x1c", "archive"),
    (0, b"Rar!", "archive"),
    (0, b"\x04\x22\x4d\x18", "archive"),
    (0, b"MSCF", "archive"),
    (0, b"xar!", "archive"),
    (0, b"!<arch>\n", "archive"),
    (0, b"LZIP", "archive"),
    (0, b"age-encryption.org/", "encrypted"),
    (0, b"-----BEGIN AGE ENCRYPTED FILE", "encrypted"),
    (0, b"-----BEGIN PGP MESSAGE", "encrypted"),
    (0, b"Salted__", "encrypted"),
    (0, b"%PDF-", "pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (8, b"WEBP", "webp"),
    (8, b"WAVE", "sound"),
    (8, b"AVI ", "video"),
    (0, b"RIFF", "sound"),
    (0, b"RIFX", "sound"),
    (0, b"RF64", "sound"),
    (0, b"OggS", "sound"),
    (0, b"fLaC", "sound"),
    (0, b"ID3", "sound"),
    (0, b"FORM", "sound"),
    (0, b".snd", "sound"),
    (0, b"caff", "sound"),
    (0, b"wvpk", "sound"),
    (0, b"NIST_1A", "sound"),
    (0, b"#!AMR", "sound"),
    (4, b"ftyp", "video"),
    (0, b"\x1a\x45\xdf\xa3", "video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"PAR1", "parquet"),
    (0, b"ARROW1\x00\x00", "arrow"),
    (0, b"FEA1", "arrow"),
    (0, b"\x93NUMPY", "npy"),
    (0, b"MATLAB 5.0", "matlab"),
    (0, b"SQLite format 3\x00", "sqlite"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (0, b"\x7fELF", "program"),
    (0, b"MZ", "program"),
    (0, b"\xca\xfe\xba\xbe", "program"),
    (0, b"\xcf\xfa\xed\xfe", "program"),
    (0, b"\x00asm", "program"),
    (0, b"BM", "bmp"),
)
# A frame of MPEG audio without a tag before it: eleven bits of ones, a version, a layer that exist.
MPEG_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa-\xfd]")
AAC_FRAME = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
PICKLE = re.compile(rb"\x80[\x02-\x05]")
OPCODES = 12  # that make a pickle
# Opcodes that import, call or look something up.
RUNNING = {"GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"}
RUNNING |= {"EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"}
PRINTABLE = frozenset({9, 10, 12, 13, 27, *range(32, 256)})
HEAD_BYTES = 512


def content(data: bytes) -> str:
    """Return what the bytes are by their beginning: a word of `SIGNATURES`, "text", or "" for neither."""
    for offset, signature, what in SIGNATURES:
        if data[offset : offset + len(signature)] == signature and not _only_letters(
            data, offset, signature, what
        ):
            return what
    if MPEG_FRAME.match(data) or AAC_FRAME.match(data):
        return "sound"
    if is_pickle(data):
        return "pickle"
    if is_tensors(data):
        return "safetensors"
    if is_old_pickle(data):
        return "pickle"
    return "text" if looks_like_text(data) else ""


def _only_letters(data: bytes, offset: int, signature: bytes, what: str) -> bool:
    """Return whether this is text that happens to begin with a signature's letters, as "FORM" may."""
    return (
        signature.isascii()
        and what not in ("pdf", "encrypted")
        and signature != b"NIST_1A"
        and looks_like_text(data)
    )


def looks_like_text(data: bytes) -> bool:
    """Return whether the beginning is UTF-8 without control characters."""
    head = data[:HEAD_BYTES]
    if any(byte not in PRINTABLE for byte in head):
        return False
    try:
        data[:65536].decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut by the end of what is looked at is no fault.
        return error.start >= 65536 - 4 and len(data) > 65536
    return True


def is_tensors(data: bytes) -> bool:
    """Return whether bytes begin as safetensors do: a header's length, then an object in JSON."""
    length = int.from_bytes(data[:8], "little")
    return len(data) > 10 and 2 <= length <= len(data) - 8 and data[8:9] == b"{"


def is_pickle(data: bytes) -> bool:
    """Return whether bytes are a pickle of protocol 2 to 5, as far as its first opcodes tell.

    Two bytes alone are met by chance. A pickle that breaks off runs what stands before: one that has come to
    an opcode that runs anything is one.
    """
    if not PICKLE.match(data):
        return False
    count = 0
    try:
        for opcode, _, _ in pickletools.genops(io.BytesIO(data)):
            count += 1
            if count > OPCODES or opcode.name in RUNNING:
                return True
    except (ValueError, IndexError, EOFError, OverflowError):
        return False
    return True


def is_old_pickle(data: bytes) -> bool:
    """Return whether bytes are as pickles of protocol 0 are: opcodes on lines, a dot at the end."""
    return (
        data.endswith(b".") and re.match(rb"(c[\w.]+\n[\w.]+\n|\(dp?\d|\(lp\d|\(i[\w.]+\n)", data) is not None
    )
