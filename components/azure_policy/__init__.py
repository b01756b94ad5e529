"""The policy pack's constraints as Azure Policy (`guardrails`, `constraints`, `conditions`)."""
