"""What holds whatever a model does: a model that obeys every text it reads, and counters at both wires."""
