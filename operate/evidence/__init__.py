"""Evidence for an auditor: the live cloud's answers about each account's key, written as JSON and pages.

It only reads. A stack's outputs name the accounts, its history the deployments, and its tags the drills.
"""
