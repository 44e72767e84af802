"""A DAG file that Airflow cannot import."""

import a_package_that_nobody_installed  # noqa: F401
from airflow.sdk import DAG

DAG("broken_forecast", schedule=None)
