"""What the account costs: the bill and what moved, why it moved, what it will come to, and what is paid for nothing."""
