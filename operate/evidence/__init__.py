"""Evidence for an auditor: what the live cloud says about each account's key, written as JSON and pages.

It only reads. The stack says which accounts there are; of its state only the policy results are used.
"""
