"""Views: values and words in, what a message shows out. They ask nothing and change nothing."""
