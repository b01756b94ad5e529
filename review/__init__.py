"""The encryption review tells the person who approves a change what a `pulumi preview` would do to data at
rest.

It knows resource types and no program, so it works for any. It neither runs Pulumi nor posts comments.
"""
