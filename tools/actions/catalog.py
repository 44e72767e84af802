"""Every kind of action by name: what a plan may propose, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from agent.settings import Settings
from tools.actions.airflow_clear_task import AirflowClearTaskKind
from tools.actions.airflow_pause_dag import AirflowPauseDagKind
from tools.actions.airflow_trigger_dag import AirflowTriggerDagKind
from tools.actions.asg_scale import AsgScaleKind
from tools.actions.document_catalogue import read_documents
from tools.actions.dynamodb_capacity import DynamodbCapacityKind
from tools.actions.ecs_restart import EcsRestartKind
from tools.actions.ecs_rollback import EcsRollbackKind
from tools.actions.ecs_scale import EcsScaleKind
from tools.actions.event_catalogue import read_events
from tools.actions.eventbridge_event import EventbridgeEventKind
from tools.actions.kind import ActionKind
from tools.actions.lambda_config import LambdaConfigKind
from tools.actions.lambda_restart import LambdaRestartKind
from tools.actions.lambda_rollback import LambdaRollbackKind
from tools.actions.lambda_test import LambdaTestKind
from tools.actions.rds_parameter import RdsParameterKind
from tools.actions.rds_reboot import RdsRebootKind
from tools.actions.sqs_redrive import SqsRedriveKind
from tools.actions.ssm_document import SsmDocumentKind
from tools.actions.ssm_script import SsmScriptKind
from tools.actions.stepfunctions_redrive import StepfunctionsRedriveKind

KINDS: tuple[ActionKind[Any], ...] = (
    LambdaRollbackKind(),
    LambdaRestartKind(),
    LambdaConfigKind(),
    LambdaTestKind(),
    EcsRestartKind(),
    EcsScaleKind(),
    EcsRollbackKind(),
    AsgScaleKind(),
    RdsParameterKind(),
    RdsRebootKind(),
    DynamodbCapacityKind(),
    SqsRedriveKind(),
    EventbridgeEventKind(),
    StepfunctionsRedriveKind(),
    AirflowClearTaskKind(),
    AirflowTriggerDagKind(),
    AirflowPauseDagKind(),
    SsmDocumentKind(),
    SsmScriptKind(),
)

ACTIONS: Mapping[str, ActionKind[Any]] = MappingProxyType({kind.name: kind for kind in KINDS})
"""As they come with Watchkeeper."""


def actions(settings: Settings) -> Mapping[str, ActionKind[Any]]:
    """The same, with what the settings let some of them do besides. SettingsError when a file of theirs is wrong."""
    own: tuple[ActionKind[Any], ...] = (
        EventbridgeEventKind(read_events(settings.event_catalogue)),
        SsmDocumentKind(read_documents(settings.document_catalogue)),
        AirflowClearTaskKind(settings),
        AirflowTriggerDagKind(settings),
        AirflowPauseDagKind(settings),
    )
    return MappingProxyType({**ACTIONS, **{kind.name: kind for kind in own}})
