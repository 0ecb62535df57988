"""The parts of `benchmarks.retrieval`: corpora, the systems that search them, and what is measured of each."""
