"""The encryption review: what a `pulumi preview` would do to data at rest, for the person who approves it.

Owns: reading the engine's JSON, the facts of each account before and after, the verdicts, the report.
Does not own: running Pulumi, posting comments. It knows resource types and no program, so it works for any.
"""
