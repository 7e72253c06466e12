"""``python -m earthcare_synthetic [--quicklook] PRODUCT_ID FOLDER [SCENES]``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from earthcare_synthetic.granules import write_product, write_quicklook
from earthcare_synthetic.naming import can_write


def main() -> int:
    """Write one granule, or its quicklook."""
    if sys.stderr is None:  # a service, pythonw, `2>&-`
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    parser = argparse.ArgumentParser(prog="python -m earthcare_synthetic", description=__doc__)
    parser.add_argument("--quicklook", action="store_true", help="write the picture only")
    parser.add_argument("product_id", metavar="PRODUCT_ID")
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument(
        "scenes",
        metavar="SCENES",
        type=Path,
        nargs="?",
        help="where scenes are kept for the other products of a frame (by default FOLDER)",
    )
    arguments = parser.parse_args()
    if not can_write(arguments.product_id):
        sys.stderr.write(f"There is no writer for {arguments.product_id}.\n")
        return 2
    write = write_quicklook if arguments.quicklook else write_product
    write(arguments.product_id, arguments.folder, arguments.scenes or arguments.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
