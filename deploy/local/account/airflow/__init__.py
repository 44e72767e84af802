"""Airflow's REST API over DAGs and a run history that are computed from a scenario."""

from __future__ import annotations

from deploy.local.account.airflow.errors import RestError
from deploy.local.account.airflow.rest import AirflowApi

__all__ = ["AirflowApi", "RestError"]
