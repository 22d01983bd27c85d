"""Root file systems made by Ansible roles, and the same roles against running nodes."""
