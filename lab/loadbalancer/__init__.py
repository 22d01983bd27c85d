"""The load balancer: its configuration and its runtime API."""
