"""What Watchkeeper can change: one file an action. Only the executor calls `execute`; agents never see this folder."""
