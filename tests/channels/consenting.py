"""Lets a customer of the stage be asked for consent and give it: real operations, and the sandbox's directory."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from fairkeeper.access.credentials import digest
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.consent.actions.ask import ask_customer, share_page
from fairkeeper.consent.actions.connect import ask_on_page
from fairkeeper.consent.actions.probe import check_now
from fairkeeper.consent.actions.start import begin_consent
from fairkeeper.consent.agents.placing import place_agent_identity
from fairkeeper.consent.deployments.calling import call_home, make_claim_code
from fairkeeper.consent.deployments.calling_home import digest_of_code
from fairkeeper.consent.deployments.elevating import elevate
from fairkeeper.consent.deployments.receiving import receive_notice
from fairkeeper.consent.queries import show_customer as show_consent
from fairkeeper.sandbox.directory import DESK_APP_ID, PUBLISHER_TENANT_ID

if TYPE_CHECKING:
    from tests.channels.stage import Stage, Tenant

CONSENT_PLAN = """
consent_plan:
  version: 1
  dated_on: 2026-11-22
  publisher: {name: Fairmile Software, home_tenant_id: fa111111-0000-4000-8000-000000000001}
  offers:
    - offer_id: fairmile-assistant
      type: saas
      identity_owner: publisher
      description: An administrator of your company approves reading and answering mail.
    - offer_id: fairmile-vault
      type: managed_application
      identity_owner: shared
      description: A vault in your own subscription.
      access:
        - key: watch-vault
          title: Watch that the vault runs
          way: standing_access
          roles: [Reader]
          principal_id: fa111111-0000-4000-8000-0000000000e1
          reason: Our on-call reads metrics.
        - key: repair-vault
          title: Repair the vault
          way: just_in_time_access
          roles: [Contributor]
          principal_id: fa111111-0000-4000-8000-0000000000e1
          reason: A repair changes resources.
    - offer_id: fairmile-desk-cluster
      type: container
      identity_owner: customer
      description: The desk in your own cluster.
      access:
        - key: run-desk
          title: Run the desk in your cluster
          way: own_identity
          roles: [Key Vault Secrets User]
          reason: The desk reads its mailbox secret from your vault.
  registrations:
    - key: desk
      name: Fairmile desk
      app_id: fa111111-0000-4000-8000-0000000000d4
      tier: operational_application
      home_tenant_id: fa111111-0000-4000-8000-000000000001
      audience: multi_tenant
      credential: secret
      accounts: [fairmile]
      application: [Mail.Read, Mail.Send]
    - key: sorter
      name: Fairmile sorter
      app_id: fa111111-0000-4000-8000-0000000000d5
      tier: agent
      home_tenant_id: fa111111-0000-4000-8000-000000000001
      audience: multi_tenant
      credential: federated
      accounts: [fairmile]
      application: [Sites.Selected]
  features:
    - key: sort-documents
      title: Sort documents on sites that you name
      registration: sorter
      acts: as_agent
      consent: admin
      offers: [fairmile-assistant]
      is_required: false
      permissions:
        - {name: Sites.Selected, kind: application, reason: The sorter opens named sites and no other.}
      without: Documents stay where they are.
    - key: answer-mail
      title: Read mail and answer it
      registration: desk
      acts: alone
      consent: admin
      offers: [fairmile-assistant]
      is_required: false
      permissions:
        - {name: Mail.Read, kind: application, reason: New messages are read at night too.}
        - {name: Mail.Send, kind: application, reason: Released answers are sent.}
      without: Mail is answered by hand.
"""
"""What the stage's publisher asks for; not required, so that use does not wait for it."""


def consent(stage: Stage, tenant: Tenant) -> None:
    """Let a tenant be asked, begin to consent, ask a question, and grant, so that a token of it is kept."""
    (administrator, _) = tenant.people
    stage.run(ask_customer, local_principal(), customer=tenant.slug)
    made = stage.run(share_page, local_principal(), customer=tenant.slug)
    page = digest(made.path.rpartition("/")[2]).hex()
    stage.run(ask_on_page, page=page, text=f"May {tenant.name} choose the sites later?")
    grants = stage.run(show_consent, local_principal(), customer=tenant.slug).grants
    (grant,) = [each for each in grants if each.registration == "desk"]
    placed = {"customer": tenant.slug, "registration": "sorter", "sponsor_id": administrator.object_id}
    stage.run(place_agent_identity, local_principal(), **placed)
    stage.run(
        begin_consent,
        page=page,
        grant_id=grant.grant_id,
        way="admin",
        state_digest=digest(f"state of {tenant.name}").hex(),
        browser_digest=digest(f"browser of {tenant.name}").hex(),
    )
    path = f"{stage.sandbox.url}/entra/control/consents"
    granted = {
        "client_id": DESK_APP_ID,
        "tenant_id": administrator.tenant_id,
        "application": ["Mail.Read", "Mail.Send"],
    }
    assert stage.http.post(path, json=granted).is_success
    _deploy(stage, tenant)
    stage.run(check_now, local_principal(), customer=tenant.slug)
    stage.work()
    _elevate(stage, tenant)


def _elevate(stage: Stage, tenant: Tenant) -> None:
    """Let just-in-time access to a tenant's vault be asked for."""
    deployments = stage.run(show_consent, local_principal(), customer=tenant.slug).deployments
    (vault,) = [each for each in deployments if each.offer_type == "managed_application"]
    reason = f"The index of {tenant.name} is broken."
    asked = {"deployment_id": vault.deployment_id, "access": "repair-vault", "hours": 4, "reason": reason}
    stage.run(elevate, local_principal(), **asked)
    stage.work()


def _deploy(stage: Stage, tenant: Tenant) -> None:
    """Let a tenant deploy the vault, and register a cluster with a claim code."""
    (administrator, _) = tenant.people
    tenant_id = administrator.tenant_id
    group = f"/subscriptions/5a{tenant_id[2:]}/resourceGroups/papers"
    vault = f"{group}/providers/Microsoft.Solutions/applications/vault"
    deployed = {
        "id": vault,
        "tenant_id": tenant_id,
        "product": "fairmile-vault",
        "plan": "standard",
        "publisher_tenant_id": PUBLISHER_TENANT_ID,
        "authorizations": [["fa111111-0000-4000-8000-0000000000e1", "acdd72a7-3385-48ef-bd42-f606fba81ae7"]],
        "has_jit": True,
    }
    assert stage.http.post(f"{stage.sandbox.url}/azure/control/applications", json=deployed).is_success
    notice = {"eventType": "PUT", "applicationId": vault, "provisioningState": "Succeeded"}
    stage.run(receive_notice, body=base64.b64encode(json.dumps(notice).encode()))
    stage.work()
    # Once more, when it is known whose it is, so that the notice is its customer's.
    stage.run(receive_notice, body=base64.b64encode(json.dumps({**notice, "eventType": "PATCH"}).encode()))
    made = stage.run(make_claim_code, local_principal(), customer=tenant.slug, offer_id="fairmile-desk-cluster")
    stage.run(
        call_home,
        tenant_id=tenant_id,
        object_id=f"0d{tenant_id[2:]}",
        code_digest=digest_of_code(made.code).hex(),
    )
