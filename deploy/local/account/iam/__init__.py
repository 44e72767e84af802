"""Who calls, and what they may do: sessions of assumed roles, and the policies that apply to them."""
