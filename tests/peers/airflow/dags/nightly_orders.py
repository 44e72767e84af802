"""A DAG that fails in the middle: its first task succeeds, the second raises, the third never runs."""

from airflow.sdk import DAG, task

with DAG("nightly_orders", schedule=None, catchup=False, default_args={"retries": 0}):

    @task
    def extract() -> int:
        return 3

    @task
    def load(rows: int) -> int:
        raise ValueError(f"column amount of raw.orders is missing in {rows} rows")

    @task
    def publish(rows: int) -> None:
        print(rows)

    publish(load(extract()))
