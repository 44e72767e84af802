"""What a person can do who asked Watchkeeper to change something that no runbook has as a fix: the step is named.

steps_for("please restart payments-api")
# ("Restart it yourself: `aws ecs update-service … --force-new-deployment`, or …", "Ask me …")
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.vocabulary import SERVICES, names_in

PLACEHOLDER = "NAME"


@dataclass(frozen=True)
class Step:
    """One kind of change: the words that ask for it, the service it is for, and how a person makes it."""

    words: str
    service: str
    what: str
    command: str
    console: str


_NOT_ITS_TROUBLE = r"(?!.*\b(?:error|alert|alarm|throttl|retr|fail|crash|time|cost|spend|from)\w*)"
"""To stop its errors is not to stop it."""
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
        r"memory|ram",
        "lambda",
        "Set the function's memory",
        "aws lambda update-function-configuration --function-name {name} --memory-size MEGABYTES",
        "Lambda › Functions › Configuration › General configuration",
    ),
    Step(
        r"time-?outs?",
        "lambda",
        "Set the function's timeout",
        "aws lambda update-function-configuration --function-name {name} --timeout SECONDS",
        "Lambda › Functions › Configuration › General configuration",
    ),
    Step(
        r"scale|concurren\w+",
        "lambda",
        "Set the function's reserved concurrency",
        "aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions COUNT",
        "Lambda › Functions › Configuration › Concurrency",
    ),
    Step(
        r"scale|capacity|throughput",
        "dynamodb",
        "Change the table's capacity",
        "aws dynamodb update-table --table-name {name} --provisioned-throughput "
        "ReadCapacityUnits=COUNT,WriteCapacityUnits=COUNT",
        "DynamoDB › Tables › Additional settings",
    ),
    Step(
        r"memory|ram|cpu",
        "ecs",
        "Deploy a task definition with other sizes",
        "aws ecs update-service --cluster CLUSTER --service {name} --task-definition FAMILY:REVISION",
        "ECS › Task definitions › Create new revision",
    ),
    Step(
        r"scale|(?:increase|decrease|raise|lower|more|fewer)\b.*\b(?:tasks?|count|replicas?|containers?|copies)",
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
        r"clear|re-?run|re-?try|re-?start\b.*\b(?:dag|task)s?",
        "mwaa",
        "Clear the failed task so that Airflow runs it again",
        "airflow tasks clear {name} --only-failed",
        "Airflow › Dags › Grid › Clear",
    ),
    Step(
        r"trigger|start|run",
        "mwaa",
        "Start a run of the DAG",
        "airflow dags trigger {name}",
        "Airflow › Dags › Trigger",
    ),
    Step(
        rf"(?:stop|kill|terminate|shut ?down|turn off){_NOT_ITS_TROUBLE}",
        "ec2",
        "Stop the instance",
        "aws ec2 stop-instances --instance-ids {name}",
        "EC2 › Instances › Instance state",
    ),
    Step(
        rf"(?:stop|kill|disable|turn off){_NOT_ITS_TROUBLE}",
        "lambda",
        "Stop the function's invocations by a reserved concurrency of 0",
        "aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions 0",
        "Lambda › Functions › Configuration › Concurrency",
    ),
)
"""The first that fits words and service."""


def steps_for(request: str, resource: str = "", service: str = "") -> tuple[str, ...]:
    """What to do instead of what was asked for: the step itself where it is known, the way to it, and a look first.

    `resource` and `service`: what the request was found to be about; that counts more than its words.
    """
    names = [resource] if resource else names_in(request)
    name = names[0] if len(names) == 1 else ""
    step = _step(request, _service(request, resource, service)) if len(names) < 2 else None
    steps: list[str] = []
    if step:
        command = step.command.format(name=name if _NAMES.get(step.service, _SAFE).fullmatch(name) else PLACEHOLDER)
        steps.append(f"{step.what}, if you are sure: `{command}`, or in the console {step.console}.")
    steps.append("In an incident's thread, say “fix it”: where a runbook knows the fix, I propose it there.")
    ask = f"Ask me “what is wrong with `{name}`?”" if name else "Tell me what looks wrong"
    steps.append(f"{ask}, and I look for the cause before anybody changes anything.")
    return tuple(steps)


_SAFE = re.compile(r"[A-Za-z0-9][\w./:-]{0,250}")
"""A name that a shell takes as it stands."""
_NAMES = {"ec2": re.compile(r"i-[0-9a-f]{8,17}")}
_WORD = re.compile(r"[^\W_]+")
_NEGATED = re.compile(r"\b(?:don['’]?t|do not|never|not to|without)\b", re.I)
_SPOKEN = {word: service for service, spoken in SERVICES.items() for word in spoken}
_SERVICE = re.compile(
    rf"\b({'|'.join(sorted(map(re.escape, _SPOKEN), key=len, reverse=True))})\b"
    r"(\s+(?:writer|reader|worker|consumer|producer|publisher|listener|handler|processor|exporter|importer|loader"
    r"|mailer|connector|monitor|scheduler|router|poller|indexer|sync|job|client|proxy|cache|app|api)s?\b)?",
    re.I,
)
"""A word for a service, and one for a role behind it: a `db writer` is no database."""


def _service(request: str, resource: str, found: str) -> str:
    """The service of what is to be changed; "" when it is not known, and when the words say another than was found."""
    own = {word.lower() for word in _WORD.findall(resource)}
    rest = request.replace(resource, " ") if resource else request
    for name in names_in(rest):
        rest = rest.replace(name, " ")
    words = {match[1].lower() for match in _SERVICE.finditer(rest) if not match[2]} - own
    said = {_SPOKEN[word] for word in words}
    said -= {"ec2"} if found or len(said) > 1 else set()  # an instance may be one of a database
    if found:
        return found if said <= {found} else ""
    return said.pop() if len(said) == 1 else ""


def _step(request: str, service: str) -> Step | None:
    if _NEGATED.search(request):
        return None
    fitting = (step for step in STEPS if re.search(rf"\b(?:{step.words})\b", request, re.I))
    return next((step for step in fitting if step.service == service), None)
