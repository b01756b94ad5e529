#!/usr/bin/env bash
# A digest of saved plans: the update applies the plans that were reviewed, or nothing.
#
#   review/plans_digest.sh FOLDER
set -euo pipefail
cd "${1:?usage: review/plans_digest.sh FOLDER}"
find . -name plan.json -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum | sha256sum | cut -d ' ' -f 1
