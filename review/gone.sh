#!/usr/bin/env bash
# After a failed refresh, what the program says of a resource that is gone, on standard error.
#
#   review/gone.sh STACK OUTPUT ...
#
# azure-native takes a 404 for a resource that is gone by its code alone, and not Key Vault's KeyNotFound
# (pulumi-azure-native#4841): the refresh fails before the program runs, which knows the way back.
set -euo pipefail
stack=${1:?usage: review/gone.sh STACK OUTPUT ...}
shift
if grep -q 'Status=404 ' "$@"; then
  echo "review: the refresh failed at a resource that is gone; what the program says of that:" >&2
  pulumi preview --stack "$stack" --non-interactive --color never >&2 || true
fi
