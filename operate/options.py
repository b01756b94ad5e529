"""The options of each command, in one place; those of a fleet's actions are in fleet/command.py."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import arm_ids, key_uris

Option = tuple[str, Mapping[str, Any]]


def _type(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A type of an option, whose ValueError is told as it is."""

    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
        if found.tzinfo:
            return found.astimezone(UTC).replace(microsecond=0)
    raise argparse.ArgumentTypeError(f"{text!r}: expected a time with a zone, such as 2026-01-31T12:00:00Z")


def _flag(name: str, help: str) -> Option:
    return name, {"action": "store_true", "help": help}


def _value(name: str, help: str, **more: Any) -> Option:
    return name, {"metavar": "NAME", "help": help, **more}


_account = _type(lambda text: arm_ids.account_id(text).text)
_key = _type(key_uris.parse)
_STACK = _value("--stack", "the stack", required=True)
_FILE = _value("--stack", "the stack; it need not exist, its file Pulumi.NAME.yaml is enough", required=True)
_SERVICE = _value("--service", "of a stack of several services, only this one")
_JSON = _flag("--json", "print JSON instead of text")
OPTIONS: Mapping[str, tuple[Option, ...]] = {
    "settings": (
        _FILE,
        _flag("--fix", "correct in the stack's file what has one answer, and show the difference"),
        _JSON,
    ),
    "doctor": (_FILE, _JSON),
    "verify": (
        _STACK,
        _flag("--write-project", "also write, read and delete a project"),
        _flag(
            "--if-reached",
            "with --write-project: a network, a missing role or a kind without projects is no failure",
        ),
        _flag("--revoked", "prove that access is gone, whatever the stack says"),
        _value(
            "--minutes", "wait for a revocation to count; default 15", type=float, default=15, metavar="N"
        ),
        _JSON,
    ),
    "scan": (
        _value("--subscription", "subscriptions to read", nargs="+", required=True, metavar="ID"),
        _JSON,
    ),
    "evidence": (
        _value("--stack", "the accounts of a stack"),
        _value("--account", "ARM ids of accounts", nargs="+", type=_account, metavar="ID"),
        _value("--subscription", "all such accounts of subscriptions", nargs="+", metavar="ID"),
        _value("--out", "folder of the report; default .evidence", type=Path, default=Path(".evidence")),
        _value("--days", "days of the logs to read; default 89", type=int, default=89, metavar="N"),
        _value(
            "--since", "go on from the report in this folder, instead of --days", type=Path, metavar="FOLDER"
        ),
        _value("--sign-with", "URI of an RSA key in a vault that signs the report", type=_key, metavar="KEY"),
        _value("--timestamp", "address of an RFC 3161 time-stamping service", metavar="URL"),
        _value(
            "--at", "judge as of this later time; default the last answer's", type=_moment, metavar="TIME"
        ),
        _JSON,
    ),
    "evidence verify": (
        ("folder", {"type": Path, "metavar": "FOLDER", "help": "the report's folder"}),
        _value(
            "--since",
            "earlier reports that it goes on from, the latest first",
            type=Path,
            nargs="+",
            default=(),
        ),
        _value("--signed-by", "SHA-256 of the public key that should have signed it", default=""),
        _value("--authority", "certificates that vouch for its timestamp, as PEM", type=Path),
        _JSON,
    ),
    "adopt": (
        _STACK,
        _value(
            "--account", "ARM id of an account", required=True, action="append", type=_account, metavar="ID"
        ),
        _value("--name", "the service's name, one for each account", required=True, action="append"),
        _flag("--follows-key", "where Azure shows no key version, the account was bound without one"),
        _JSON,
    ),
    "revoke-commands": (
        _STACK,
        _SERVICE,
        _value("--outputs", "the stack's outputs as JSON, instead of asking Pulumi", metavar="FILE"),
        _value("--account", "an account of which a revocation deletes data", action="append", default=[]),
        _JSON,
    ),
    "revoke": (
        _STACK,
        _SERVICE,
        ("--drill", {"action": "store_true", "required": True, "help": "take access away, and give it back"}),
        _value("--minutes", "how long each may take; default 15", type=float, default=15, metavar="N"),
        _JSON,
    ),
    "recover": (_STACK, _flag("--yes", "take what exists in Azure into the state"), _JSON),
}
