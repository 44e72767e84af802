"""The parts of a scenario file, a file a topic. `deploy.local.account.scenario` puts them together."""
