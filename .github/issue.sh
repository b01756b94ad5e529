#!/usr/bin/env bash
# Reports drift in one open issue, on which later runs comment.
#
#   .github/issue.sh OWNER/REPOSITORY FILE ...
#
# Needs `gh` with a token that may write issues (GH_TOKEN). TITLE: another title of the issue.
set -euo pipefail
repository=${1:?usage: .github/issue.sh OWNER/REPOSITORY FILE ...}
shift
title=${TITLE:-The cloud is not as the stack says}
body=$(head -c 60000 <(cat "$@")) # no pipe: what is cut off ends no step
number=$(gh issue list --repo "$repository" --state open --author "app/github-actions" \
  --search "in:title \"$title\"" --json number,title --jq "map(select(.title == \"$title\")) | .[0].number // empty")
if [[ -n $number ]]; then
  gh issue comment "$number" --repo "$repository" --body "$body"
else
  gh issue create --repo "$repository" --title "$title" --body "$body"
fi
