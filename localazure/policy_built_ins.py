"""The built-in policy definitions that this cloud knows, by id: their titles, and the rules of those that it
evaluates (`policy_built_ins.json`, with its source)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from localazure.web import Json

CUSTOMER_KEY = "67121cc7-ff39-4ab8-b7e3-95b84dab487d"
_FILE = Path(__file__).with_name("policy_built_ins.json")
BUILT_INS: Mapping[str, Json] = json.loads(_FILE.read_text())["definitions"]
