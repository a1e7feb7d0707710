"""A server starts with whatever is configured, and says which setting is missing when the missing part is needed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from fairkeeper.bootstrap.application import webhook_expectation
from fairkeeper.bootstrap.connectors import (
    make_access_tokens,
    make_authority,
    make_fulfillment,
    make_http_client,
    make_sign_in,
    make_validator,
    missing_for_fulfillment,
)
from fairkeeper.bootstrap.settings import Settings, SettingsError, read_settings
from fairkeeper.microsoft.errors import OwnConfigurationError
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.ids import SubscriptionId

TENANT = "fa111111-0000-4000-8000-000000000001"
APP = "fa111111-0000-4000-8000-0000000000f1"
SIGN_IN_APP = "FA111111-0000-4000-8000-0000000000F2"


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    return read_settings(data_dir=tmp_path)


@pytest.fixture
def whole(tmp_path: Path) -> Settings:
    return read_settings(
        data_dir=tmp_path,
        entra_tenant_id=TENANT.upper(),
        fulfillment_app_id=APP,
        fulfillment_app_secret="secret",
        sign_in_app_id=SIGN_IN_APP,
        sign_in_app_secret="other",
    )


def test_what_is_missing_is_named_by_its_variable(bare: Settings, whole: Settings) -> None:
    assert missing_for_fulfillment(whole) == []
    assert missing_for_fulfillment(bare) == [
        "FAIRKEEPER_ENTRA_TENANT_ID",
        "FAIRKEEPER_FULFILLMENT_APP_ID",
        "FAIRKEEPER_FULFILLMENT_APP_SECRET",
    ]


def test_a_call_without_settings_says_which_and_leaves_the_machine_alone(bare: Settings) -> None:
    with make_http_client() as http, pytest.raises(OwnConfigurationError, match="FAIRKEEPER_FULFILLMENT_APP_SECRET"):
        make_fulfillment(bare, http, SystemClock()).get_subscription(
            SubscriptionId("5a1e0000-0000-4000-8000-000000000001")
        )


def test_nobody_can_sign_in_before_an_application_is_configured(bare: Settings, whole: Settings) -> None:
    with make_http_client() as http:
        assert make_sign_in(bare, http) is None
        assert make_sign_in(whole, http) is not None


def test_the_sign_in_app_never_borrows_the_service_apps_secret(whole: Settings) -> None:
    halved = whole.model_copy(update={"sign_in_app_secret": None})
    with make_http_client() as http:
        assert make_sign_in(halved, http) is None


def test_webhooks_are_believed_for_the_configured_tenant_and_app_alone(bare: Settings, whole: Settings) -> None:
    assert webhook_expectation(bare) is None
    expectation = webhook_expectation(whole)
    assert expectation is not None
    assert (expectation.tenant_id, expectation.audience) == (TENANT, APP)


def test_peoples_access_tokens_are_taken_once_an_application_is_configured(bare: Settings, whole: Settings) -> None:
    assert make_access_tokens(bare, make_validator(bare, SystemClock())) is None
    assert make_access_tokens(whole, make_validator(whole, SystemClock())) is not None


@pytest.mark.parametrize("authority", ["http://login.example", "https://user@login.example"])
def test_an_authority_that_could_be_listened_to_is_refused(bare: Settings, authority: str) -> None:
    with pytest.raises(SettingsError, match="FAIRKEEPER_ENTRA_AUTHORITY"):
        make_authority(bare.model_copy(update={"entra_authority": authority}))


def test_connectors_follow_no_redirection() -> None:
    with make_http_client() as http:
        assert http.follow_redirects is False
        assert http.timeout == httpx.Timeout(10)
