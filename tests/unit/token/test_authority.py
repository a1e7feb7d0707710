"""The trusted authority: which addresses are taken, and how each cloud spells its issuers."""

from __future__ import annotations

import pytest

from fairkeeper.token.authority import EntraAuthority, TokenVersion, is_guid

TENANT = "22222222-bbbb-4bbb-8bbb-222222222222"


@pytest.mark.parametrize(
    "url",
    [
        "http://login.microsoftonline.com",
        "http://sandbox.example/entra",
        "ftp://login.microsoftonline.com",
        "login.microsoftonline.com",
        "https://",
        "https://user@login.microsoftonline.com",
        "https://login.microsoftonline.com?tenant=common",
        "https://login.microsoftonline.com#common",
    ],
)
def test_address_that_is_no_authority_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="authority"):
        EntraAuthority.parse(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1234/entra", "http://localhost:1234/entra/", "http://[::1]:1/entra"])
def test_plain_http_is_taken_for_this_machine(url: str) -> None:
    assert EntraAuthority.parse(url).base == url.rstrip("/")


# Documented for the global and the US Government cloud; for China it is an assumption.
@pytest.mark.parametrize(
    ("base", "v1_issuer"),
    [
        ("https://login.microsoftonline.com", f"https://sts.windows.net/{TENANT}/"),
        ("https://login.microsoftonline.us", f"https://sts.windows.net/{TENANT}/"),
        ("https://login.partner.microsoftonline.cn", f"https://sts.chinacloudapi.cn/{TENANT}/"),
        ("http://127.0.0.1:1234/entra", f"http://127.0.0.1:1234/entra/{TENANT}/"),
    ],
)
def test_each_cloud_spells_its_issuers(base: str, v1_issuer: str) -> None:
    authority = EntraAuthority.parse(base)
    assert authority.issuer(TokenVersion.V1, TENANT) == v1_issuer
    assert authority.issuer(TokenVersion.V2, TENANT) == f"{base}/{TENANT}/v2.0"


@pytest.mark.parametrize("text", [TENANT.upper(), f"{TENANT}\n", TENANT[:-1], "common", "", None, 7, [TENANT]])
def test_only_a_lower_case_guid_is_a_guid(text: object) -> None:
    assert not is_guid(text)
