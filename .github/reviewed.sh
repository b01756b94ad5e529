#!/usr/bin/env bash
# The digest of the review that a commit's pull request was merged with; nothing where there was none.
#
#   .github/reviewed.sh OWNER/REPOSITORY COMMIT
#
# Wants `gh` with a token that may read pull requests (GH_TOKEN).
set -euo pipefail
repository=${1:?wanted: .github/reviewed.sh OWNER/REPOSITORY COMMIT}
commit=${2:?}
[[ $commit =~ ^[0-9a-f]{40}$ ]] || { echo "reviewed: \"$commit\" is not a commit" >&2; exit 2; }
number=$(gh api "repos/$repository/commits/$commit/pulls" --jq 'map(select(.merged_at)) | .[0].number // empty')
if [[ -z $number ]]; then exit 0; fi
gh api --paginate "repos/$repository/issues/$number/comments" --jq \
  '.[] | select(.user.login == "github-actions[bot]") | .body' |
  sed -nE 's/^<!-- encryption-review ([0-9a-f]{64}) -->$/\1/p' | head -n 1
