"""The two models by which a vault grants the use of its keys. A vault has one or the other, never both."""

ACCESS_POLICY, RBAC = "accessPolicy", "rbac"
