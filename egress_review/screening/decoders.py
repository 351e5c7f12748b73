"""Reads runs of characters as bytes: the alphabets and escapes that data is usually written in."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import quopri
import re
import urllib.parse
from collections.abc import Callable, Iterator

from egress_review.screening import dumps

BIG = 3_000  # characters of a number in a large base; its arithmetic grows with the square
DIGITS, UPPER, LOWER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE45 = DIGITS + UPPER + " $%*+-./:"
BASE91 = UPPER + LOWER + DIGITS + '!#$%&()*+,./:;<=>?@[]^_`{|}~"'
Z85 = DIGITS + LOWER + UPPER + ".-:+=^!/*?&<>()[]{}@%$#"
B85 = DIGITS + UPPER + LOWER + "!#$%&()*+-;<=>?@^_`{|}~"
BASE32 = UPPER + "234567"
CODES = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:0x|\\x|%|U\+|&#x?|\\u|\\)?[0-9A-Fa-f]{1,8}(?![0-9A-Za-z])[;,.:\-\s|/]*){8,}"
)
NUMBERED_LINE = re.compile(r"^[ \t]*\d{1,6}[ \t]*[,;|:\t]", re.MULTILINE)  # of a table whose rows are counted
LEAST_DRAWN = 16  # bytes
DRAWN = re.compile(rf"[^\x00-\u02ff\s]{{{LEAST_DRAWN},}}")
# A string without a line's end, of printed characters and escapes.
QUOTED = re.compile(
    r"""(['"])((?:\\x[0-9A-Fa-f]{2}|\\[0-7]{1,3}+|\\[abfnrtv'"\\]|(?!\1)[ -\[\]-~]){16,})\1"""
)
LEAST_ESCAPED = 8
MORSE = dict(
    zip(
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
            "-----",
            ".----",
            "..---",
            "...--",
            "....-",
            ".....",
            "-....",
            "--...",
            "---..",
            "----.",
        ],
        LOWER + DIGITS,
        strict=True,
    )
)


def read(run: str) -> Iterator[bytes]:
    """Yield the bytes that each alphabet reads in an unbroken run of characters; most of it chance."""
    plain = run.strip().rstrip("=")
    for alphabet, decode in READERS:
        if re.fullmatch(alphabet, plain if decode not in WITH_PADDING else run.strip()):
            try:
                yield decode(run.strip() if decode in WITH_PADDING else plain)
            except (ValueError, binascii.Error, IndexError, OverflowError):
                continue


def _base16(run: str) -> bytes:
    return binascii.unhexlify(run)


def _base32(run: str) -> bytes:
    return base64.b32decode(run.upper() + "=" * (-len(run) % 8))


def _base32hex(run: str) -> bytes:
    return base64.b32hexdecode(run.upper() + "=" * (-len(run) % 8))


def _crockford(run: str) -> bytes:
    table = str.maketrans("0123456789ABCDEFGHJKMNPQRSTVWXYZ", BASE32)
    return _base32(run.upper().translate(table))


def _zbase32(run: str) -> bytes:
    return _base32(run.lower().translate(str.maketrans("ybndrfg8ejkmcpqxot1uwisza345h769", BASE32)))


def _base64(run: str) -> bytes:
    whole = run.replace("-", "+").replace("_", "/").replace(".", "+").replace(",", "/")
    # A run cut off inside a group of four loses its last character, not all of it.
    whole = whole[:-1] if len(whole) % 4 == 1 else whole
    return base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True)


