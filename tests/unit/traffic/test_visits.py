"""How patient a visitor is."""

from lab.traffic.visits import Patience


def test_repeats_come_ever_later_so_that_they_do_not_drown_a_site_that_has_just_come_back() -> None:
    patience = Patience()
    for attempts, full_s in ((1, 0.25), (2, 0.5), (3, 1.0), (5, 4.0), (9, 4.0)):
        assert full_s / 2 <= patience.pause_after(attempts) <= full_s
