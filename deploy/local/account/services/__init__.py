"""The operations that the overlay answers, a module a service: each a function, listed in its module's OPERATIONS."""
