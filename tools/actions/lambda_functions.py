"""What the actions on Lambda functions read of them. Values of environment variables are secrets: they stay here."""

from __future__ import annotations

from typing import Any

from agent.models import ActionResult
from agent.ports import AwsSession
from agent.redaction import redact
from tools.actions.kind import Order

SETTLED = ("Successful", "")
RUNNABLE = ("Active", "Inactive", "")
REASON_CHARS = 300


def function_arn(order: Order[Any]) -> str:
    return order.arn("lambda", f"function:{order.target.id}")


def configuration(order: Order[Any], aws: AwsSession) -> dict[str, Any]:
    """The configuration of what is changed: that of $LATEST."""
    found: dict[str, Any] = aws.client("lambda").get_function_configuration(FunctionName=order.target.id)
    return found


def tags(order: Order[Any], aws: AwsSession) -> dict[str, str]:
    found: dict[str, str] = aws.client("lambda").list_tags(Resource=function_arn(order))["Tags"]
    return found


def busy(found: dict[str, Any]) -> tuple[str, ...]:
    """Why Lambda would not take a change of this configuration now."""
    if found.get("LastUpdateStatus", "") not in SETTLED:
        return (f"Another change of it is not over yet ({found['LastUpdateStatus']}).",)
    if found.get("State", "") not in RUNNABLE:
        return (f"It cannot be changed while it is {found['State']}.",)
    return ()


def updated(order: Order[Any], result: ActionResult, aws: AwsSession) -> ActionResult:
    """Lambda takes a change first, and may find out later that it cannot be made."""
    found = configuration(order, aws)
    if found.get("LastUpdateStatus") != "Failed":
        return result
    why = redact(str(found.get("LastUpdateStatusReason") or "it does not say why"))[:REASON_CHARS]
    return result.model_copy(update={"succeeded": False, "message": f"Lambda could not update it ({why})."})


def published(order: Order[Any], aws: AwsSession) -> tuple[str, ...]:
    """A warning that names the aliases which a change of $LATEST does not reach."""
    aliases = aws.client("lambda").list_aliases(FunctionName=order.target.id)["Aliases"]
    fixed = [f"{alias['Name']} (version {alias['FunctionVersion']})" for alias in aliases]
    fixed = [text for text in fixed if not text.endswith("(version $LATEST)")]
    if not fixed:
        return ()
    return (f"It changes $LATEST only: calls of the alias {', '.join(sorted(fixed))} go to a published version.",)
