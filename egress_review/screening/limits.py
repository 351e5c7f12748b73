"""The numbers screening works with; the request may set those of the protocol."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds, counts in people, rows, values or characters."""

    minimum_count: int = 10  # people a cell or group must at least hold
    file_bytes: int = 200 * MIB
    total_bytes: int = 500 * MIB
    table_rows: int = 200  # more rows than this are row-level unless they count people
    picture_side: int = 4096  # pixels
    seconds: int = 240  # for the whole submission

    files: int = 200
    name_characters: int = 120
    text_bytes: int = 5 * MIB
    table_bytes: int = 20 * MIB
    notebook_bytes: int = 25 * MIB
    picture_bytes: int = 40 * MIB
    line_characters: int = 20_000
    cell_characters: int = 2_000
    columns: int = 100
    table_cells: int = 200_000
    json_depth: int = 20
    json_values: int = 100_000
    curve_points: int = 10_000  # the longest run of numbers a human is asked to judge
    matrix_values: int = 2_000  # more numbers than this in nested arrays are features, not results
    notebook_cells: int = 500
    notebook_outputs: int = 1_000
    notebook_pictures: int = 60
    blob_characters: int = 48  # an unbroken run of this length is looked into
    decode_depth: int = 4
    decoded_bytes: int = 2 * MIB
    significant_digits: int = 6
    seconds_per_file: int = 40
    at_once: int = 2  # files looked through side by side, never more than there are processors
    memory_bytes: int = 1536 * MIB  # address space of the process that reads one file
    findings: int = 500

    archive_bytes: int = 100 * MIB  # all that one file unpacks to, at any depth
    archive_members: int = 500
    archive_ratio: int = 200  # unpacked over packed, beyond the first MiB of a member
    archive_depth: int = 3  # archives inside archives
    carrier_depth: int = 8  # files inside files, of any kind
    sheets: int = 50
    pdf_pages: int = 60
    page_pixels: int = 4_000_000
    array_bytes: int = 100 * MIB
    arrays: int = 5_000  # in one file
    sound_seconds: int = 3_600
    picture_codes: int = 4  # QR codes in one picture; more are a way to carry data
    read_seconds: int = 12  # for reading the letters of one file's pictures
    opaque_bytes: int = 20 * MIB
