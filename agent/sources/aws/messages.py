"""What services write to SNS themselves: AWS Backup and Glue in prose, CodeDeploy and Auto Scaling in JSON."""

from __future__ import annotations

import re

from agent.models import Alert, AlertStatus, Resource
from agent.sources.aws import arns
from agent.sources.aws.events import system
from agent.sources.aws.notice import Notice
from agent.sources.aws.severities import outcome
from agent.sources.fields import text_at
from agent.sources.moments import moment

_BACKUP = re.compile(
    r"\bAn AWS Backup (\w+(?: \w+)?) was (\w[\w ]{0,40})|\bAWS Backup\b[^.\n]{0,60}\b(failed|completed|expired)\b"
)
_BACKUP_JOBS = {"COPY_JOB": "Copy of a backup of", "RESTORE_JOB": "Restore to"}
"""Named as in `jobs.py`, so that both ways of telling of a job tell of the same one."""
_BACKUP_ARN = re.compile(r"\bResource ARN ?: ?(arn:\S+?)\.?(?:\s|$)")
_BACKUP_STATE = re.compile(
    r"\b(completed(?: successfully)?|failed|stopped|aborted|expired|started|modified|partial)\b", re.I
)
_GLUE_JOB = re.compile(
    r"\bglue job\b[\s:]*[\"'`(]?([\w.-]{1,255})|\bjob[ _]?name[\"']?\s*[:=]\s*[\"']?([\w.-]{1,255})", re.I
)
_GLUE_STATE = re.compile(r"\b(failed|failure|timeout|timed out|stopped|succeeded|error)\b", re.I)
_NOT_NAMES = ("has", "is", "run", "failed", "failure", "state", "name", "with", "was")


def is_backup(notice: Notice) -> bool:
    return bool(notice.text) and ("AWS Backup" in notice.subject or bool(_BACKUP.search(notice.text[:2000])))


def parse_backup(notice: Notice) -> list[Alert]:
    """The state is an attribute of the message; the words say it too."""
    stated = _BACKUP_STATE.search(notice.text[:2000])
    state = notice.attributes.get("State", "") or (stated[1].split()[0] if stated else "")
    noun = _BACKUP_JOBS.get(notice.attributes.get("EventType", ""), "Backup of")
    found, topic = _BACKUP_ARN.search(notice.text[:10_000]), arns.resource(notice.topic)
    resource = arns.resource(found[1] if found else "", region=topic.region, account=topic.account)
    resource = resource if found else resource.model_copy(update={"service": "backup"})
    ended = outcome(state)
    return [
        notice.alert(
            "backup",
            f"{noun} {resource.id or 'something unnamed'}: {state.replace('_', ' ').lower() or 'changed'}",
            (noun, resource.id, resource.account, resource.region, *ended.phase),
            (notice.text,),
            external_id=resource.arn,
            status=ended.status,
            severity=ended.severity,
            resource=resource,
            system=system(resource.account),
            labels={"state": state, "job": notice.attributes.get("Id", "")},
        )
    ]


def is_glue(notice: Notice) -> bool:
    says_so = re.search(r"\bglue\b", f"{notice.subject} {notice.text[:2000]}", re.I)
    return bool(notice.text and says_so and _glue_job(notice))


def parse_glue(notice: Notice) -> list[Alert]:
    """Prose about a job: what a rule's input transformer or a script of the team's made of the event."""
    name = _glue_job(notice)
    topic = arns.resource(notice.topic)
    state = _GLUE_STATE.search(f"{notice.subject} {notice.text[:2000]}")
    ended = outcome(state[1] if state else "")
    told = f"Glue job {name}: {state[1].lower() if state else 'changed'}"
    arn = arns.derived("jobname", name, topic.region, topic.account)
    resource = arns.resource(arn or name, region=topic.region, account=topic.account, service="glue")
    return [
        notice.alert(
            "glue",
            notice.subject if name in notice.subject else told,
            ("Glue job", name, resource.account, resource.region, *ended.phase),
            (notice.text,),
            external_id=arn or name,
            status=ended.status,
            severity=ended.severity,
            resource=resource,
            system=system(resource.account),
        )
    ]


def _glue_job(notice: Notice) -> str:
    found = _GLUE_JOB.finditer(f"{notice.subject}\n{notice.text[:2000]}")
    names = (next(group for group in match.groups() if group) for match in found)
    return next((name for name in names if name.lower() not in _NOT_NAMES), "")


def is_codedeploy(notice: Notice) -> bool:
    return "eventTriggerName" in notice.object and "deploymentId" in notice.object


def parse_codedeploy(notice: Notice) -> list[Alert]:
    """A trigger of a deployment group: of a deployment, or of one instance in it."""
    body = notice.object
    region, account = text_at(body, "region"), text_at(body, "accountId")
    about = [text_at(body, "applicationName"), text_at(body, "deploymentGroupName"), text_at(body, "instanceId")]
    name = "/".join(arns.resource(part).id for part in about if part)
    state, run = text_at(body, "status", "instanceStatus"), text_at(body, "deploymentId")
    ended = outcome(state)
    return [
        notice.alert(
            "codedeploy",
            f"Deployment of {name or run}: {state.lower() or 'changed'}",
            ("Deployment of", name or text_at(body, "eventTriggerName"), account, region, *ended.phase),
            (text_at(body, "errorInformation"), text_at(body, "rollbackInformation")),
            external_id=name,
            status=ended.status,
            severity=ended.severity,
            resource=Resource(service="codedeploy", type="deploymentgroup", id=name, region=region, account=account),
            system=system(account),
            started_at=moment(text_at(body, "createTime", "lastUpdatedAt")),
            ended_at=moment(text_at(body, "completeTime")) if ended.status is AlertStatus.resolved else None,
            labels={"state": state, "run": run, "trigger": text_at(body, "eventTriggerName")},
            links=(arns.console(region, f"codesuite/codedeploy/deployments/{arns.quoted(run)}?region={region}"),),
        )
    ]


def is_autoscaling(notice: Notice) -> bool:
    return text_at(notice.object, "Event").startswith("autoscaling:")


def parse_autoscaling(notice: Notice) -> list[Alert]:
    body, topic = notice.object, arns.resource(notice.topic)
    event, group = text_at(body, "Event").removeprefix("autoscaling:"), text_at(body, "AutoScalingGroupName")
    account = text_at(body, "AccountId") or topic.account
    resource = arns.resource(text_at(body, "AutoScalingGroupARN") or group, region=topic.region, account=account)
    ended = outcome(event)
    return [
        notice.alert(
            "autoscaling",
            f"Auto Scaling group {group or 'without a name'}: {event.replace('_', ' ').lower()}",
            (group, account, topic.region, event.removesuffix("_ERROR") if ended.settled else event),
            (text_at(body, "StatusMessage"), text_at(body, "Cause"), text_at(body, "Description")),
            external_id=resource.arn or group,
            status=ended.status,
            severity=ended.severity,
            resource=resource.model_copy(update={"service": "ec2", "type": "autoScalingGroup", "id": group}),
            system=system(account),
            started_at=moment(text_at(body, "StartTime")),
            labels={"event": event, "instance": text_at(body, "EC2InstanceId")},
        )
    ]
