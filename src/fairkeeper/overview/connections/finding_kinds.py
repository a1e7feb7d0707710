"""What the doctor may find: each broken configuration has a finding of its own, with what to do."""

from __future__ import annotations

from typing import Final

from fairkeeper.values.findings import FindingKind, Level, finding_kinds


def _kind(  # noqa: PLR0913 - a kind has these parts, and each is named where it is not plain
    code: str, title: str, remedy: str, example: str, *, level: Level = Level.ERROR, about: str
) -> FindingKind:
    return finding_kinds.declare(
        FindingKind(code=f"doctor.{code}", level=level, title=title, remedy=remedy, resource=about, example=example)
    )


SETTING_MISSING: Final = _kind(
    "setting_missing",
    "A setting that Microsoft's calls need is missing",
    "Set it as in Technical configuration in Partner Center, and start the server again.",
    "FAIRKEEPER_FULFILLMENT_APP_ID is not set",
    about="learn-saas-registration",
)
SETTING_MALFORMED: Final = _kind(
    "setting_malformed",
    "An id in the settings is none",
    "Copy the whole id from the Microsoft Entra admin center; it is 36 characters long.",
    "FAIRKEEPER_ENTRA_TENANT_ID=contoso.example",
    about="learn-saas-registration",
)
ENTRA_UNREACHABLE: Final = _kind(
    "entra_unreachable",
    "Microsoft Entra cannot be reached",
    "Let this machine reach the authority by https, and look at Microsoft's service status.",
    "no connection to login.microsoftonline.com",
    about="learn-client-credentials",
)
TENANT_UNKNOWN: Final = _kind(
    "tenant_unknown",
    "Microsoft Entra does not know the tenant",
    "Correct FAIRKEEPER_ENTRA_TENANT_ID: Microsoft Entra admin center, Overview, Tenant ID.",
    "a tenant id with one wrong digit",
    about="learn-client-credentials",
)
APP_UNKNOWN: Final = _kind(
    "app_unknown",
    "The tenant does not know the application",
    "Correct FAIRKEEPER_FULFILLMENT_APP_ID, or register the application in this tenant.",
    "the application id of another tenant's registration",
    about="learn-saas-registration",
)
SECRET_EXPIRED: Final = _kind(
    "secret_expired",
    "The application's credential has expired",
    "Make a new one (Certificates & secrets), set it beside the old one, and start the server again.",
    "a client secret whose end was yesterday",
    about="learn-client-credentials",
)
SECRET_WRONG: Final = _kind(
    "secret_wrong",
    "Microsoft Entra refuses the application's credential",
    "Set the secret's value, not its id; for a certificate, the one that is uploaded at the registration.",
    "the secret's id in the place of its value",
    about="learn-client-credentials",
)
CREDENTIAL_EXPIRES: Final = _kind(
    "credential_expires",
    "The application's credential expires soon",
    "Make a new one now and set it beside the old one; two may overlap.",
    "a client secret that ends in 29 days",
    level=Level.WARNING,
    about="learn-client-credentials",
)
TOKEN_REFUSED: Final = _kind(
    "token_refused",
    "Microsoft Entra gives no token for the marketplace",
    "Look up the number in the message at login.microsoftonline.com/error.",
    "AADSTS53003",
    about="learn-client-credentials",
)
AUDIENCE_WRONG: Final = _kind(
    "audience_wrong",
    "The token is for another resource than Microsoft's marketplace",
    "Leave FAIRKEEPER_MARKETPLACE_APP_ID at its default, unless Microsoft's documents name another one.",
    "FAIRKEEPER_MARKETPLACE_APP_ID with a misprint",
    about="learn-saas-registration",
)
PAIR_WRONG: Final = _kind(
    "pair_wrong",
    "The marketplace refuses this pair of tenant and application",
    "Compare both with Technical configuration of the offer in Partner Center, and publish the offer after a change.",
    "a second application of the right tenant",
    about="learn-saas-registration",
)
MARKETPLACE_UNREACHABLE: Final = _kind(
    "marketplace_unreachable",
    "Microsoft's fulfillment API does not answer",
    "Let this machine reach FAIRKEEPER_FULFILLMENT_BASE_URL by https, and look at Microsoft's service status.",
    "no connection to marketplaceapi.microsoft.com",
    about="learn-subscription-api",
)
SIGN_IN_MISSING: Final = _kind(
    "sign_in_missing",
    "Nobody can sign in: no application is set for it",
    "Set FAIRKEEPER_SIGN_IN_APP_ID and FAIRKEEPER_SIGN_IN_APP_SECRET.",
    "neither application has a secret",
    about="learn-landing-page",
)
LANDING_UNREACHABLE: Final = _kind(
    "landing_unreachable",
    "The landing page cannot be opened at its public address",
    "Let FAIRKEEPER_BASE_URL lead to this server from the internet; certification opens it.",
    "a name that leads to nothing",
    about="learn-landing-page",
)
WEBHOOK_UNREACHABLE: Final = _kind(
    "webhook_unreachable",
    "The webhook does not answer at its public address",
    "Let FAIRKEEPER_BASE_URL with /marketplace/webhook lead to this server, without another sign-in in front of it.",
    "a gateway that answers 403 before us",
    about="learn-webhook",
)
NOT_HTTPS: Final = _kind(
    "not_https",
    "The public address is not https",
    "Put a certificate in front of the server and set FAIRKEEPER_BASE_URL to the https address.",
    "FAIRKEEPER_BASE_URL=http://fairkeeper.fairmile.example",
    about="learn-landing-page",
)
CERTIFICATE_BAD: Final = _kind(
    "certificate_bad",
    "The public address has no certificate that others trust",
    "Renew the certificate, with its intermediate certificates, for the name in FAIRKEEPER_BASE_URL.",
    "a certificate of another name",
    about="learn-webhook",
)
CERTIFICATE_EXPIRES: Final = _kind(
    "certificate_expires",
    "The public address's certificate expires soon",
    "Renew it, or let it be renewed by itself.",
    "a certificate that ends in six days",
    level=Level.WARNING,
    about="learn-webhook",
)
CLOCK_OFF: Final = _kind(
    "clock_off",
    "This machine's clock is off",
    "Let it be set by the network (NTP); tokens and deadlines are judged by it.",
    "nine minutes slow",
    about="learn-access-tokens",
)
DATABASE_UNAVAILABLE: Final = _kind(
    "database_unavailable",
    "The database does not answer",
    "Check FAIRKEEPER_DATABASE_URL, and that the database runs.",
    "no connection to the server",
    about="learn-plan-saas-offer",
)
DATABASE_SUPERUSER: Final = _kind(
    "database_superuser",
    "The database login is bound by no rule",
    "Create the logins with `fairkeeper database prepare`, and use them.",
    "postgresql://postgres@db/fairkeeper",
    about="learn-plan-saas-offer",
)
DATABASE_NOT_DURABLE: Final = _kind(
    "database_not_durable",
    "The database may forget what it acknowledged",
    "Set fsync, full_page_writes and synchronous_commit to on.",
    "synchronous_commit = off",
    about="learn-plan-saas-offer",
)
DATABASE_NO_CUSTOMER_LOGIN: Final = _kind(
    "database_no_customer_login",
    "Customers' sessions have no login of their own",
    "Set FAIRKEEPER_DATABASE_CUSTOMER_URL, so that row security binds them in the database too.",
    "PostgreSQL with the staff login alone",
    level=Level.WARNING,
    about="learn-plan-saas-offer",
)
SCHEMA_BEHIND: Final = _kind(
    "schema_behind",
    "The tables are not those of this version",
    "Run `fairkeeper database migrate` with the owner's address.",
    "a database of an older version",
    about="learn-plan-saas-offer",
)
KEY_WRONG: Final = _kind(
    "key_wrong",
    "The master key does not open what is sealed in this database",
    "Give back the key that sealed it; a new one opens nothing that is there.",
    "a database restored beside another key file",
    about="learn-saas-registration",
)
KEY_BESIDE_DATA: Final = _kind(
    "key_beside_data",
    "The master key lies beside the data that it seals",
    "Set FAIRKEEPER_MASTER_KEY_FILE or FAIRKEEPER_MASTER_KEY_VAULT_URL to another place, so that a copy of the folder "
    "opens nothing.",
    "master.key in the data folder of a server that is no sandbox",
    level=Level.WARNING,
    about="learn-saas-registration",
)
WORK_STANDS: Final = _kind(
    "work_stands",
    "Background work stands still",
    "Start the server, or one with FAIRKEEPER_WORKERS above 0; look at its log for what stops it.",
    "the oldest piece has been due for an hour",
    about="learn-life-cycle",
)
OLD_SYSTEM_UNREACHABLE: Final = _kind(
    "old_system_unreachable",
    "The older system's webhook does not answer",
    "Correct FAIRKEEPER_WEBHOOK_FORWARD_URL, or leave it out once everything is taken over.",
    "an address that is switched off",
    about="learn-webhook",
)
MAIL_UNAVAILABLE: Final = _kind(
    "mail_unavailable",
    "The mail server does not take our connection",
    "Correct FAIRKEEPER_SMTP_URL: host, port, user name and password.",
    "a changed password",
    about="learn-life-cycle",
)
NO_WAY_OUT: Final = _kind(
    "no_way_out",
    "Deadlines do not leave the console",
    "Set FAIRKEEPER_SMTP_URL and FAIRKEEPER_MAIL_FROM, or FAIRKEEPER_TEAMS_WEBHOOK_URL.",
    "neither mail nor Teams is set",
    level=Level.WARNING,
    about="learn-life-cycle",
)
SIGN_IN_REFUSED: Final = _kind(
    "sign_in_refused",
    "Microsoft Entra refuses the sign-in application",
    "Correct FAIRKEEPER_SIGN_IN_APP_ID and FAIRKEEPER_SIGN_IN_APP_SECRET: the secret's value, not its id.",
    "the id of a client secret instead of its value",
    about="learn-landing-page",
)
CONSENT_APP_REFUSED: Final = _kind(
    "consent_app_refused",
    "Microsoft Entra refuses an application that works in customers' tenants",
    "Correct its entry in FAIRKEEPER_CONSENT_APP_SECRETS: the application's id, and the secret's value.",
    "a secret that was deleted in the Entra admin center",
    about="learn-client-credentials",
)
INGESTION_REFUSED: Final = _kind(
    "ingestion_refused",
    "The product ingestion API does not take our application",
    "Associate the application with the account: Partner Center, Account settings, User management, "
    "Microsoft Entra applications.",
    "an application that nobody added in Partner Center",
    level=Level.WARNING,
    about="learn-client-credentials",
)
INGESTION_UNREACHABLE: Final = _kind(
    "ingestion_unreachable",
    "The product ingestion API does not answer",
    "Let this machine reach it by https, and look at Microsoft's service status.",
    "no connection to graph.microsoft.com",
    level=Level.WARNING,
    about="learn-client-credentials",
)
ANALYTICS_UNAVAILABLE: Final = _kind(
    "analytics_unavailable",
    "A connection to the insights API gets no token",
    "Correct the connection in the file that FAIRKEEPER_INSIGHTS_CONNECTIONS names, and its secret's variable.",
    "a client secret that has expired",
    level=Level.WARNING,
    about="learn-client-credentials",
)
TEAMS_UNREACHABLE: Final = _kind(
    "teams_unreachable",
    "The workflow of Teams does not answer",
    "Copy FAIRKEEPER_TEAMS_WEBHOOK_URL again from the workflow, and see that it is switched on.",
    "a workflow that was deleted",
    about="learn-life-cycle",
)
