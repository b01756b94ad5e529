"""Evidence for an auditor: what the live cloud says about each account's key, written as JSON and pages.

Owns: what is asked, what follows from the answers, how it is shown. Reads only; a stack says which accounts
there are, and nothing else is taken from its state but the policy results, which say so.
"""
