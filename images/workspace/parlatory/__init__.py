"""Speech data in, results out: what a notebook in this enclave can ask for.

    import parlatory as pl

    pl.datasets()                        which recordings this session may use, with licence and attribution
    data = pl.load("prompts-voices")     the newest mounted version, or load(name, version="1.0")
    data.manifest                        one row a recording, a pandas DataFrame
    data.audio(recording)                (waveform [channels, samples] float32, sample rate in Hz)
    data.tensor(recording)               the same waveform as a torch tensor
    data.path(recording)                 the file, for tools that want one
    for recording in data: ...           recordings in the manifest's order, as manifest rows
    pl.check("figure.png", "table.csv")  what the screening finds in files, as far as it can be said in here
    pl.submit("figure.png", "table.csv", title=..., context=..., controls=...)
                                         hands results in to the output checkers
    pl.status()                          where each of your submissions is, and what was found in it
    pl.left()                            how much time and how many bytes this session has left

A session may read the datasets its project is approved for, write to its home, and hand results in. It has
no network, so nothing can be downloaded, installed or sent. What a cell shows is counted against a budget for
the day. This package only asks: the enclave's server decides, and a refusal says why.

The same from a cell's shell: !parlatory datasets | check | submit | status | left | packages
"""

from parlatory.catalogue import Dataset, datasets, load
from parlatory.checks import Checked, check
from parlatory.errors import DoorClosed, NoSuchData, NotChecked, ParlatoryError, Refused
from parlatory.session import Left, left
from parlatory.submissions import Receipt, Submissions, status, submit

__all__ = [
    "Checked",
    "Dataset",
    "DoorClosed",
    "Left",
    "NoSuchData",
    "NotChecked",
    "ParlatoryError",
    "Receipt",
    "Refused",
    "Submissions",
    "check",
    "datasets",
    "help",
    "left",
    "load",
    "status",
    "submit",
]


def help() -> None:
    """Print what this package can do and what a session may do."""
    print(__doc__)
