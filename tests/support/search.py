"""How far the long tests search, and where they begin.

`SEED=7` repeats the run that printed it. `SEARCH=wide` goes through every combination, kill and stack, which
takes hours instead of minutes.
"""

import os

SEED = int(os.environ.get("SEED", "1"))
WIDE = os.environ.get("SEARCH") == "wide"
