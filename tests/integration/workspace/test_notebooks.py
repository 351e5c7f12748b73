"""Every notebook runs in the real image, without a network, on the demo's recordings."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import nbformat
import pytest

from hub.places import places
from tests.integration.workspace.conftest import Room

NOTEBOOKS = sorted((places.checkout / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs(notebook: Path) -> None:
    content = nbformat.read(str(notebook), as_version=4)
    nbformat.validate(content)
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not any(cell.metadata for cell in content.cells)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_first_to_last_cell_and_hands_in(room: Room, notebook: Path) -> None:
    room.door.contents.clear()
    (room.home / "copy.ipynb").write_bytes(notebook.read_bytes())
    execute = ("jupyter", "nbconvert", "--to", "notebook", "--execute", "copy.ipynb", "--output", "ran.ipynb")
    status, out = room.run(*execute)
    assert status == 0, out
    assert set(room.door.contents) == {"figure.png", "table.csv"}
    assert room.door.contents["figure.png"].startswith(b"\x89PNG")
    table = list(csv.DictReader(io.StringIO(room.door.contents["table.csv"].decode())))
    assert [row["measure"] for row in table] == ["duration", "level", "pitch", "centroid"]
    (pitch,) = (row for row in table if row["measure"] == "pitch")
    assert 100 < float(pitch["median"]) < 250
    assert all(int(row["recordings"]) >= 10 for row in table)
    ran = nbformat.read(str(room.home / "ran.ipynb"), as_version=4)
    shown = [output for cell in ran.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type in ("error", "stream")]
    assert any("Handed in as" in output.get("data", {}).get("text/plain", "") for output in shown)
