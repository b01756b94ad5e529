"""What Azure would refuse of resources that are about to be made: asked before anything is written.

`model` has what is about to be made and what was found about it, `questions` asks Resource Manager each
question once, `validation` has Azure's own opinion, `checks` runs it and what only we know.
"""
