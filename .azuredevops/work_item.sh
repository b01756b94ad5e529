#!/usr/bin/env bash
# Reports what is new in one open work item, to whose discussion later runs add.
#
#   .azuredevops/work_item.sh FILE ...
#
# Needs the variables of a run, and SYSTEM_ACCESSTOKEN of a build service that may edit work items. WORK_ITEM_TYPE is
# `Task` unless it says otherwise: each process of Azure DevOps has that type.
set -euo pipefail
: "${1:?usage: .azuredevops/work_item.sh FILE ...}" "${SYSTEM_ACCESSTOKEN:?expected the token of the build service}"
title="The cloud is not as the stack says"
items="${SYSTEM_COLLECTIONURI:?}${SYSTEM_TEAMPROJECTID:?}/_apis/wit"

call() { # METHOD PATH TYPE [body on the input]
  # The token goes by a file descriptor: arguments are readable to every process of the machine.
  curl --silent --show-error --fail --request "$1" "$items/$2?api-version=7.1" --data @- \
    --header @<(printf 'Authorization: Bearer %s' "$SYSTEM_ACCESSTOKEN") --header "Content-Type: application/$3"
}

query="SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND [System.Title] = '$title'
  AND [System.Tags] CONTAINS 'language-cmk' AND [System.State] NOT IN ('Closed', 'Done', 'Resolved', 'Removed')"
number=$(python3 -I -c 'import json, sys; print(json.dumps({"query": sys.argv[1]}))' "$query" | call POST wiql json |
  python3 -I -c 'import json, sys; found = json.load(sys.stdin)["workItems"]; print(found[0]["id"] if found else "")')
# The fields hold HTML: what a report quotes must stay text.
patch() {
  head -c 60000 <(cat "${@:2}") | python3 -I -c '
import html, json, sys
number, title = sys.argv[1:]
text = "<pre>" + html.escape(sys.stdin.buffer.read().decode("utf-8", "replace")) + "</pre>"
fields = {"History": text} if number else {"Title": title, "Description": text, "Tags": "language-cmk"}
print(json.dumps([{"op": "add", "path": f"/fields/System.{name}", "value": value} for name, value in fields.items()]))
' "$1" "$title"
}
if [[ -n $number ]]; then
  patch "$number" "$@" | call PATCH "workitems/$number" json-patch+json >/dev/null
else
  patch "" "$@" | call POST "workitems/\$${WORK_ITEM_TYPE:-Task}" json-patch+json >/dev/null
fi
