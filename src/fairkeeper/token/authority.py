"""Which Microsoft Entra we trust: its addresses, and how its issuers are spelled.

Separate, because everything else follows from this one setting: where metadata is read, which host may name keys, and
the only two issuers a tenant's token may carry.

Source: Microsoft Entra, "Access tokens in the Microsoft identity platform", sections "v1.0 and v2.0 tokens" and
"Validate the issuer", read 2026-11-22.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from fairkeeper.values.ids import TenantId

PERSONAL_ACCOUNTS_TENANT = TenantId("9188040d-6c67-4c5b-b112-36a304b66dad")
"""The one tenant of all personal Microsoft accounts."""

TENANT_TEMPLATE = "{tenantid}"
"""What stands for the tenant in an issuer of tenant-independent metadata, and in the issuer of a key."""

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_V1_ISSUER_BASES = {
    "login.microsoftonline.com": "https://sts.windows.net",
    "login.microsoftonline.us": "https://sts.windows.net",
    # Assumption: not documented on the page above; test_authority.py names it.
    "login.partner.microsoftonline.cn": "https://sts.chinacloudapi.cn",
}


class TokenVersion(StrEnum):
    """The two token formats; a token says in `ver` which it is."""

    V1 = "1.0"
    V2 = "2.0"


def is_guid(text: object) -> bool:
    """Say whether this is a GUID in lower case, as Microsoft Entra writes them.

    Example:
        >>> is_guid("9188040d-6c67-4c5b-b112-36a304b66dad"), is_guid("9188040D-6C67-4C5B-B112-36A304B66DAD")
        (True, False)
    """
    return isinstance(text, str) and _GUID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntraAuthority:
    """One cloud's Microsoft Entra, or the sandbox's pretend one; make it with `parse`."""

    base: str
    """Address without a slash at the end; a tenant comes next in every path."""
    v1_issuer_base: str
    """What stands before the tenant in the issuer of a version 1.0 token."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an authority's address.

        Raises:
            ValueError: It is not https (plain http is taken for this machine only), or holds more than host and path.

        Example:
            >>> EntraAuthority.parse("https://login.microsoftonline.com/").v1_issuer_base
            'https://sts.windows.net'
            >>> EntraAuthority.parse("http://127.0.0.1:8701/entra").v1_issuer_base
            'http://127.0.0.1:8701/entra'
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
            raise ValueError(f"the authority {url!r} is not https (http is taken for this machine only)")
        if not host or parts.username is not None or parts.query or parts.fragment:
            raise ValueError(f"the authority {url!r} is more, or less, than a scheme, a host and a path")
        base = f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
        return cls(base=base, v1_issuer_base=_V1_ISSUER_BASES.get(host, base))

    def metadata_url(self, version: TokenVersion, segment: str) -> str:
        """Return where the OpenID Connect metadata of a tenant (GUID, or `common`) lies, for tokens of this version.

        Example:
            >>> EntraAuthority.parse("https://login.microsoftonline.com").metadata_url(TokenVersion.V1, "common")
            'https://login.microsoftonline.com/common/.well-known/openid-configuration'
        """
        middle = "/v2.0" if version is TokenVersion.V2 else ""
        return f"{self.base}/{segment}{middle}/.well-known/openid-configuration"

    def issuer(self, version: TokenVersion, tenant_id: TenantId | str) -> str:
        """Return the one issuer that a token of this version and tenant carries.

        Example:
            >>> entra = EntraAuthority.parse("https://login.microsoftonline.com")
            >>> entra.issuer(TokenVersion.V1, "9188040d-6c67-4c5b-b112-36a304b66dad")
            'https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/'
            >>> entra.issuer(TokenVersion.V2, "9188040d-6c67-4c5b-b112-36a304b66dad")
            'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0'
        """
        if version is TokenVersion.V1:
            return f"{self.v1_issuer_base}/{tenant_id}/"
        return f"{self.base}/{tenant_id}/v2.0"

    def serves(self, url: str) -> bool:
        """Say whether an address lies on the authority's own scheme, host and port; nothing else may name keys.

        Example:
            >>> entra = EntraAuthority.parse("https://login.microsoftonline.com")
            >>> entra.serves("https://login.microsoftonline.com/common/discovery/v2.0/keys")
            True
            >>> entra.serves("https://login.microsoftonline.com.example/keys")
            False
        """
        ours, theirs = urlsplit(self.base), urlsplit(url)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc.lower())
