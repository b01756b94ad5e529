#!/bin/bash
# Runs the commands of the outputs `exampleCommand`, one an argument, as whoever is logged in to the az CLI.
set -euo pipefail
az login --service-principal --username "$AZURE_CLIENT_ID" --password="$AZURE_CLIENT_SECRET" \
  --tenant "$AZURE_TENANT_ID" --output none
for command in "$@"; do
  eval "$command"
done
