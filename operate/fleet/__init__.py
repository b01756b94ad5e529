"""Many stacks at once: `python -m operate fleet ACTION`. The stacks are the Pulumi.<stack>.yaml files that
fleet.yaml names.

Owns: the order and the halt (planning.py, pure; rollout.py, on threads of this machine), and the actions on
the chosen stacks (actions.py) and on one of them (work.py). To use more machines, a CI makes a matrix.
Does not own: the update itself, which Pulumi and the program do, and the content of proof and evidence.
"""
