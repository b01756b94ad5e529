#!/usr/bin/env bash
# Puts the reviews into the pull request: one comment for each stack, which later runs update.
#
#   .github/comment.sh OWNER/REPOSITORY NUMBER HEAD RUN
#
# COMMENTS holds them (gzip, base64) with spaces between, STACKS the stacks' names: a stack without a review gets a comment
# that says so, because one about an older commit must not stand. Nothing is written for a commit that is no longer the
# newest. Needs `gh` with a token that may write pull requests (GH_TOKEN). A comment is found by its author and its
# first line; whatever somebody has edited into it is overwritten, and read by nothing.
set -euo pipefail
repository=${1:?usage: .github/comment.sh OWNER/REPOSITORY NUMBER HEAD RUN}
number=${2:?} head=${3:?} run=${4:?}
[[ $number =~ ^[0-9]+$ ]] || { echo "comment: \"$number\" is not the number of a pull request" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

newest=$(gh api "repos/$repository/pulls/$number" --jq .head.sha)
if [[ $newest != "$head" ]]; then
  echo "comment: $head is no longer the newest commit of the pull request; nothing is written" >&2
  exit 0
fi
for comment in ${COMMENTS:-}; do
  base64 --decode <<<"$comment" | gunzip >"$folder/next"
  marker=$(sed -nE '1s/^<!-- encryption-review ([A-Za-z0-9._/-]+) [0-9a-f]{64} -->$/\1/p' "$folder/next")
  [[ -n $marker ]] || { echo "comment: this is not a review" >&2; exit 2; }
  mv "$folder/next" "$folder/${marker//\//,}"
done
for stack in ${STACKS:?expected the names of the stacks}; do
  marker=${stack//--/-_} && marker=${marker//[^A-Za-z0-9._\/-]/_}
  file=$folder/${marker//\//,}
  if [[ ! -f $file ]]; then
    printf '%s\n' "<!-- encryption-review $marker $(printf '0%.0s' {1..64}) -->" \
      "### ⛔ Encryption: no review of \`$marker\`" "The review of commit \`$head\` failed: see its [run]($run)." >"$file"
  fi
  found=$(gh api --paginate "repos/$repository/issues/$number/comments" --jq \
    ".[] | select(.user.login == \"github-actions[bot]\" and (.body | startswith(\"<!-- encryption-review $marker \"))) | .id")
  id=${found%%$'\n'*}
  if [[ -n $id ]]; then
    gh api --silent --method PATCH "repos/$repository/issues/comments/$id" --field "body=@$file"
  else
    gh api --silent --method POST "repos/$repository/issues/$number/comments" --field "body=@$file"
  fi
done
