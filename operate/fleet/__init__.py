"""Many stacks at once: `python -m operate fleet ACTION`. The stacks are the Pulumi.<stack>.yaml files that
fleet.yaml names.

Owns: in what order, how many at once, when to stop, and what is left to do (planning.py, pure); what is done
to one stack (work.py); who carries it out is any `concurrent.futures` executor (rollout.py). Does not own:
what an update does, which is Pulumi's and the program's, and what proof and evidence are, which is verify's
and evidence's.
"""
