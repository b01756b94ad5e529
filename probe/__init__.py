"""`python -m probe`: asks Azure itself what nobody observed of it, with the smallest real things, and removes
them.

`conversation` sends and records, `scene` makes and removes, `questions` is the table, `asking` goes through
it and writes what was found.
"""
