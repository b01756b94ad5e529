"""Many stacks at once: `python -m operate fleet ACTION`. The stacks are the Pulumi.<stack>.yaml files that
fleet.yaml names.

Owns: in what order, how many at once and when to stop (planning.py, pure); what each action does to the
chosen stacks (actions.py), and to one of them (work.py). A CI's matrix, or any `concurrent.futures` executor,
carries it out (rollout.py). Does not own: what an update does, which is Pulumi's and the program's, and what
proof and evidence are, which is verify's and evidence's.
"""
