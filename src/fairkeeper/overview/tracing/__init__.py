"""The one chain: from a payment to earning, order, deal, metered hour, action, decision, policy, grant and tenant."""
