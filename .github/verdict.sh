#!/usr/bin/env bash
# Whether a pull request passes the check `encryption`, by what its jobs ended with.
#
# Reads REVIEW and LOCAL (results of jobs), CODE (of the review), FORK (true or false), and IDENTITY (empty where
# the repository has none, and in a fork's run, which is told no variables of the repository).
set -euo pipefail
case "${REVIEW:-}/${CODE:-}" in
  success/0) echo "nothing gets worse that nobody approved" ;;
  success/3) echo "::error::the review needs a named approval: its comment has the entry to write" && exit 1 ;;
  success/*) echo "::error::the review ended with ${CODE:-nothing}: read its comment" && exit 1 ;;
  skipped/*)
    if [[ ${FORK:-} != false ]]; then
      echo "::error::this comes from a fork, whose changes cannot be compared with the stack. A maintainer reads it," \
        "pushes it to a branch of this repository and opens the pull request from there." && exit 1
    fi
    [[ -z ${IDENTITY:-} ]] || { echo "::error::the review did not run" && exit 1; }
    # No stack to review: nothing is deployed from here either.
    [[ ${LOCAL:-} == success ]] || { echo "::error::the review on the local Azure failed" && exit 1; } ;;
  *) echo "::error::the review did not run: ${REVIEW:-no result}" && exit 1 ;;
esac
