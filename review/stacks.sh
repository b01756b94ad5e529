#!/usr/bin/env bash
# The reviews of several stacks, from their plans. Runs no program.
#
#   review/stacks.sh FOLDER [option of python -m review ...]
#
# STACKS names the stacks, FOLDER/plan/1, 2, ... hold what review/plan.sh wrote for each in turn, and FOLDER/change is
# the checkout of the change. Writes into FOLDER/reviews/1, 2, ... what review/judge.sh writes. Prints two lines for a job's outputs: code, the gravest of all (2 cannot review, 4, 3, 0),
# and comments, the stacks' comments (gzip, base64) with spaces between. Ends with 0: the caller reads the code.
set -euo pipefail
folder=${1:?usage: review/stacks.sh FOLDER}
shift
: "${STACKS:?expected the names of the stacks, with spaces between}"
here=$(dirname "$0")
grave() { case "$1" in 0) echo 0 ;; 3) echo 1 ;; 4) echo 2 ;; *) echo 3 ;; esac; }
rm -rf "$folder/reviews"
number=0 worst=0 comments=()
for stack in $STACKS; do
  number=$((number + 1)) code=0
  CHANGE=$folder/change "$here/judge.sh" "$stack" "$folder/plan/$number" "$folder/reviews/$number" "$@" >&2 || code=$?
  # What ends with another code has not judged.
  case "$code" in 0 | 3 | 4) ;; *) code=2 ;; esac
  if (($(grave "$code") > $(grave "$worst"))); then worst=$code; fi
  if [[ -f $folder/reviews/$number/comment.md ]]; then
    # Compressed: an environment variable holds 128 kB.
    comments+=("$(gzip --no-name <"$folder/reviews/$number/comment.md" | base64 --wrap=0)")
  fi
done
echo "code=$worst"
echo "comments=${comments[*]-}"
