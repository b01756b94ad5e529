"""Many stacks at once: `python -m operate fleet ACTION`. The stacks are the Pulumi.<stack>.yaml files that
fleet.yaml names.

Owns: in what order and when to stop (planning.py, pure; rollout.py, on threads of this machine), what each
action does to the chosen stacks (actions.py) and to one of them (work.py). More machines are a CI's matrix.
Does not own: what an update does, which is Pulumi's and the program's, and what proof and evidence are.
"""
