# Sourced by .github/login.sh and .azuredevops/login.sh, which define `assertion`: it prints a federated assertion that the
# platform has just made. Keeps a file with one that is never older than ASSERTION_SECONDS, until the step ends.
#
# An assertion lives 5 to 10 minutes (Azure/login#372, read on 2026-11-28), and each pulumi process logs in with what the file
# holds when it starts: a second process of a long step would be refused with AADSTS700024.
AZURE_FEDERATED_TOKEN_FILE=$(mktemp "${1:?usage: source .ci/assertion.sh FOLDER}/oidc.XXXXXX")
export AZURE_FEDERATED_TOKEN_FILE

renew_assertion() {
  # In the place of the one before at once: a process may be reading it.
  (umask 077 && assertion >"$AZURE_FEDERATED_TOKEN_FILE.new") && mv "$AZURE_FEDERATED_TOKEN_FILE.new" "$AZURE_FEDERATED_TOKEN_FILE"
}

renew_assertion
# One that the platform does not give now may be given the next time. The step's shell ends this, or this sees that it is gone.
while sleep "${ASSERTION_SECONDS:-120}" && kill -0 $$; do renew_assertion || true; done >/dev/null 2>&1 &
# shellcheck disable=SC2064 # the process is this one
trap "kill $! 2>/dev/null || true; rm -f '$AZURE_FEDERATED_TOKEN_FILE' '$AZURE_FEDERATED_TOKEN_FILE.new'" EXIT
