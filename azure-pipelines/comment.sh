#!/usr/bin/env bash
# Puts the review into an Azure DevOps pull request as one thread, which later runs update.
#
#   azure-pipelines/comment.sh FILE
#
# Wants the variables of a pull-request run, and SYSTEM_ACCESSTOKEN of a build
# service that may contribute to pull requests.
set -euo pipefail
file=${1:?wanted: azure-pipelines/comment.sh FILE}
number=${SYSTEM_PULLREQUEST_PULLREQUESTID:?this is no pull-request run}
: "${SYSTEM_ACCESSTOKEN:?wanted: the token of the build service}"
[[ $number =~ ^[0-9]+$ ]] || { echo "comment: \"$number\" is not the number of a pull request" >&2; exit 2; }
[[ $(head -n 1 "$file") == "<!-- encryption-review"* ]] || { echo "comment: $file is no review" >&2; exit 2; }
threads="${SYSTEM_COLLECTIONURI:?}${SYSTEM_TEAMPROJECTID:?}/_apis/git/repositories/${BUILD_REPOSITORY_ID:?}/pullRequests/$number/threads"

call() { # METHOD URL [body on the input]
  # The token goes by a file descriptor: arguments are readable to every process of the machine.
  curl --silent --show-error --fail --request "$1" "$2?api-version=7.1" \
    --header @<(printf 'Authorization: Bearer %s' "$SYSTEM_ACCESSTOKEN") --header "Content-Type: application/json" "${@:3}"
}

found=$(call GET "$threads")
place=$(python3 -c '
import json, sys
for thread in json.load(sys.stdin)["value"]:
    first = (thread.get("comments") or [{}])[0]
    if (first.get("content") or "").startswith("<!-- encryption-review") and not thread.get("isDeleted"):
        print(thread["id"], first["id"], sep="/comments/")
        break
' <<<"$found")
body() { python3 -c 'import json, sys
comment = {"content": open(sys.argv[2], encoding="utf-8").read()}
print(json.dumps(comment if sys.argv[1] else {"comments": [{**comment, "commentType": 1}], "status": 4}))' "$place" "$file"; }
if [[ -n $place ]]; then
  body | call PATCH "$threads/$place" --data @- >/dev/null
else
  body | call POST "$threads" --data @- >/dev/null
fi
