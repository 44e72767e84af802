"""One file a kind of job: runs its graph and shows the result."""
