"""The Vagrant vs Docker lab kit: one stateless app on containers and on virtual machines."""
