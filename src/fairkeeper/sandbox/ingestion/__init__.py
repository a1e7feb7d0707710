"""The pretend product ingestion API: private offers from a publisher's request to a price that a customer can buy.

Pure modules decide: `requests` what a request looks like, `jobs` what is refused and what comes of it, `lifecycle`
which state follows, `pricing` what a customer pays, `selling` what the storefront gets. `desk` is the shell around
them, `api` and `control` are its doors. Written from Microsoft's documents, never from Fairkeeper's own code.

Source: Microsoft Learn, "Private offers submission API overview"; "Create a direct ISV to customer private offer";
"Create a private offer for a CSP partner"; "Create a multiparty private offer for a customer"; "Manage existing private
offers via API"; "Job status and retrieve private offer detail via API"; "Private offers submission API troubleshooting
and resources" (July 2023); "Private offer APIs in the commercial marketplace" (July 2022: upgrades, the older answer of
a job); read 2026-11-22. The fields of a flexible schedule and of prices for single markets stand in no page of
Microsoft that could be read: they follow the copy of the schema in a public SDK of a third party (Suger, 2025).

Where these documents are silent, the pretend service does one plausible thing:

Assumption: a property that no document names is refused with 400.

Assumption: a job is asked about more than once a minute, the answer is 429 with Retry-After; the page only says not to.

Assumption: a job takes fifteen seconds, as in the page's sample; the rules that a schema cannot say are checked then.

Assumption: all resources of one request are carried out, or none.

Assumption: an application that is not associated with a Partner Center account gets 403; the pages name 401 alone.

Assumption: nobody may accept after the last day to accept, and that day is no later than the last day of the offer.

Assumption: an offer nobody accepted in time stays live and pending acceptance in the API, which has no word for it.

Assumption: a withdrawn offer is set back to draft before it is published again, as the page on multiparty offers tells
of the publisher; the page of 2022 said that the API cannot publish it again.

Assumption: a plan made for one private offer activates by itself, as new plans do unless the publisher says otherwise.

Assumption: a price in percent, a discount or an adjustment, is rounded for each payment to the currency's smallest
unit, halves upwards.

Assumption: a flexible schedule for single markets stands beside their currency, its charges named `price`; a currency
without markets is for all that nothing else is said of.
"""
