#!/usr/bin/env bash
# Puts the reviews into an Azure DevOps pull request: one thread for each stack, which later runs update.
#
#   .azuredevops/comment.sh HEAD RUN
#
# COMMENTS holds them (gzip, base64) with spaces between, STACKS the stacks' names: a stack without a review gets a
# thread that says so, because one about an older commit must not stand. Needs the variables of a pull-request run, and
# SYSTEM_ACCESSTOKEN of a build service that may contribute to pull requests. Only threads that this build service began
# are its own: whatever anybody else writes or copies is left alone, and read by nothing.
set -euo pipefail
head=${1:?usage: .azuredevops/comment.sh HEAD RUN} run=${2:?}
number=${SYSTEM_PULLREQUEST_PULLREQUESTID:?this is not a pull-request run}
: "${SYSTEM_ACCESSTOKEN:?expected the token of the build service}"
[[ $number =~ ^[0-9]+$ ]] || { echo "comment: \"$number\" is not the number of a pull request" >&2; exit 2; }
pull="${SYSTEM_COLLECTIONURI:?}${SYSTEM_TEAMPROJECTID:?}/_apis/git/repositories/${BUILD_REPOSITORY_ID:?}/pullRequests/$number"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

call() { # METHOD URL [body on the input]
  # The token goes by a file descriptor: arguments are readable to every process of the machine.
  curl --silent --show-error --fail --request "$1" "$2?api-version=${version:-7.1}" \
    --header @<(printf 'Authorization: Bearer %s' "$SYSTEM_ACCESSTOKEN") --header "Content-Type: application/json" "${@:3}"
}

newest=$(call GET "$pull" | python3 -I -c 'import json, sys; print(json.load(sys.stdin)["lastMergeSourceCommit"]["commitId"])')
if [[ $newest != "$head" ]]; then
  echo "comment: $head is no longer the newest commit of the pull request; nothing is written" >&2
  exit 0
fi
me=$(version=7.1-preview call GET "${SYSTEM_COLLECTIONURI}_apis/connectionData" |
  python3 -I -c 'import json, sys; print(json.load(sys.stdin)["authenticatedUser"]["id"])')
call GET "$pull/threads" >"$folder/.threads"
for comment in ${COMMENTS:-}; do
  base64 --decode <<<"$comment" | gunzip >"$folder/.next"
  marker=$(sed -nE '1s/^<!-- encryption-review ([A-Za-z0-9._/-]+) [0-9a-f]{64} -->$/\1/p' "$folder/.next")
  [[ -n $marker ]] || { echo "comment: this is not a review" >&2; exit 2; }
  mv "$folder/.next" "$folder/${marker//\//,}"
done
for stack in ${STACKS:?expected the names of the stacks}; do
  marker=${stack//--/-_} && marker=${marker//[^A-Za-z0-9._\/-]/_}
  file=$folder/${marker//\//,}
  if [[ ! -f $file ]]; then
    printf '%s\n' "<!-- encryption-review $marker $(printf '0%.0s' {1..64}) -->" \
      "### ⛔ Encryption: no review of \`$marker\`" "The review of commit \`$head\` failed: see its [run]($run)." >"$file"
  fi
  place=$(python3 -I -c '
import json, sys
marker, me = sys.argv[1:]
for thread in json.load(sys.stdin)["value"]:
    first = (thread.get("comments") or [{}])[0]
    own = (first.get("author") or {}).get("id") == me and not thread.get("isDeleted")
    if own and (first.get("content") or "").startswith(f"<!-- encryption-review {marker} "):
        print(thread["id"], first["id"], sep="/comments/")
        break
' "$marker" "$me" <"$folder/.threads")
  body() { python3 -I -c 'import json, sys
comment = {"content": open(sys.argv[2], encoding="utf-8").read()}
print(json.dumps(comment if sys.argv[1] else {"comments": [{**comment, "commentType": 1}], "status": 4}))' "$place" "$file"; }
  if [[ -n $place ]]; then
    body | call PATCH "$pull/threads/$place" --data @- >/dev/null
  else
    body | call POST "$pull/threads" --data @- >/dev/null
  fi
done
