#!/usr/bin/env bash
# The encryption review of a stack's plan. Runs no program, and takes nothing of the change but data.
#
#   review/judge.sh STACK PLAN FOLDER [option of python -m review ...]
#
# PLAN holds what review/plan.sh wrote. Writes into FOLDER: comment.md, review.json, refresh.json (what is there now).
# Ends with the review's exit code: 0 nothing or notes, 3 needs a named approval, 4 blocked, 2 cannot review.
# Needs the engine on PATH and a login to Azure that can read. APPROVALS names another file than
# encryption-approvals.yaml, CHANGE the checkout of the change where it is not the current folder.
set -euo pipefail
stack=${1:?usage: review/judge.sh STACK PLAN FOLDER}
plan=${2:?usage: review/judge.sh STACK PLAN FOLDER}
folder=${3:?usage: review/judge.sh STACK PLAN FOLDER}
shift 3
mkdir -p "$folder"
rm -f "$folder"/{comment.md,review.json,refresh.json,refresh.txt}
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
change=${CHANGE:-.}
approvals=${APPROVALS:-$change/encryption-approvals.yaml}
state=$(mktemp)
trap 'rm -f "$state"' EXIT

pulumi stack export --stack "$stack" --non-interactive --color never >"$state"
pulumi refresh --preview-only --stack "$stack" --non-interactive --color never --json \
  >"$folder/refresh.json" 2>"$folder/refresh.txt" || {
  echo "review: what is there now could not be read" >&2
  tail -n 20 "$folder/refresh.txt" | "$root/review/quoted.sh" review
  exit 2
}
options=(--plan "$plan/plan.json" --refresh "$folder/refresh.json" --state "$state" --stack "$stack"
  --markdown "$folder/comment.md" --json "$folder/review.json")
if [[ -f "$plan/events.jsonl" ]]; then options+=(--policies "$plan/events.jsonl"); fi
if [[ -L $approvals ]]; then
  echo "review: $approvals is a link, expected a file of the change" >&2
  exit 2
elif [[ -f $approvals ]]; then options+=(--approvals "$approvals"); fi
# The files of the change without the approvals, which come after it: an approval counts for these files alone.
if listed=$(git -C "$change" ls-tree -r HEAD 2>/dev/null); then
  commit=$(grep -v $'\tencryption-approvals\\.yaml$' <<<"$listed" | sha256sum | cut -d ' ' -f 1)
  options+=(--commit "$commit" --head "$(git -C "$change" rev-parse HEAD)")
fi
"$python" -I "$root/review/__main__.py" "$plan/preview.json" "${options[@]}" "$@"
