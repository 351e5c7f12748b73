"""Runs inside ACRO's own environment: reads a table and a call from standard input, prints ACRO's status."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    # ACRO writes beside where it runs.
    os.chdir(tempfile.mkdtemp(prefix="acro-"))
    logging.disable(logging.CRITICAL)
    import acro as package
    import pandas

    acro = package.ACRO(suppress=False)
    rows = pandas.DataFrame(asked["rows"])
    given = asked["arguments"]
    match asked["call"]:
        case "crosstab":
            acro.crosstab(rows[given["index"]], rows[given["columns"]])
        case "pivot_table":
            acro.pivot_table(rows, index=[given["index"]], values=[given["values"]], aggfunc=["mean"])
        case "max":
            acro.pivot_table(rows, index=[given["index"]], values=[given["values"]], aggfunc=["max"])
        case "ols":
            acro.ols(rows["y"], rows[["x"]])
    sys.stdout.write(f"\n{acro.results.get_index(0).status}\n")
