"""Things that run and end, as EventBridge tells of them: jobs, executions, deployments, builds, commands. A row each.

A failed one fires, one that succeeded is over, and one that still runs is an alert of its own for information.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.models import Alert, AlertStatus
from agent.sources.aws import arns
from agent.sources.aws.events import is_from, listed, subject_of, system, tags_of
from agent.sources.aws.notice import Notice
from agent.sources.aws.severities import outcome
from agent.sources.fields import mapping_at, text_at
from agent.sources.moments import moment


@dataclass(frozen=True)
class Job:
    """How one kind of event says what ran, how it ended and why. Names of fields are those of its `detail`."""

    source: str
    detail_type: str
    noun: str
    name: tuple[str, ...]
    """The fields that name it together: an application and its deployment group."""
    state: str = "state"
    reasons: tuple[str, ...] = ()
    run: str = ""
    """What this one run is called."""
    arn: str = ""
    """The field that holds the ARN, or what follows `arn:aws:`, with {place} and {name}; else the event's resource."""
    page: str = ""
    """The page of the run in the console."""
    started: str = ""
    ended: str = ""


_SSM_PAGE = "systems-manager/automation/execution/{run}?region={region}"

JOBS: tuple[Job, ...] = (
    Job(
        "aws.glue",
        "Glue Job",
        "Glue job",
        ("jobName",),
        reasons=("message",),
        run="jobRunId",
        arn="glue:{place}:job/{name}",
        page="gluestudio/home?region={region}#/job/{name}/run/{run}",
    ),
    Job(
        "aws.glue",
        "Glue Crawler",
        "Glue crawler",
        ("crawlerName",),
        reasons=("errorMessage", "message"),
        arn="glue:{place}:crawler/{name}",
    ),
    Job(
        "aws.backup",
        "Backup Job",
        "Backup of",
        ("resourceArn",),
        reasons=("statusMessage",),
        run="backupJobId",
        arn="resourceArn",
        page="backup/home?region={region}#/jobs/backup/details/{run}",
        started="creationDate",
    ),
    Job(
        "aws.backup",
        "Copy Job",
        "Copy of a backup of",
        ("resourceArn",),
        reasons=("statusMessage",),
        run="copyJobId",
        arn="resourceArn",
        started="creationDate",
    ),
    Job(
        "aws.backup",
        "Restore Job",
        "Restore to",
        ("createdResourceArn", "resourceType"),
        state="status",
        reasons=("statusMessage",),
        run="restoreJobId",
        arn="createdResourceArn",
        started="creationDate",
    ),
    Job(
        "aws.codedeploy",
        "CodeDeploy Deployment",
        "Deployment of",
        ("application", "deploymentGroup"),
        run="deploymentId",
        arn="codedeploy:{place}:deploymentgroup:{name}",
        page="codesuite/codedeploy/deployments/{run}?region={region}",
    ),
    Job(
        "aws.codedeploy",
        "CodeDeploy Instance",
        "Deployment of",
        ("application", "deploymentGroup", "instanceId"),
        run="deploymentId",
        page="codesuite/codedeploy/deployments/{run}?region={region}",
    ),
    Job(
        "aws.codepipeline",
        "CodePipeline",
        "Pipeline",
        ("pipeline", "stage", "action"),
        reasons=("execution-result.external-execution-summary", "additionalInformation"),
        run="execution-id",
        page="codesuite/codepipeline/pipelines/{name}/executions/{run}?region={region}",
    ),
    Job(
        "aws.codebuild",
        "CodeBuild Build State",
        "Build of",
        ("project-name",),
        state="build-status",
        run="build-id",
        arn="codebuild:{place}:project/{name}",
    ),
    Job(
        "aws.states",
        "Step Functions Execution",
        "Step Functions execution of",
        ("stateMachineArn",),
        state="status",
        reasons=("error", "cause"),
        run="executionArn",
        arn="stateMachineArn",
        page="states/home?region={region}#/v2/executions/details/{run}",
        started="startDate",
        ended="stopDate",
    ),
    Job(
        "aws.ssm",
        "EC2 Automation Step",
        "Automation step",
        ("Definition", "Name"),
        state="Status",
        reasons=("FailureMessage",),
        run="ExecutionId",
        page=_SSM_PAGE,
    ),
    Job(
        "aws.ssm",
        "EC2 Automation",
        "Automation",
        ("Definition",),
        state="Status",
        reasons=("FailureMessage",),
        run="ExecutionId",
        page=_SSM_PAGE,
        started="StartTime",
        ended="EndTime",
    ),
    Job(
        "aws.ssm",
        "EC2 Command Invocation",
        "Command",
        ("document-name", "instance-id"),
        state="status",
        reasons=("status-details",),
        run="command-id",
    ),
    Job(
        "aws.ssm",
        "EC2 Command",
        "Command",
        ("document-name",),
        state="status",
        reasons=("status-details",),
        run="command-id",
    ),
    Job(
        "aws.ssm",
        "Maintenance Window",
        "Maintenance window",
        ("window-id",),
        state="status",
        reasons=("status-details",),
        run="window-execution-id",
    ),
    Job(
        "aws.dms",
        "DMS Replication Task",
        "Replication task",
        ("resources",),
        state="eventType",
        reasons=("detailMessage",),
    ),
    Job("aws.dms", "DMS", "Replication instance", ("resources",), state="eventType", reasons=("detailMessage",)),
    Job(
        "aws.batch",
        "Batch Job State",
        "Batch job",
        ("jobName",),
        state="status",
        reasons=("statusReason",),
        run="jobId",
        page="batch/home?region={region}#jobs/detail/{run}",
        started="startedAt",
        ended="stoppedAt",
    ),
    Job("aws.emr", "EMR", "EMR", ("clusterId", "name"), reasons=("message",), run="stepId"),
    Job(
        "aws.sagemaker",
        "SageMaker Training Job",
        "Training job",
        ("TrainingJobName",),
        state="TrainingJobStatus",
        reasons=("FailureReason",),
    ),
    Job(
        "aws.athena",
        "Athena Query",
        "Athena queries in",
        ("workgroupName",),
        state="currentState",
        reasons=("athenaError.errorMessage",),
        run="queryExecutionId",
    ),
    Job(
        "aws.redshift-data",
        "Redshift Data",
        "Redshift statement",
        ("statementName",),
        reasons=("error",),
        run="statementId",
    ),
    Job(
        "aws.autoscaling",
        "EC2 Instance",
        "Auto Scaling group",
        ("AutoScalingGroupName",),
        state="detail-type",
        reasons=("StatusMessage", "Cause"),
        run="ActivityId",
    ),
)
"""Sources: the event references of these services. Of rows that begin alike, the longer one comes first."""


