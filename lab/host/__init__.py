"""Everything that touches this computer: processes, waits, locks, records."""
