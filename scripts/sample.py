"""Draw samples/nyc_taxi.csv from the full file: as many first rows as fit, in fewest digits."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

MAX_BYTES = 1_000_000
REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY.parent / "shared" / "data" / "nyc_taxi_buildings_10k.csv"
TARGET = REPOSITORY / "samples" / "nyc_taxi.csv"


def shortest(text: str) -> str:
    """The same double in fewer digits (`5.7999999999999998` is `5.8`); other text as it is."""
    if "." not in text or len(text) > 25:
        return text
    try:
        return repr(float(text))
    except ValueError:
        return text


def line(row: list[str]) -> str:
    """One row as CSV text with its line end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([shortest(field) for field in row])
    return out.getvalue()


def main() -> None:
    """Write the sample; the source's path may be given as the only argument."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    size = 0
    with source.open(newline="") as rows, TARGET.open("w", newline="") as out:
        for row in csv.reader(rows):
            text = line(row)
            size += len(text.encode())
            if size > MAX_BYTES:
                break
            out.write(text)


if __name__ == "__main__":
    main()
