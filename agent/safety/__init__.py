"""What may be done at all: the judge of commands, and the policy of actions."""
