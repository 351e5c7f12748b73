"""Forms with files are bounded as a whole, before anything of them is read."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MOST_BYTES = 5 * 1024**2


def most_bytes() -> int:
    """Return how long a form with files may be: never shorter than one without."""
    return max(MOST_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)


class Bounded(FileUploadHandler):
    """Refuses a form that says it is too long; a server reads no more of a body than it says."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Look at the length alone."""
        if content_length > most_bytes():
            raise RequestDataTooBig("A form with files is too long.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Leave the content to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
