"""Say why nothing can be installed, and what to do instead."""

import sys

print(
    "Nothing can be installed here: a session has no network.\n"
    "Most of what speech research needs is in the image; `parlatory packages` lists it.\n"
    "For anything else, ask your project lead to have it added to the workspace image.",
    file=sys.stderr,
)
sys.exit(1)
