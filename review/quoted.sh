#!/usr/bin/env bash
# What may quote a change, on standard error: each line with our own words before it, so that a job's runner takes none for
# a command.
#
#   review/quoted.sh WORDS <FILE
set -euo pipefail
words=${1:?usage: review/quoted.sh WORDS <FILE}
tr '\r' '\n' | sed "s/^/$words: /; s/##/# #/g" >&2
