"""A DAG that starts another one, waits for it and fails with it."""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

with DAG("orders_report", schedule=None, catchup=False, default_args={"retries": 0}):
    TriggerDagRunOperator(
        task_id="build_orders",
        trigger_dag_id="nightly_orders",
        wait_for_completion=True,
        poke_interval=1,
        failed_states=["failed"],
    )
