#!/usr/bin/env bash
# Who wrote and who approved the pull request that a commit was merged with, as two options of the review, and in a third
# line as a deployment records it; nothing where there was none.
#
#   .github/people.sh OWNER/REPOSITORY COMMIT
#
# Needs `gh` with a token that may read pull requests (GH_TOKEN). Only approvals of the last commit count.
set -euo pipefail
repository=${1:?usage: .github/people.sh OWNER/REPOSITORY COMMIT}
commit=${2:?}
[[ $commit =~ ^[0-9a-f]{40}$ ]] || { echo "people: \"$commit\" is not a commit" >&2; exit 2; }
merged=$(gh api "repos/$repository/commits/$commit/pulls" --jq \
  'map(select(.merged_at)) | .[0] // empty | "\(.number) \(.head.sha) \(.user.login)"')
if [[ -z $merged ]]; then exit 0; fi
read -r number head author <<<"$merged"
[[ $number =~ ^[0-9]+$ && $head =~ ^[0-9a-f]{40}$ ]] || { echo "people: GitHub's answer is not a pull request" >&2; exit 2; }
approvers=$(gh api --paginate "repos/$repository/pulls/$number/reviews" --jq \
  ".[] | select(.state == \"APPROVED\" and .commit_id == \"$head\") | .user.login" | sort -u | paste -sd, -)
echo "--author=$author"
echo "--approvers=$approvers"
echo "pull request $number${approvers:+; approved by $approvers}"
