"""A small version of the benchmark's story: duplicates, late arrivals, outages, lost answers; the sums agree."""

from __future__ import annotations

import random
from datetime import timedelta

from tests.actions.metering.meter import Meter

AWAY = {*range(4, 6), *range(9, 11), *range(14, 40)}


def test_what_microsoft_accepted_is_the_true_overage(meter: Meter) -> None:
    chance = random.Random(11)
    meter.include(monthly="40")
    bought = meter.buy()
    used = 0
    late: list[tuple[int, int]] = []
    for hour in range(46):
        for number in range(chance.randrange(4) if hour < 42 else 0):
            units, event_id = chance.randint(1, 9), f"h{hour}-{number}"
            used += units
            if chance.random() < 0.2:
                late.append((hour + chance.randint(1, 30), units))
            else:
                meter.use(bought, units, event_id=event_id)
            if chance.random() < 0.2 and not late:
                meter.use(bought, units, event_id=event_id, at=meter.now)
        for due, units in [each for each in late if each[0] == hour or hour == 43]:
            late.remove((due, units))
            meter.use(bought, units, at=meter.now - timedelta(hours=20), event_id=f"late-{hour}-{due}-{len(late)}")
        lost = 1 if hour in {2, 12} else 0
        meter.world.faults(fail_percent=100 if hour in AWAY else 0, lose_usage_answers_next=lost)
        meter.hours()
    meter.hours(2)
    assert meter.reported() == used - 40
    assert set(meter.states()) <= {"nothing", "accepted", "folded"}
    assert "folded" in meter.states()
