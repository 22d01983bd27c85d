"""The texts of the kit as a site that needs no network."""
