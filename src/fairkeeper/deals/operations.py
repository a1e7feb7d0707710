"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.deals.actions import (
    approve_deal,
    draft_deal,
    follow_calendar,
    follow_offer,
    import_deals,
    market_prices,
    match_purchase,
    save_deal,
    submit_deal,
)
from fairkeeper.deals.actions.build_schedule import build_schedule
from fairkeeper.deals.actions.check_file import check_files, list_assumptions
from fairkeeper.deals.actions.price_file import price_file
from fairkeeper.deals.actions.print_sheet import print_sheet
from fairkeeper.deals.book import queries

OPERATIONS: tuple[Operation, ...] = (
    check_files,
    list_assumptions,
    price_file,
    build_schedule,
    print_sheet,
    *save_deal.OPERATIONS,
    *draft_deal.OPERATIONS,
    *approve_deal.OPERATIONS,
    *submit_deal.OPERATIONS,
    *follow_offer.OPERATIONS,
    *match_purchase.OPERATIONS,
    *follow_calendar.OPERATIONS,
    *market_prices.OPERATIONS,
    *import_deals.OPERATIONS,
    *queries.OPERATIONS,
)
