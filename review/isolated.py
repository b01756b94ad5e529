"""`python -I review/isolated.py ...`: the review, importing nothing from the current folder.

`python -m review` puts the current folder first on the import path, so a file of the change under review
could replace a module of the review. -I imports nothing from the current folder, the environment or the
user's home; the folder that holds this file comes last, so that it shadows nothing.
"""

import sys
import traceback
from pathlib import Path

if __name__ == "__main__":
    if not sys.flags.isolated:
        sys.exit("review: run this with python -I, so that no file of the change is imported")
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from review.__main__ import cannot, main

    try:
        sys.exit(main())
    except Exception:  # noqa: BLE001 - whatever an input does to the review, it is no verdict
        sys.exit(cannot(traceback.format_exc(limit=-5)))
