"""Every setting, read once from the environment; each is documented here and listed in the reference.

Separate from the installation that is wired from it, so that the reference, the doctor and tests can read it without
opening anything.
"""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fairkeeper.consent.deployments.notices import LEAST_SECRET
from fairkeeper.database.engine import DatabaseAddress, normalise_url
from fairkeeper.errors import InvalidError

MARKETPLACE_RESOURCE = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
"""The application id of Microsoft's commercial marketplace, as resource of our calls and as caller of its webhooks.

Source: Microsoft Learn, "Register a SaaS application", section Get the token, read 2026-11-22.
"""


class SettingsError(InvalidError):
    """A setting is missing or malformed."""

    code = "bootstrap.settings"
    remedy = "Correct the environment variable named in the message; the reference lists them all."


class Settings(BaseSettings):
    """What an installation can be told from outside; the variable is `FAIRKEEPER_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="FAIRKEEPER_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("fairkeeper-data"), description="Folder for the SQLite database and the key file.")
    database_url: str | None = Field(
        None, description="Address of the database for the staff login; a SQLite file in the data folder by default."
    )
    database_customer_url: SecretStr | None = Field(
        None, description="PostgreSQL: address under the login that row-level security binds to one customer."
    )
    database_owner_url: SecretStr | None = Field(
        None, description="PostgreSQL: address under the login that owns the tables; used for migrations alone."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8700, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    base_url: str | None = Field(
        None, description="The address that people and Microsoft use; `http://HOST:PORT` by default."
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="Addresses or networks of proxies, by commas, that say in `X-Forwarded-For` who asks.",
    )
    ways_in_per_minute: int = Field(
        120, ge=0, le=100_000, description="Requests of one address to sign-in, landing and connect pages; 0 is any."
    )
    failures_per_minute: int = Field(
        30, ge=0, le=100_000, description="Failed sign-ins and tokens of one address before it has to wait; 0 is any."
    )
    master_key: SecretStr | None = Field(
        None,
        description="The key that seals secrets at rest (32 bytes, URL-safe base64); several by commas, newest first.",
    )
    master_key_file: Path | None = Field(
        None,
        description="A file with that key, one a line, newest first; made in the data folder when nothing is given.",
    )
    master_key_vault_url: str | None = Field(
        None, description="Address of the secret in Azure Key Vault that holds that key."
    )
    entra_authority: str = Field("https://login.microsoftonline.com", description="Microsoft Entra's authority.")
    entra_tenant_id: str | None = Field(None, description="The publisher's tenant, as in Technical configuration.")
    fulfillment_base_url: str = Field(
        "https://marketplaceapi.microsoft.com/api", description="Base address of the SaaS fulfillment API."
    )
    fulfillment_app_id: str | None = Field(
        None, description="Application id of the single-tenant service app, as in Technical configuration."
    )
    fulfillment_app_secret: SecretStr | None = Field(None, description="A client secret of the service app.")
    ingestion_base_url: str = Field(
        "https://graph.microsoft.com/rp/product-ingestion",
        description="Base address of the product ingestion API, by which private offers are submitted.",
    )
    private_offer_schema: str = Field(
        "2023-07-15", pattern=r"^\d{4}-\d{2}-\d{2}$", description="Version of the schema of private offers."
    )
    price_schema: str = Field(
        "2023-07-15", pattern=r"^\d{4}-\d{2}-\d{2}$", description="Version of the schema of their prices."
    )
    ingestion_schema_dir: Path | None = Field(
        None, description="Folder with Microsoft's own JSON schemas, to hold payloads against before they are sent."
    )
    metering_test_headers: dict[str, str] = Field(
        default_factory=dict,
        description="Headers that mark usage as a test, as JSON; their names are Microsoft's, for a rehearsal there.",
    )
    fulfillment_app_secret_expires_on: date | None = Field(
        None, description="The last day of that secret; announced 60, 30 and 7 days before."
    )
    fulfillment_app_second_secret: SecretStr | None = Field(
        None, description="Another client secret of the service app, for the time in which one replaces the other."
    )
    fulfillment_app_certificate_file: Path | None = Field(
        None, description="Instead of a secret: a PEM file with the service app's private key and certificate."
    )
    fulfillment_app_federated_token_file: Path | None = Field(
        None, description="Instead of both: a file with the token by which the platform vouches for us."
    )
    sign_in_app_id: str | None = Field(
        None, description="Application id of the multitenant app that people sign in with; the service app by default."
    )
    sign_in_app_secret: SecretStr | None = Field(None, description="A client secret of the sign-in app.")
    consent_app_secrets: SecretStr = Field(
        SecretStr(""),
        description=(
            "Credentials of the registrations that work in customers' tenants: a JSON object, application id to "
            "client secret, or to an object that names a certificate_file (PEM) or a federated_token_file."
        ),
    )
    agent_graph_url: str = Field(
        "https://graph.microsoft.com/v1.0",
        description="Microsoft Graph with the version that has agent identities; `/beta` where yours has not yet.",
    )
    agent_consent_return: str = Field(
        "https://entra.microsoft.com/TokenAuthorize",
        description="The page that an administrator's consent to an agent ends on; Microsoft takes no other now.",
    )
    agent_blueprint_scope: str = Field(
        "openid",
        pattern=r"^[A-Za-z0-9./:_-]{1,200}$",
        description=(
            "Scope of the consent that brings an agent's blueprint into a tenant and grants nothing by that. No page "
            "of Microsoft's says which; change it where yours does."
        ),
    )
    azure_base_url: str = Field(
        "https://management.azure.com", description="Azure Resource Manager, where managed applications are read back."
    )
    application_notice_secrets: SecretStr = Field(
        SecretStr(""),
        description=(
            "Secrets of the address that Azure notifies of managed applications (`sig` in its query), 24 characters "
            "and more; two by a comma while one replaces the other. Without one, notices are put off."
        ),
    )
    api_scope: str = Field(
        "access_as_user",
        description="Scope that a person's Microsoft Entra token must carry to be taken by the API.",
    )
    mcp_writes: str = Field(
        "", description="Commands offered as MCP tools, `operation:role` by commas; reads are offered without."
    )
    marketplace_app_id: str = Field(
        MARKETPLACE_RESOURCE, description="Application id that signs Microsoft's webhooks and that our tokens are for."
    )
    log_origin: str | None = Field(
        None, description="Name of the evidence log in checkpoints; the base address without its scheme by default."
    )
    provisioning_url: str | None = Field(None, description="Where the publisher's provisioning webhook listens.")
    provisioning_secret: SecretStr | None = Field(
        None, description="The webhook's secret (`whsec_…`, Standard Webhooks); made and kept sealed when left out."
    )
    provisioning_entry_point: str | None = Field(
        None, description="Instead of a webhook: a Python function, `package.module:function`."
    )
    provisioning_allow_private: bool = Field(
        False, description="Whether the provisioning webhook may lead into a private network, and by plain http."
    )
    retention_days: int = Field(
        30, ge=7, le=3650, description="Days that a stopped customer's data is kept before it is erased."
    )
    publisher_name: str = Field(
        "The publisher", max_length=120, description="The publisher's name, as its customers read it on every page."
    )
    support_url: str | None = Field(
        None, description="Where customers ask for help: an https address, or `mailto:` and an address."
    )
    roles_from: Literal["console", "entra"] = Field(
        "console",
        description="Where staff get their roles: the console, or the application's roles in Microsoft Entra.",
    )
    mode: Literal["observe", "manage"] | None = Field(
        None,
        description="Whether anything outside is changed: `observe` changes nothing (the default outside a sandbox).",
    )
    webhook_forward_url: str | None = Field(
        None, description="The older system's webhook, which is sent what comes for subscriptions that are observed."
    )
    smtp_url: SecretStr | None = Field(
        None, description="The mail server for messages, `smtp://user:password@host:587` or `smtps://…`."
    )
    mail_from: str | None = Field(None, description="The sender of mail, `Fairkeeper <fairkeeper@fairmile.example>`.")
    teams_webhook_url: SecretStr | None = Field(
        None, description="Address of the Teams workflow that posts messages into a channel."
    )
    opportunities_fields: Path | None = Field(
        None, description="A list of the insights' columns of your own, in the shape of the shipped one."
    )
    opportunities_lenses: Path | None = Field(
        None, description="A folder with lens definitions of your own; a file replaces the shipped lens of its name."
    )
    insights_connections: Path | None = Field(
        None, description="A file of connections to the insights API (YAML), which are read once a day."
    )
    reports_connection: Path | None = Field(
        None, description="A file with the connection to Partner Center's reports (YAML), which are fetched once a day."
    )
    opportunities_holdout_percent: int = Field(
        0, ge=0, le=50, description="Share of the accounts that nobody is to contact, to see what a ranking changes."
    )
    crm_kind: Literal["", "dynamics", "salesforce", "hubspot"] = Field(
        "", description="The CRM that cards are pushed to: dynamics, salesforce or hubspot; none by default."
    )
    crm_url: str | None = Field(
        None, description="The CRM's address: the organisation's of Dynamics 365 or Salesforce; HubSpot's is known."
    )
    crm_token: SecretStr | None = Field(None, description="A bearer token for the CRM (HubSpot: of a private app).")
    crm_token_url: str | None = Field(
        None, description="Where a token for the CRM is got with client credentials, instead of a token given here."
    )
    crm_client_id: str | None = Field(None, description="Client id for that.")
    crm_client_secret: SecretStr | None = Field(None, description="Client secret for that.")
    crm_scope: str = Field("", description="Scope for that; of Dynamics 365 its address and `/.default`.")
    narrator_url: str | None = Field(
        None, description="Address of a model's chat completions that puts answers of the chat into sentences."
    )
    narrator_model: str = Field("", description="The model's name there.")
    narrator_key: SecretStr | None = Field(None, description="The key for it.")
    scan_hours: int = Field(
        24,
        ge=0,
        le=720,
        description="Hours between scans for weaknesses of the installation; 0 scans when asked alone.",
    )
    vulnerability_feed: Path | None = Field(
        None, description="A file or a folder of advisories in OSV's form (JSON), which dependencies are held against."
    )
    secret_scan_dirs: str = Field(
        "", description="Folders by commas in whose texts secrets are looked for, beside the database's plain columns."
    )
    sandbox_url: str | None = Field(
        None,
        description="Address of the pretend Microsoft; when set, this installation is a sandbox and follows its clock.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    workers: int = Field(4, ge=0, le=32, description="Threads for background work; 0 leaves it to other processes.")
    task_lease_seconds: int = Field(
        30, ge=2, le=600, description="How long a claimed piece of work is left alone before another worker takes it."
    )

    @field_validator(
        *("base_url", "entra_authority", "fulfillment_base_url", "ingestion_base_url", "sandbox_url", "azure_base_url"),
        *("agent_graph_url", "agent_consent_return"),
        *("provisioning_url", "webhook_forward_url"),
    )
    @classmethod
    def _plain_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            msg = "needs an http or https address without query and fragment"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("application_notice_secrets")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if any(len(each) < LEAST_SECRET for each in notice_secrets(value)):
            msg = f"each secret needs {LEAST_SECRET} characters"
            raise ValueError(msg)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in filter(None, map(str.strip, value.split(","))):
            ip_network(part)
        return value

    @property
    def is_observing(self) -> bool:
        """Whether nothing outside may be changed."""
        return self.mode == "observe" or (self.mode is None and self.sandbox_url is None)

    @property
    def address(self) -> str:
        """The address that people and Microsoft use."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The evidence log's name: the base address without its scheme."""
        return self.log_origin or self.address.partition("://")[2]

    @property
    def database_address(self) -> DatabaseAddress:
        """Where the database is and under which logins."""
        if self.database_url is None:
            return DatabaseAddress(url=f"sqlite:///{self.data_dir.resolve() / 'fairkeeper.db'}")
        return DatabaseAddress(
            url=normalise_url(self.database_url),
            customer_url=_reveal_url(self.database_customer_url),
            owner_url=_reveal_url(self.database_owner_url),
        )


def notice_secrets(value: SecretStr) -> tuple[str, ...]:
    """Return the secrets that a list by commas holds."""
    return tuple(each.strip() for each in value.get_secret_value().split(",") if each.strip())


def _reveal_url(secret: SecretStr | None) -> str | None:
    return None if secret is None else normalise_url(secret.get_secret_value())


def read_settings(**overrides: object) -> Settings:
    """Read the settings from the environment, with some given directly.

    Raises:
        SettingsError: `bootstrap.settings`, naming each variable and what is wrong with it.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"FAIRKEEPER_{str(problem['loc'][0]).upper() if problem['loc'] else '?'}: {problem['msg']}"
            for problem in error.errors(include_input=False)
        )
        msg = f"The settings cannot be used: {problems}."
        raise SettingsError(msg) from None
