"""The store: the source service, the drive and the database."""
