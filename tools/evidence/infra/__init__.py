"""What the account's resources are, how they are configured, and which of them feed themselves."""
