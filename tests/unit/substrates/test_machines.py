"""What a machine wrote, from what qemu-img says of its overlay."""

from lab.substrates.vagrant.machines import written

# As QEMU 7.2 says it of an overlay looked at without its backing file.
FRESH = """[{ "start": 0, "length": 67108864, "depth": 0, "present": false, "zero": true, "data": false}]"""
USED = """[{ "start": 0, "length": 1048576, "depth": 0, "present": false, "zero": true, "data": false},
{ "start": 1048576, "length": 131072, "depth": 0, "present": true, "zero": false, "data": true, "offset": 327680},
{ "start": 1179648, "length": 65536, "depth": 0, "present": true, "zero": true, "data": false},
{ "start": 1245184, "length": 65863680, "depth": 0, "present": false, "zero": true, "data": false}]"""


def test_an_overlay_without_a_block_of_its_own_was_not_written() -> None:
    assert written(FRESH) == []


def test_blocks_that_were_written_are_told_also_where_they_hold_only_zeros() -> None:
    assert written(USED) == ["131072 bytes at 1048576", "65536 bytes at 1179648"]
