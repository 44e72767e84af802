"""How the account answers to being changed: reactions that a scenario describes are matched and woven into it."""