def _big(alphabet: str) -> Callable[[str], bytes]:
    values = {character: number for number, character in enumerate(alphabet)}

    def decode(run: str) -> bytes:
        if len(run) > BIG:
            raise ValueError("too long")
        total = 0
        for character in run:
            total = total * len(alphabet) + values[character]
        return total.to_bytes((total.bit_length() + 7) // 8, "big")

    return decode


def _base45(run: str) -> bytes:
    out = bytearray()
    values = [BASE45.index(character) for character in run]
    for start in range(0, len(values), 3):
        group = values[start : start + 3]
        total = sum(value * 45**place for place, value in enumerate(group))
        out += total.to_bytes(len(group) - 1, "big")
    return bytes(out)


def _base91(run: str) -> bytes:
    out, value, bits, held = bytearray(), -1, 0, 0
    for character in run:
        digit = BASE91.index(character)
        if value < 0:
            value = digit
            continue
        value += digit * 91
        held |= value << bits
        bits += 13 if (value & 8191) > 88 else 14
        while bits > 7:
            out.append(held & 255)
            held >>= 8
            bits -= 8
        value = -1
    if value >= 0:
        out.append((held | value << bits) & 255)
    return bytes(out)


def _ascii85(run: str) -> bytes:
    return base64.a85decode(run.removeprefix("<~").removesuffix("~>"), ignorechars=b" \t\n\r")


def _z85(run: str) -> bytes:
    return base64.b85decode(run.translate(str.maketrans(Z85, B85)))


def _bits(run: str) -> bytes:
    if len(run) % 8 and not len(run) % 7:
        return bytes(int(run[start : start + 7], 2) for start in range(0, len(run), 7))
    return bytes(int(run[start : start + 8], 2) for start in range(0, len(run) - 7, 8))


def _decimal(run: str) -> bytes:
    return int(run).to_bytes((int(run).bit_length() + 7) // 8, "big")


READERS: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    (r"[01]{40,}", _bits),
    (r"(?:[0-9a-fA-F]{2})+", _base16),
    (r"[A-Z2-7]+|[a-z2-7]+", _base32),
    (r"[A-Za-z0-9+/_\-]+", _base64),
    (r"[A-V0-9]+|[a-v0-9]+", _base32hex),
    (r"[0-9A-HJKMNP-TV-Z]+|[0-9a-hjkmnp-tv-z]+", _crockford),
    (r"[ybndrfg8ejkmcpqxot1uwisza345h769]+", _zbase32),
    (r"\d{20,3000}", _decimal),
    (r"[0-9A-Z]+|[0-9a-z]+", lambda run: _big(DIGITS + LOWER)(run.lower())),
    (r"[1-9A-HJ-NP-Za-km-z]+", _big(BASE58)),
    (r"[0-9A-Za-z]+", _big(DIGITS + UPPER + LOWER)),
    (r"[0-9A-Za-z]+", _big(DIGITS + LOWER + UPPER)),
    (r"[0-9A-Za-z]+", _big(UPPER + LOWER + DIGITS)),
    (r"[0-9A-Za-z!#$%&()*+\-;<=>?@^_`{|}~]+", base64.b85decode),
    (r"(?:<~)?[!-uz]+(?:~>)?", _ascii85),
    (r"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]+", _z85),
    (r"[0-9A-Z $%*+\-./:]+", _base45),
    (r"[A-Za-z0-9!#$%&()*+,./:;<=>?@\[\]^_`{|}~\"]+", _base91),
)
WITH_PADDING = {base64.b85decode, _ascii85, _z85, _base91}


def escapes(text: str) -> Iterator[str]:
    """Yield a text with its escapes read: percent, quoted-printable, HTML, backslashes, punycode."""
    if text.count("%") >= 4 and re.search(r"(%[0-9A-Fa-f]{2}){2}|(%[0-9A-Fa-f]{2}.{0,6}){4}", text):
        yield urllib.parse.unquote(text, errors="replace")
    if text.count("&") >= 3 and re.search(r"&#?\w{2,8};", text):
        plain = html.unescape(html.unescape(text))
        yield plain
        # A letter in each element reads as words, once the elements are gone.
        if plain.count("</") >= 4:
            yield re.sub(r"<[^<>]{1,80}>", "", plain)
    if text.count("\\") >= 4 and re.search(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[0-7]{3})", text):
        yield re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3}))", _escaped, text)
    if text.count("=") >= 4 and re.search(r"(=[0-9A-F]{2}.{0,6}){4}", text):
        yield quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    if "xn--" in text:
        yield re.sub(r"xn--[a-z0-9\-]+", _punycode, text)


def _escaped(match: re.Match[str]) -> str:
    hexadecimal = match[1] or match[2]
    return chr(int(hexadecimal, 16) if hexadecimal else int(match[3], 8))


