"""The parts of `benchmarks.deadlines`."""
