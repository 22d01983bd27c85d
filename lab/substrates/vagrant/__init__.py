"""Vagrant with libvirt: nodes are virtual machines."""

import logging

# Else python-vagrant warns, as soon as it is imported, where there is no Vagrant; who needs it gets an error of ours.
logging.getLogger("vagrant").addHandler(logging.NullHandler())
