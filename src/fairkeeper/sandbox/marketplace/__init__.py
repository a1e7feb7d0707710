"""The pretend Microsoft Marketplace: catalogue, purchases, subscriptions, operations, and what goes wrong on purpose.

The rules are pure modules (`subscriptions`, `operations`, `terms`, `clocks`, `purchases`); `market` is the shell around
them. Its doors stand beside it: `fulfillment`, `webhooks`, `control` and `storefront`. Written from Microsoft's
documents, never from Fairkeeper's connectors, so that the two can disagree when one of them is wrong.
"""
