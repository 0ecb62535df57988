"""What `benchmarks/delivery.py` is made of: the rig, the processes that are measured, and the parts."""