def matches(notice: Notice) -> bool:
    return _row(notice) is not None


def parse(notice: Notice) -> list[Alert]:
    job, event = _row(notice), notice.event
    assert job is not None, "parse is called for what matches"
    detail = mapping_at(event, "detail") | {
        "resources": next(iter(listed(event)), ""),
        "detail-type": event["detail-type"],
    }
    ids = [arns.resource(text_at(detail, field)).id for field in job.name]
    name = "/".join(part for part in ids if part)
    state, run = text_at(detail, job.state), text_at(detail, job.run)
    arn = _arn(job, notice, name) or text_at(detail, job.arn)
    resource = subject_of(notice, arn, arns.service_named(job.source), name)
    ended = outcome(state)
    tags = tags_of(detail, "tags")
    page = job.page.format(region=resource.region, name=arns.quoted(name), run=arns.quoted(run))
    return [
        notice.alert(
            arns.service_named(job.source),
            f"{job.noun} {name or resource.id or 'something unnamed'}: {state.replace('_', ' ').lower()}".rstrip(": "),
            (job.noun, name or resource.arn, resource.account, resource.region, *ended.phase),
            [text_at(detail, field) for field in job.reasons],
            external_id=resource.arn or name,
            status=ended.status,
            severity=ended.severity,
            resource=resource,
            system=system(resource.account, tags),
            started_at=moment(text_at(detail, job.started)) if job.started else None,
            ended_at=moment(text_at(detail, job.ended)) if job.ended and ended.status is AlertStatus.resolved else None,
            labels={"state": state, "run": run, **tags},
            links=(arns.console(resource.region, page),) if page and run else (),
        )
    ]


def _row(notice: Notice) -> Job | None:
    return next((job for job in JOBS if is_from(notice, job.source, job.detail_type)), None)


def _arn(job: Job, notice: Notice, name: str) -> str:
    region, account = text_at(notice.event, "region"), text_at(notice.event, "account")
    if "{name}" not in job.arn or not (name and region and account):
        return ""
    return f"arn:{arns.partition_of(region)}:" + job.arn.format(place=f"{region}:{account}", name=name)
