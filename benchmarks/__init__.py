"""What the promises are measured with: one command each."""
