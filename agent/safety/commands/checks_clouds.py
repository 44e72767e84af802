"""Checks of cloud and cluster command lines: by verb, with the exceptions of `lists.yaml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from agent.safety.commands.arguments import Read
from agent.safety.commands.tables import word_list

_AWS_TOKEN = re.compile(r"[a-z][a-z0-9-]*$")
_AWS_REFUSED = (
    "--endpoint-url",
    "--no-verify-ssl",
    "--ca-bundle",
    "--debug",
    "--cli-auto-prompt",
    "--with-decryption",
    "--cli-input",
)
_TELLING = re.compile(r"(?i)token|password|credential|secret|private-?key|-login|signed|embed-url")

_TELLING_LIST = re.compile(r"key|secret|credential|connection|token|password|string|sas|profile|command|access")


def check_aws(arguments: Sequence[str], _: Read) -> str:
    """`aws [global flags] service verb ...`, where the verb only reads and hands out no secret."""
    words = list(arguments)
    if words in (["--version"], ["help"]):
        return ""
    bad = next((each for each in words if any(_abbreviates(each, flag) for flag in _AWS_REFUSED)), None)
    if bad is not None:
        return f"with {bad[:40]} it may show secrets, or send its signature elsewhere"
    while words and words[0].startswith("--"):
        flag, equals, _value = words.pop(0).partition("=")
        if flag not in word_list("aws_globals"):
            return f"the flag {flag[:40]} before the service is not known"
        if not equals and flag not in ("--no-paginate", "--no-cli-pager", "--no-sign-request"):
            words = words[1:]
    if words[-1:] == ["help"] and all(_AWS_TOKEN.match(each) for each in words):
        return ""
    if words[:1] == ["help"]:
        return ""
    if len(words) < 2 or not all(_AWS_TOKEN.match(each) for each in words[:2]):
        return "it names no service and verb"
    return _aws_verb_problem(words[0], words[1], words[2:])


def _abbreviates(word: str, flag: str) -> bool:
    """Whether a word is a flag, or short for it (the AWS CLI takes unique abbreviations)."""
    name = word.partition("=")[0]
    return name.startswith("--") and len(name) > 2 and (flag.startswith(name) or name.startswith(flag))


def _aws_verb_problem(service: str, verb: str, rest: Sequence[str]) -> str:
    if service == "configure":
        fine = (
            (verb == "list" and not rest)
            or verb == "list-profiles"
            or (verb == "get" and rest[:1] in (["region"], ["output"]))
        )
        return "" if fine else "it shows or changes credentials"
    if service == "s3":
        return "" if verb == "ls" else f"aws s3 {verb[:40]} may write"
    if service == "logs" and verb in ("start-query", "start-live-tail"):
        return ""
    reads = any(verb == each or verb.startswith(each + "-") for each in word_list("aws_verbs"))
    if not reads:
        return f"aws {service} {verb[:40]} is not a verb that only reads"
    never = verb in word_list("aws_never") or (verb.startswith(("get-", "batch-get-")) and _TELLING.search(verb))
    never = never or verb == "list-api-keys"
    named = verb in ("get-secret-value", "batch-get-secret-value")
    if named or (never and not re.search(r"policy|rotation|get-account-password", verb)):
        return f"aws {service} {verb} hands out secrets or writes a file"
    if service == "cloudfront" and verb in ("get-function", "get-connection-function"):
        return "it writes a file"
    if service == "lambda" and verb == "get-function":
        return "it hands out a link to the code"
    return "it is asked for more than to read" if any(each.startswith("file:///proc") for each in rest) else ""


def check_gcloud(arguments: Sequence[str], _: Read) -> str:
    """`gcloud group ... verb NAME`, where the last word before names and flags is a verb that lists or describes."""
    return _listing_problem(
        arguments,
        ("--account", "--access-token-file", "--impersonate-service-account", "--configuration", "--log-http"),
    )


def check_az(arguments: Sequence[str], _: Read) -> str:
    return _listing_problem(arguments, ("--open", "--account-key", "--sas-token", "--connection-string", "--debug"))


def check_rclone(_: Sequence[str], read: Read) -> str:
    """A remote may be described where it is named, with the program that reaches it: `:sftp,ssh=…:path`."""
    described = any(each.startswith(":") or "," in each for each in read.operands)
    return "a remote that is described on the spot can run a program" if described else ""


def check_restic(arguments: Sequence[str], _: Read) -> str:
    return "a repository of rclone can name a program to run" if any("rclone:" in a for a in arguments) else ""


def check_kops(arguments: Sequence[str], _: Read) -> str:
    return "secrets are not shown" if any("secret" in each.lower() for each in arguments) else ""


def check_listing_words(arguments: Sequence[str], _: Read) -> str:
    return _listing_problem(arguments, ("--token", "--access-token", "-t", "--api-key", "--password", "--secret"))


def _listing_problem(arguments: Sequence[str], refused: Sequence[str]) -> str:
    asks = list(arguments[:1]) in (["--version"], ["version"], ["--help"], ["help"], ["info"])
    if asks and len(arguments) < 3 and not any(each.startswith("-") for each in arguments[1:]):
        return ""
    bad = next((each for each in arguments if any(each.partition("=")[0] == flag for flag in refused)), None)
    if bad is not None:
        return f"with {bad[:40]} it is not known to only read"
    words: list[str] = []
    for each in arguments:
        if each.startswith("-"):
            break
        words.append(each)
    for at, each in enumerate(words):
        if each in word_list("cloud_never"):
            return f"“{each}” is about secrets or access"
        if at > 0 and _changes(each):
            return f"“{each[:40]}” may change something, and what follows may be its name"
        lists = each in word_list("listing_verbs") or (
            each.startswith(("list-", "show-")) and not _TELLING_LIST.search(each)
        )
        if lists and at > 0:
            return "" if len(words) <= at + 3 else "it names too much"
        if not re.fullmatch(r"[a-z][a-z0-9-]*", each) or at > 5:
            break
    return "it says no verb that is known to only read"


def _changes(word: str) -> bool:
    """Whether a word is a verb that changes something: after one, `list` is no verb but the name of what is changed."""
    verbs = word_list("cloud_changes")
    return word not in word_list("cloud_groups") and any(
        word[:at] in verbs for at in range(2, len(word) + 1) if word[at : at + 1] in ("", "-", "_")
    )


def check_kubectl(arguments: Sequence[str], read: Read) -> str:
    verb = read.path[0] if read.path else ""
    if verb in ("get", "describe", "annotate", "label") and any(
        re.search(r"(?i)secret|\bcsr\b", each) for each in arguments
    ):
        return "secrets are not shown"
    if verb in ("annotate", "label") and any(re.search(r"=|-$", each) for each in read.operands):
        return "it sets or removes one"
    if verb == "config" and "--flatten" in arguments:
        return "it shows keys"
    return ""


def check_docker(arguments: Sequence[str], _: Read) -> str:
    return "it shows environment variables" if any(re.search(r"(?i)\.env\b", each) for each in arguments) else ""


CLOUD_CHECKS: dict[str, Callable[[Sequence[str], Read], str]] = {
    "aws": check_aws,
    "gcloud": check_gcloud,
    "az": check_az,
    "listing_words": check_listing_words,
    "rclone": check_rclone,
    "restic": check_restic,
    "kops": check_kops,
    "kubectl": check_kubectl,
    "docker": check_docker,
}
