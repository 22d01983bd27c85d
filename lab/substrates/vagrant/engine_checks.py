"""What `doctor` asks about Vagrant and libvirt."""

from lab.host.run import run
from lab.model.checks import Check
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.vagrant import kvm, virsh


def checks(by: Deadline) -> list[Check]:
    """Whether Vagrant is there, libvirt answers, and what the machines will run on."""
    return [_vagrant(by), _libvirt(by), _accelerator(by)]


def _vagrant(by: Deadline) -> Check:
    try:
        version = run(["vagrant", "--version"], by=by).out.strip()
        plugins = run(["vagrant", "plugin", "list", "--no-tty"], by=by).out
    except LabError as error:
        return Check("vagrant", False, error.message, error.mend)
    return Check(
        "vagrant", "vagrant-libvirt" in plugins, f"{version} with {plugins.strip() or 'no plugin'}", "run `lab setup`"
    )


def _libvirt(by: Deadline) -> Check:
    try:
        virsh.pool_folder(by)
        return Check("libvirt", True, virsh.ask("version", "--daemon", by=by).strip().splitlines()[-1])
    except LabError as error:
        return Check("libvirt", False, error.message, error.mend)


def _accelerator(by: Deadline) -> Check:
    try:
        found = kvm.accelerator(by)
    except LabError as error:
        return Check("accelerator", False, error.message, error.mend)
    text = "KVM: machines run at nearly the speed of this computer"
    if found != "kvm":
        text = "TCG: no KVM that works, so machines are emulated, about ten times slower; all works all the same"
    return Check("accelerator", True, text)
