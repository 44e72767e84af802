"""What is paid for and not used, or larger than it need be: one check a kind of resource."""
