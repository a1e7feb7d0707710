"""Prove what policies can never do: match, get past the forbids, or do more than other policies do.

Each proof is made for every kind of request that the schema knows, and holds for every request, not for those that
were tried. A forbid that cannot be evaluated is a denial in Fairkeeper, so a permit that meets only such forbids or
matching ones is covered as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairkeeper.policy.analysis.conditions import Literal, Setting, TooManyWaysError, Way, Ways, both, either, ways_of
from fairkeeper.policy.analysis.contradiction import contradiction
from fairkeeper.policy.analysis.reading import Policy
from fairkeeper.policy.analysis.vocabulary import Environment, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """A way that was not refuted: there may be a request like this.

    Attributes:
        environment: The kind of request.
        way: What has to hold.
    """

    environment: Environment
    way: Way


def settings_of(vocabulary: Vocabulary) -> tuple[Setting, ...]:
    """Return every kind of request as what conditions are read in."""
    return tuple(Setting(vocabulary, environment) for environment in vocabulary.environments)


def matching(policy: Policy, vocabulary: Vocabulary) -> tuple[Possible, ...]:
    """Return the ways in which a policy may match; none is the proof that it never does.

    Raises:
        TooManyWaysError: It branches too often to be followed.
    """
    return tuple(_possible(policy, vocabulary))


def _possible(policy: Policy, vocabulary: Vocabulary) -> Iterator[Possible]:
    for setting in settings_of(vocabulary):
        for way in consistent(ways_of(policy.body, setting)):
            yield Possible(environment=setting.environment, way=way)


def consistent(found: Ways) -> Ways:
    """Leave out the ways that contradict themselves."""
    return tuple(way for way in found if contradiction(way) is None)


def why_never(policy: Policy, vocabulary: Vocabulary) -> tuple[Literal, ...]:
    """Return the facts that contradict each other in a policy that never matches; none if its head is the reason."""
    for setting in settings_of(vocabulary):
        for way in ways_of(policy.body, setting):
            found = contradiction(way)
            if found:
                return found
    return ()


def uncovered(policy: Policy, others: Sequence[Policy], vocabulary: Vocabulary) -> Possible | None:
    """Return a way in which a policy matches and none of the others does; None is the proof that there is none.

    Raises:
        TooManyWaysError: They branch too often to be followed.
    """
    for setting in settings_of(vocabulary):
        left = consistent(ways_of(policy.body, setting))
        for other in others:
            if not left:
                break
            left = consistent(both(left, ways_of(other.body, setting, matches=False)))
        if left:
            return Possible(environment=setting.environment, way=left[0])
    return None


def covering(policy: Policy, others: Sequence[Policy], vocabulary: Vocabulary) -> tuple[Policy, ...]:
    """Return the fewest of the others that are known to cover a policy wherever it matches; none if they do not.

    Raises:
        TooManyWaysError: They branch too often to be followed.
    """
    for other in others:
        if _is_uncovered(policy, (other,), vocabulary) is False:
            return (other,)
    if len(others) < 2 or _is_uncovered(policy, others, vocabulary) is not False:
        return ()
    needed = list(others)
    for other in others:
        fewer = [each for each in needed if each is not other]
        if _is_uncovered(policy, fewer, vocabulary) is False:
            needed = fewer
    return tuple(needed)


def _is_uncovered(policy: Policy, others: Sequence[Policy], vocabulary: Vocabulary) -> bool | None:
    try:
        return uncovered(policy, others, vocabulary) is not None
    except TooManyWaysError:
        return None


def widening(old: Sequence[Policy], new: Sequence[Policy], vocabulary: Vocabulary) -> tuple[Possible, ...]:
    """Return ways in which the new policies may allow what the old ones do not; none is the proof that they narrow.

    At most one way for each kind of request and permit.

    Raises:
        TooManyWaysError: They branch too often to be followed.
    """
    found: list[Possible] = []
    for setting in settings_of(vocabulary):
        refused_before = _not_allowed(old, setting)
        for permit in (each for each in new if each.is_permit):
            left = consistent(both(_ways_allowed(permit, new, setting), refused_before))
            if left:
                found.append(Possible(environment=setting.environment, way=left[0]))
    return tuple(found)


def _ways_allowed(permit: Policy, policies: Sequence[Policy], setting: Setting) -> Ways:
    left = consistent(ways_of(permit.body, setting))
    for forbid in (each for each in policies if not each.is_permit):
        if not left:
            break
        left = consistent(both(left, ways_of(forbid.body, setting, matches=False)))
    return left


def _not_allowed(policies: Sequence[Policy], setting: Setting) -> Ways:
    """Return the ways in which a set of policies denies: a forbid matches, or no permit does."""
    forbidden = either(*(ways_of(each.body, setting) for each in policies if not each.is_permit))
    unpermitted = both(*(ways_of(each.body, setting, matches=False) for each in policies if each.is_permit))
    return consistent(either(forbidden, unpermitted))
