"""What `doctor` asks about Docker."""

from lab.model.checks import Check
from lab.model.errors import LabError
from lab.substrates.docker.client import api


def checks() -> list[Check]:
    """Whether Docker Engine answers, and which one it is."""
    try:
        version = api().version()
    except LabError as error:
        return [Check("docker engine", False, error.message, error.mend)]
    return [Check("docker engine", True, f"Docker {version['Version']}, kernel {version['KernelVersion']}")]
