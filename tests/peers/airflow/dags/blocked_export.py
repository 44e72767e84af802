"""A DAG whose only task waits for a pool that has no slots."""

from airflow.sdk import DAG, task

with DAG("blocked_export", schedule=None, catchup=False):

    @task(pool="warehouse")
    def export() -> None:
        """Would copy the orders."""

    export()
