"""What comes from outside, and how it is kept: collections, encoders, token states."""

import os

# Threads that wait spin by default. Where the machine has other work, a query's few products then wait for cores
# that spin: 700 ms instead of 15. It holds where nothing has imported torch before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Even a model in the local cache would have the hub's client fetch a list of user agents: telemetry.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
