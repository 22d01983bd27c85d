"""What `doctor` asks about Vagrant and libvirt."""

import shutil
from pathlib import Path

from lab.host.run import run
from lab.model.checks import Check
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.vagrant import kvm, virsh

# Where the package of Vagrant's makers puts it, with a Ruby of its own.
_MAKERS = Path("/opt/vagrant")


def checks(by: Deadline) -> list[Check]:
    """Whether Vagrant is there, libvirt answers, and what the machines will run on."""
    return [_vagrant(by), _libvirt(by), _accelerator(by)]


def _vagrant(by: Deadline) -> Check:
    try:
        version = run(["vagrant", "--version"], by=by).out.strip()
        plugins = run(["vagrant", "plugin", "list", "--no-tty"], by=by).out
    except LabError as error:
        return Check("vagrant", False, error.message, error.mend)
    return plugin(version, plugins, Path(shutil.which("vagrant") or "").resolve())


def plugin(version: str, plugins: str, program: Path) -> Check:
    """Whether this Vagrant, whose program lies there, sees the plugin for libvirt. Pure."""
    found, mend = f"{version} with {plugins.strip() or 'no plugin'}", "run `lab setup`"
    if program.is_relative_to(_MAKERS):
        found += ", from its makers: the package has the name of Debian's, and does not see Debian's vagrant-libvirt"
        mend = "type `vagrant plugin install vagrant-libvirt`, or purge the package vagrant and run `lab setup`"
    return Check("vagrant", "vagrant-libvirt" in plugins, found, mend)


def _libvirt(by: Deadline) -> Check:
    try:
        virsh.pool_folder(by)
        return Check("libvirt", True, virsh.ask("version", "--daemon", by=by).strip().splitlines()[-1])
    except LabError as error:
        return Check("libvirt", False, error.message, error.mend)


def _accelerator(by: Deadline) -> Check:
    try:
        found = kvm.accelerator(by, anew=True)
    except LabError as error:
        return Check("accelerator", False, error.message, error.mend)
    text = "KVM: machines run at nearly the speed of this computer"
    if found != "kvm":
        text = "TCG: no KVM that works, so machines are emulated, about ten times slower; all works all the same"
    return Check("accelerator", True, text)
