"""The pretend Microsoft Marketplace: catalogue, purchases, subscriptions, operations, webhooks and their faults.

The rules are pure modules (`subscriptions`, `operations`, `terms`, `clocks`, `deliveries`); `market` and `courier` are
the shell around them, `fulfillment_api` and `control_api` the doors. Written from Microsoft's documents, never from
Fairkeeper's connectors, so that the two can disagree when one of them is wrong.
"""
