"""The policy pack's constraints as Azure Policy (`guardrails`, `constraints`, `conditions`), and what to do
when an Azure Policy forbids an account (`denial`)."""
