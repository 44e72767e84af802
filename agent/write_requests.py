"""What a person can do who asked Watchkeeper to change something: it reads only, and names the step instead.

steps_for("please restart payments-api")
# ("Restart it yourself: `aws ecs update-service … --force-new-deployment`, or …", "Ask me …")
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.vocabulary import names_in, service_in

PLACEHOLDER = "NAME"


@dataclass(frozen=True)
class Step:
    """One kind of change: the words that ask for it, the service it is for, and how a person makes it."""

    words: str
    service: str
    what: str
    command: str
    console: str


STEPS = (
    Step(
        r"roll(?:ed)? ?back|revert|undo",
        "lambda",
        "Point the function's alias at the version before",
        "aws lambda update-alias --function-name {name} --name ALIAS --function-version VERSION",
        "Lambda › Functions › Aliases",
    ),
    Step(
        r"roll(?:ed)? ?back|revert|undo",
        "ecs",
        "Deploy the task definition before",
        "aws ecs update-service --cluster CLUSTER --service {name} --task-definition FAMILY:REVISION",
        "ECS › Clusters › Services › Update",
    ),
    Step(
        r"re-?start|re-?boot|bounce",
        "rds",
        "Reboot the instance",
        "aws rds reboot-db-instance --db-instance-identifier {name}",
        "RDS › Databases › Actions › Reboot",
    ),
    Step(
        r"re-?start|re-?boot|bounce",
        "ec2",
        "Reboot the instance",
        "aws ec2 reboot-instances --instance-ids {name}",
        "EC2 › Instances › Instance state",
    ),
    Step(
        r"re-?start|re-?boot|bounce",
        "lambda",
        "Let the function start afresh by a change to its configuration",
        "aws lambda update-function-configuration --function-name {name} --description restarted",
        "Lambda › Functions › Configuration",
    ),
    Step(
        r"re-?start|re-?boot|bounce|re-?deploy",
        "ecs",
        "Replace the service's tasks",
        "aws ecs update-service --cluster CLUSTER --service {name} --force-new-deployment",
        "ECS › Clusters › Services › Update",
    ),
    Step(
        r"scale|increase|decrease|raise|more|fewer|concurrency|memory",
        "lambda",
        "Set the function's reserved concurrency",
        "aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions COUNT",
        "Lambda › Functions › Configuration › Concurrency",
    ),
    Step(
        r"scale|increase|decrease|raise|capacity",
        "dynamodb",
        "Change the table's capacity",
        "aws dynamodb update-table --table-name {name} --provisioned-throughput "
        "ReadCapacityUnits=COUNT,WriteCapacityUnits=COUNT",
        "DynamoDB › Tables › Additional settings",
    ),
    Step(
        r"scale|increase|decrease|raise|more|fewer",
        "ecs",
        "Change the service's desired count",
        "aws ecs update-service --cluster CLUSTER --service {name} --desired-count COUNT",
        "ECS › Clusters › Services › Update",
    ),
    Step(
        r"re-?drive|replay|re-?process|retry|move",
        "sqs",
        "Move the messages back from the dead-letter queue",
        "aws sqs start-message-move-task --source-arn DLQ_ARN",
        "SQS › Queues › Start DLQ redrive",
    ),
    Step(
        r"clear|re-?run|re-?try|trigger|restart",
        "mwaa",
        "Clear the failed task so that Airflow runs it again",
        "airflow tasks clear {name} --only-failed",
        "Airflow › Dags › Grid › Clear",
    ),
    Step(
        r"stop|kill|terminate|shut ?down|turn off",
        "ec2",
        "Stop the instance",
        "aws ec2 stop-instances --instance-ids {name}",
        "EC2 › Instances › Instance state",
    ),
    Step(
        r"stop|kill|disable|turn off|throttle",
        "lambda",
        "Stop the function's invocations by a reserved concurrency of 0",
        "aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions 0",
        "Lambda › Functions › Configuration › Concurrency",
    ),
)
"""The first that fits words and service."""


def steps_for(request: str, resource: str = "", service: str = "") -> tuple[str, ...]:
    """What to do instead of what was asked for: the step itself where it is known, the way to it, and a look first.

    `resource` and `service`: what the request was found to be about, where its own words do not say.
    """
    name = resource or next(iter(names_in(request)), "")
    step = _step(request, service_in(request) or service)
    steps: list[str] = []
    if step:
        command = step.command.format(name=name if _SAFE.fullmatch(name) else PLACEHOLDER)
        steps.append(f"{step.what}, if you are sure: `{command}`, or in the console {step.console}.")
    steps.append("In an alert's thread, my summary names the step of the runbook that fits; a person takes it.")
    ask = f"Ask me “what is wrong with `{name}`?”" if name else "Tell me what looks wrong"
    steps.append(f"{ask}, and I look for the cause before anybody changes anything.")
    return tuple(steps)


_SAFE = re.compile(r"[A-Za-z0-9][\w./:-]{0,250}")
"""A name that a shell takes as it stands."""


def _step(request: str, service: str) -> Step | None:
    fitting = (step for step in STEPS if re.search(rf"\b(?:{step.words})\b", request, re.I))
    return next((step for step in fitting if step.service == service), None)
