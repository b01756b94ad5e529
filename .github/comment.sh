#!/usr/bin/env bash
# Puts the review into the pull request as one comment, which later runs update.
#
#   .github/comment.sh OWNER/REPOSITORY NUMBER FILE
#
# Wants `gh` with a token that may write pull requests (GH_TOKEN). The comment is found by its first line.
set -euo pipefail
repository=${1:?wanted: .github/comment.sh OWNER/REPOSITORY NUMBER FILE}
number=${2:?} file=${3:?}
[[ $number =~ ^[0-9]+$ ]] || { echo "comment: \"$number\" is not the number of a pull request" >&2; exit 2; }
[[ $(head -n 1 "$file") == "<!-- encryption-review"* ]] || { echo "comment: $file is no review" >&2; exit 2; }

found=$(gh api --paginate "repos/$repository/issues/$number/comments" --jq \
  '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("<!-- encryption-review"))) | .id')
id=${found%%$'\n'*}
if [[ -n $id ]]; then
  gh api --silent --method PATCH "repos/$repository/issues/comments/$id" --field "body=@$file"
else
  gh api --silent --method POST "repos/$repository/issues/$number/comments" --field "body=@$file"
fi
