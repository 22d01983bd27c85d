"""All probes, by the batch of rows that each measures."""

from collections.abc import Mapping

from lab.comparison.probes.base import Probe
from lab.comparison.probes.durability import Durability
from lab.comparison.probes.isolation import Isolation
from lab.comparison.probes.life import Replace, Restart
from lab.comparison.probes.machine import Flushes, Machine
from lab.comparison.probes.provisioning import Provisioning
from lab.comparison.probes.room import Density, DiskRoom, Memory
from lab.comparison.probes.start import Start
from lab.comparison.probes.traffic import Direct, Traffic
from lab.comparison.probes.worker import Keeper


def probes() -> Mapping[str, Probe]:
    """The probe of each batch, by its name; they share what they know of the lab, so a comparison makes them once."""
    keeper = Keeper()
    found: list[Probe] = [
        Start(keeper),
        Restart(keeper),
        Replace(keeper),
        Memory(keeper),
        DiskRoom(),
        Traffic(keeper),
        Direct(keeper),
        Machine(keeper),
        Flushes(keeper),
        Density(keeper),
        Isolation(keeper),
        Provisioning(),
        Durability(),
    ]
    return {probe.name: probe for probe in found}
