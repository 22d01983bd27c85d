"""Vagrant with libvirt: nodes are virtual machines."""
