"""Records as files: each format in a module of its own, none of them with wording of its own."""
