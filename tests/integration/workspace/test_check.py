"""The screening's own checks run inside the real image, without network, index or a place to write."""

from __future__ import annotations

from tests.integration.workspace.conftest import Room


def write(room: Room, name: str, content: str) -> None:
    """Put a file into the session's home, as its owner."""
    path = room.home / name
    path.write_text(content)
    path.chmod(0o644)


def test_a_file_is_checked_by_command(room: Room) -> None:
    write(room, "small.csv", "region,n_speakers\nnorth,3\nsouth,40\n")
    write(room, "fine.csv", "region,n_speakers\nnorth,31\nsouth,40\n")
    status, out = room.run("parlatory", "check", "small.csv", "fine.csv")
    assert status == 1
    assert "small.csv: would be blocked" in out
    assert "fine.csv: nothing found here" in out
    assert "compares each file" in " ".join(out.split())
    assert room.run("parlatory", "check", "fine.csv")[0] == 0


def test_a_notebook_cell_checks_a_figure_it_made(room: Room) -> None:
    code = (
        "import parlatory as pl, matplotlib; matplotlib.use('Agg')\n"
        "import matplotlib.pyplot as plt; plt.plot([1, 2, 3]); plt.savefig('plot.png')\n"
        "print(pl.check('plot.png').blocked)"
    )
    status, out = room.run("python3", "-c", code)
    assert (status, out.strip().splitlines()[-1]) == (0, "False")


def test_the_library_in_the_image_knows_no_project(room: Room) -> None:
    status, _ = room.run("python3", "-P", "-c", "import egress_review.models")
    assert status != 0
