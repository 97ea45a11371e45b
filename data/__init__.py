"""What comes from outside, and how it is kept: collections, encoders, token states."""

import os

# Threads that wait spin by default. Where the machine has other work, a query's few products then wait for cores
# that spin: 700 ms instead of 15. It holds where nothing has imported torch before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
