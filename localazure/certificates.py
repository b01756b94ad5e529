"""The certificate authority of one local Azure, and the one certificate its endpoints show.

The authority's private key is used once and never written: nothing can be certified with it later. No
system store is touched; clients find the authority through SSL_CERT_FILE and its like.
"""

import shutil
import ssl

from localazure.home import Home, write_private
from localazure.national_clouds import CLOUDS
from localazure.web import ACCOUNT_NAMES, ARM_REGIONS, Host, host_of

_PUBLIC = (*(str(host) for host in Host), *(f"*.{name}" for name in (ARM_REGIONS, *ACCOUNT_NAMES)))
_NAMES = (*_PUBLIC, *(cloud.from_public(name) for cloud in CLOUDS for name in _PUBLIC))


def ensure_certificates(home: Home) -> None:
    """Makes authority and certificate unless there are some for these host names."""
    names = home.tls / "names.txt"
    if names.exists() and names.read_text() == "\n".join(_NAMES):
        return
    import trustme  # noqa: PLC0415 - only the first start needs it, and every start is counted

    draft = home.tls.with_name("tls.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    authority = trustme.CA(organization_name="local Azure", organization_unit_name=str(home.path.parent.name))
    leaf = authority.issue_cert(*_NAMES, common_name=str(Host.ARM))
    write_private(draft / "ca.pem", authority.cert_pem.bytes().decode())
    chain = "".join(blob.bytes().decode() for blob in leaf.cert_chain_pems)
    write_private(draft / "server.pem", leaf.private_key_pem.bytes().decode() + chain)
    write_private(draft / "names.txt", "\n".join(_NAMES))
    shutil.rmtree(home.tls, ignore_errors=True)
    draft.rename(home.tls)


def server_context(home: Home) -> ssl.SSLContext:
    """TLS as Azure speaks it (1.2 or newer), for the names that are served and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(home.tls / "server.pem")
    context.sni_callback = _require_known_name
    return context


def serves(name: str) -> bool:
    """Whether a host name is one of the served ones, a `*` standing for one label."""
    return "*" not in name and host_of(name) is not None


def _require_known_name(_: ssl.SSLObject | ssl.SSLSocket, name: str | None, __: ssl.SSLContext) -> int | None:
    if name is not None and serves(name):
        return None
    return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
