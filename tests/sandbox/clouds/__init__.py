"""The simulated clouds: their parts by themselves, and with the real engine."""
