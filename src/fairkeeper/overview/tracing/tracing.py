"""The one trace: from any id on the chain to everything that stands on it, for whoever may see it."""

from __future__ import annotations

from pydantic import Field

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.overview.tracing.doors import ROOM_OF, sees, why_hidden
from fairkeeper.overview.tracing.errors import NothingNamedError
from fairkeeper.overview.tracing.links import LINKS, deal_link, order_link, reports_link
from fairkeeper.overview.tracing.seeds import Seed, seed_of
from fairkeeper.overview.tracing.views import CHAIN, ChainLink, LinkState, WholeTrace
from fairkeeper.overview.tracing.walking import Walked, walk


class TraceAnything(OperationInput):
    """Which id."""

    id: str = Field(
        min_length=2,
        max_length=300,
        description="Any id on the chain: payment, earning, order, deal, metered hour, entry, decision, policy, grant, "
        "tenant link, subscription, customer.",
    )


@query("overview.trace", groups=("overview.read",), http="GET /trace", cli="trace ID")
def trace_anything(context: QueryContext, request: TraceAnything) -> WholeTrace:
    """Follow any id along the whole chain, from the payment back to the tenant that was trusted.

    Each link names the things that stand there, with id and page; where nothing does, it says why. Staff see the
    links that their roles read, a customer's people their own company's stretch. The reports' part is `payouts.trace`.

    Raises:
        NothingNamedError: Nothing that may be seen has this id.
    """
    seed = seed_of(context, request.id)
    if seed is None:
        message = f"Nothing on the chain has the id {request.id!r}."
        raise NothingNamedError(message)
    walked = walk(context, seed)
    chain = tuple(_link(context, walked, seed, name) for name in CHAIN)
    return WholeTrace(
        subject=request.id,
        named=walked.named,
        chain=chain,
        missing=tuple(each.why for each in chain if each.state is LinkState.MISSING),
    )


def _link(context: QueryContext, walked: Walked, seed: Seed, name: str) -> ChainLink:
    # A grant may be of data, which governance shows, or of a tenant, which consent does.
    is_seen = sees(context, ROOM_OF[name]) or (name == "grant" and sees(context, "consent"))
    if not is_seen:
        return ChainLink(name=name, state=LinkState.HIDDEN, why=why_hidden(context, name))
    if name == "order":
        return order_link(context, walked)
    if name == "deal":
        return deal_link(context, walked, seed)
    return LINKS[name](context, walked) if name in LINKS else reports_link(context, walked, name)


OPERATIONS: tuple[Operation, ...] = (trace_anything,)
