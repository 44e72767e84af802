"""The bill: series of costs, filters over them, forecasts and anomalies. The services ce and budgets read it."""
