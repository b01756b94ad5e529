"""Names of the program."""

SERVICE = "claims"
