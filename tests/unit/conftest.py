"""Property tests look at what comes out, not at how long an example takes: that depends on who else is at work."""

from hypothesis import settings

settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")
