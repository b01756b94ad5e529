"""The encryption review: what a `pulumi preview` would do to data at rest, for the person who approves it.

It knows resource types and no program, so it works for any. It neither runs Pulumi nor posts comments.
"""
