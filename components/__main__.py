"""The components as a Pulumi package for programs in any language: `pulumi package add ./components`."""

import signal
import sys
from pathlib import Path

# Ctrl-C in a terminal reaches this process, too, even while it imports. It prints no traceback, because the
# engine tells the user.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
# Pulumi starts a plugin by its folder, and this one is a package of the repository.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from components.host import serve
from components.resources.key import EncryptionKey
from components.resources.vault import KeyVault
from components.service import EncryptedAIServicesAccount

COMPONENTS = [EncryptedAIServicesAccount, KeyVault, EncryptionKey]

if __name__ == "__main__":
    serve(COMPONENTS)
