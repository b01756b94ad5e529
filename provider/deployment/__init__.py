"""What Azure would refuse of resources that are about to be made: asked before anything is written.

| module | owns |
|---|---|
| `model` | what is about to be made, and what was found about it |
| `questions` | how Resource Manager is asked: each question once, a few at a time |
| `checks` | the table of checks, and running them |
| `validation` | Azure's own validation: what it refuses, in its own words |
| `names`, `locks`, `references`, `terms` | one check of our own each |

A check refuses only what it read. What this login may not read is reported as not checked.
"""
