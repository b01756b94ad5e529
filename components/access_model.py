"""The two models by which a vault grants the use of its keys. A vault has one or the other, never both. A
managed HSM has roles of its own, which nobody chooses."""

ACCESS_POLICY, RBAC, MANAGED_HSM = "accessPolicy", "rbac", "managedHsm"
