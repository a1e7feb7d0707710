"""Agent identities of Microsoft Entra Agent ID: one for each tenant and blueprint, made, consented to and removed."""
