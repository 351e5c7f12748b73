"""One multipart upload, read piece by piece under limits and hashed while it arrives."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType

from multipart import (  # type: ignore[import-untyped]  # the library carries no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from egress_review import names
from egress_review.incoming import Incoming
from egress_review.vault import Vault
from hub.errors import Invalid, ParlatoryError

MIB = 1024**2
FIELDS = ("title", "context", "controls")
OPTIONAL = ("declared", "replaces")
LINE_ENDS = (b"\r", b"\r\n")
# A body beyond the limits is read and thrown away up to here, so that its sender can read why; of one that
# says it is longer nothing is read, and one that doesn't say how long it is is cut off here.
LONGEST_BODY_BYTES = 1024**3


class TooLarge(ParlatoryError):
    """More was sent than a hand-in may hold."""


@dataclass(frozen=True)
class UploadLimits:
    """How much one hand-in may hold."""

    files: int = 50
    file_bytes: int = 200 * MIB
    total_bytes: int = 500 * MIB
    field_bytes: int = 20_000
    free_bytes: int = 1024 * MIB

    @property
    def body_bytes(self) -> int:
        """The longest request body: the files and what multipart puts around them."""
        return self.total_bytes + len(FIELDS + OPTIONAL) * self.field_bytes + MIB


@dataclass(frozen=True)
class Arrived:
    """A file that has arrived: its name, and its frozen bytes outside the vault's reach so far."""

    name: str
    content: Incoming


@dataclass
class Upload:
    """What has arrived so far; used as a context, it leaves nothing behind in `incoming`."""

    vault: Vault
    limits: UploadLimits
    content_type: str
    content_length: int
    fields: dict[str, str] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)

    def __post_init__(self) -> None:
        kind, options = parse_options_header(self.content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise Invalid("Send the files as multipart/form-data; `parlatory.submit(…)` does that.")
        if self.content_length > self.limits.body_bytes:
            raise too_large(self.limits, self.content_length)
        if self.vault.free_bytes() < self.limits.free_bytes + max(self.content_length, 0):
            raise TooLarge("The enclave has no room for these files now; tell the enclave's admin.")
        self._parser = PushMultipartParser(
            options["boundary"],
            content_length=self.content_length,
            max_header_size=4096,
            max_header_count=8,
            max_segment_count=self.limits.files + len(FIELDS + OPTIONAL) + 1,
            strict=True,
        )
        self._segment: MultipartSegment | None = None
        self._text = bytearray()
        self._open: Incoming | None = None
        self._total_bytes = 0
        # Bytes arrive on a thread of a pool while a cut connection drops the upload from another.
        self._lock = Lock()
        self._dropped = False
        self._held = b""

    def __enter__(self) -> Upload:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the body; what comes after a drop is ignored."""
        with self._lock:
            piece = self._held + piece
            # The line end after the last boundary may come alone, and the strict parser takes none then.
            self._held = piece if piece in LINE_ENDS else b""
            if not self._dropped and not self._held:
                self._parse(piece)

    def _parse(self, piece: bytes) -> None:
        try:
            for event in self._parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is None:
                    self._end()
                else:
                    self._take(event)
        except MultipartError as error:
            raise Invalid(f"The upload can't be read as multipart/form-data ({error}).") from error

    def finish(self) -> None:
        """Check that all of it arrived and that nothing mandatory is missing."""
        if not self._parser.closed:
            self._parse(b"")
        missing = [name for name in FIELDS if not self.fields.get(name, "").strip()]
        if missing:
            raise Invalid(f"The hand-in lacks its {' and '.join(missing)}; say it in a sentence.")
        if not self.arrived:
            raise Invalid("The hand-in holds no file; give at least one.")

    def drop(self) -> None:
        """Forget everything that was not kept in the vault."""
        with self._lock:
            self._dropped = True
            self._open = None
            for item in self.arrived:
                item.content.drop()

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        if segment.disposition != "form-data":
            raise Invalid("Each part of the upload must be form-data.")
        if segment.filename is not None:
            self._begin_file(segment)
        elif segment.name not in FIELDS + OPTIONAL:
            raise Invalid(
                "The upload has a field that is none of title, context, controls, declared and files."
            )
        elif segment.name in self.fields:
            raise Invalid(f"The upload gives its {segment.name} twice.")

    def _begin_file(self, segment: MultipartSegment) -> None:
        if segment.name != "files":
            raise Invalid("Send every file under the field name `files`.")
        if len(self.arrived) >= self.limits.files:
            raise TooLarge(f"A hand-in holds at most {self.limits.files} files; hand in fewer at once.")
        given = [item.name for item in self.arrived]
        name = names.distinct([*given, segment.filename or ""])[-1]
        self._open = self.vault.incoming()
        self.arrived.append(Arrived(name, self._open))

    def _take(self, data: bytes | bytearray) -> None:
        if self._open is None:
            self._text += data
            if len(self._text) > self.limits.field_bytes:
                raise TooLarge(f"A text of the hand-in is longer than {self.limits.field_bytes} bytes.")
            return
        self._total_bytes += len(data)
        if self._open.size_bytes + len(data) > self.limits.file_bytes:
            largest = self.limits.file_bytes // MIB
            raise TooLarge(
                f"{self.arrived[-1].name} is larger than {largest} MiB; hand in something smaller."
            )
        if self._total_bytes > self.limits.total_bytes:
            raise too_large(self.limits, self.content_length)
        self._open.write(data)

    def _end(self) -> None:
        if self._open is not None:
            self._open.finish()
            self._open = None
        elif self._segment is not None and self._segment.name is not None:
            try:
                self.fields[self._segment.name] = self._text.decode("utf-8")
            except UnicodeDecodeError as error:
                raise Invalid(f"The {self._segment.name} of the hand-in is not UTF-8 text.") from error
        self._text = bytearray()
        self._segment = None


def too_large(limits: UploadLimits, said_bytes: int) -> TooLarge:
    """Return the refusal of a hand-in that is too large, with how much it may hold and how much it does."""
    most, each = limits.total_bytes // MIB, limits.file_bytes // MIB
    given = f"{-(-said_bytes // MIB):,} MiB" if said_bytes > limits.total_bytes else "more"
    return TooLarge(
        f"A hand-in holds at most {most} MiB in all and {each} MiB a file, and this one has {given}; "
        "hand in less at once."
    )
