"""Why a command cannot go on. Imports nothing, so that every part can raise it."""


class OperateError(Exception):
    """A command cannot go on; the message says what was found and what to do."""

    exit_code = 2


class DeclinedError(OperateError):
    """The command ran, and refuses what was requested."""

    exit_code = 1
