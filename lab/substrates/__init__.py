"""The two engines behind one small protocol; nothing outside this room names one."""
