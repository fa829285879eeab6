"""How a version does, as the clouds' own sources of metrics have it: their answers become the gate's samples.

Each module asks one source about one version over one window, and reads its answer. What the answer means for a release
is the gate's to say (``delivery/gate.py``); Prometheus, which releases on Kubernetes ask, is in ``prometheus.py``.
Which source knows the services of which platform is the business of ``sources.py``.
"""