def _punycode(match: re.Match[str]) -> str:
    try:
        return match.group()[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return match.group()


def uuencoded(text: str) -> Iterator[bytes]:
    """Yield what blocks of uuencoded lines hold."""
    for match in re.finditer(
        r"^begin(?:-base64)? [0-7]{3,4} \S.*\n((?:.*\n)*?)(?:end|====)", text, re.MULTILINE
    ):
        out = bytearray()
        for line in match[1].split("\n"):
            try:
                out += binascii.a2b_uu(line)
            except binascii.Error:
                break
        if out:
            yield bytes(out)


def numbered(text: str) -> Iterator[tuple[int, bytes]]:
    """Yield lists of character codes (decimal, hex, octal, binary) as the bytes they spell, and where."""
    yield from _codes(text)
    yield from _quoted(text)
    yield from dumps.read(text)
    if not text.isascii():
        yield from _drawn(text)
    if NUMBERED_LINE.search(text):
        # Blanks of the same length keep the offsets.
        yield from _codes(NUMBERED_LINE.sub(lambda match: " " * len(match.group()), text))


def _codes(text: str) -> Iterator[tuple[int, bytes]]:
    for match in CODES.finditer(text):
        run = match.group()
        tokens = re.findall(r"(?:0x|\\x|%|U\+|&#x?|\\u|\\)?([0-9A-Fa-f]+)", run)
        if len(set(tokens)) < 4 or len(tokens) < 8:
            continue
        for base in _bases(run, tokens):
            values = [int(token, base) for token in tokens]
            if max(values) < 256:
                yield match.start(), bytes(values)
            if max(values) <= 0x10FFFF and min(values) >= 9 and max(values) >= 128:
                yield match.start(), "".join(map(chr, values)).encode("utf-8", "replace")
            if max(values) <= 26 and min(values) >= 1:
                yield match.start(), bytes(value + 96 for value in values)


def _quoted(text: str) -> Iterator[tuple[int, bytes]]:
    """Yield strings of a program that are bytes: letters as they are, other bytes behind a backslash."""
    for match in QUOTED.finditer(text):
        if match[2].count("\\") >= LEAST_ESCAPED:
            try:
                yield match.start(), codecs.escape_decode(match[2].encode("ascii"))[0]
            except ValueError:
                continue


def _drawn(text: str) -> Iterator[tuple[int, bytes]]:
    """Yield runs of signs of one block of Unicode as the bytes, or halves of bytes, that they count."""
    for match in DRAWN.finditer(text):
        codes = [ord(character) for character in match.group()]
        low, high = min(codes), max(codes)
        if 16 <= high - low < 64 and len(codes) >= 2 * LEAST_DRAWN:
            for base in {low, low & ~63}:
                bits = "".join(f"{code - base:06b}" for code in codes if code - base < 64)
                yield match.start(), int(bits, 2).to_bytes((len(bits) + 7) // 8, "big")
                yield match.start(), int(bits[: len(bits) // 8 * 8], 2).to_bytes(len(bits) // 8, "big")
        if high - low < 16 and len(codes) >= 2 * LEAST_DRAWN:
            halves = [code - (low & ~15 if high >> 4 == low >> 4 else low) for code in codes]
            pairs = zip(halves[::2], halves[1::2], strict=False)
            yield match.start(), bytes(16 * first + second for first, second in pairs)
        elif high - low < 256:
            # Blocks begin where the last eight bits are 0; a list of signs may begin anywhere.
            for base in {low & ~255 if high >> 8 == low >> 8 else low, low & ~127}:
                if high - base < 256:
                    yield match.start(), bytes(code - base for code in codes)


def _bases(run: str, tokens: list[str]) -> list[int]:
    if all(re.fullmatch("[01]{7,8}", token) for token in tokens):
        return [2]
    bases = []
    marked = re.search(r"0x|\\x|%|U\+|&#x|\\u", run)
    if not marked and all(token.isdecimal() and len(token) <= 7 for token in tokens):
        bases.append(10)
        if all(set(token) <= set("01234567") and len(token) <= 3 for token in tokens):
            bases.append(8)
    if marked or len({len(token) for token in tokens}) == 1:
        bases.append(16)
    return bases


def morse(text: str) -> str | None:
    """Return what dots and dashes spell, None where hardly anything else is written."""
    signs = text.translate(str.maketrans("\u00b7\u2022\u2013\u2014\u2212", "..---"))
    if len(signs) < 20 or not re.fullmatch(r"[.\-/|\s]+", signs) or len(set(signs)) < 3:
        return None
    words = re.split(r"\s*[/|]\s*|\s{3,}|\n", signs)
    return " ".join("".join(MORSE.get(sign, "?") for sign in word.split()) for word in words)


def rotated(run: str) -> Iterator[str]:
    """Yield a run of characters read backwards, under rot13, and with its case turned."""
    yield run[::-1]
    yield codecs.encode(run, "rot13")
    yield run.swapcase()
