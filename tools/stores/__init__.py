"""Where incidents, conversations, approvals and the audit trail are kept. One package an adapter."""
