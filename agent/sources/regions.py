"""AWS regions, by their codes and by the names that alarms and people write."""

from __future__ import annotations

import re

REGION_NAMES: dict[str, str] = {
    "US East (N. Virginia)": "us-east-1",
    "US East (Ohio)": "us-east-2",
    "US West (N. California)": "us-west-1",
    "US West (Oregon)": "us-west-2",
    "Africa (Cape Town)": "af-south-1",
    "Asia Pacific (Hong Kong)": "ap-east-1",
    "Asia Pacific (Hyderabad)": "ap-south-2",
    "Asia Pacific (Jakarta)": "ap-southeast-3",
    "Asia Pacific (Malaysia)": "ap-southeast-5",
    "Asia Pacific (Melbourne)": "ap-southeast-4",
    "Asia Pacific (Mumbai)": "ap-south-1",
    "Asia Pacific (Osaka)": "ap-northeast-3",
    "Asia Pacific (Seoul)": "ap-northeast-2",
    "Asia Pacific (Singapore)": "ap-southeast-1",
    "Asia Pacific (Sydney)": "ap-southeast-2",
    "Asia Pacific (Tokyo)": "ap-northeast-1",
    "Canada (Central)": "ca-central-1",
    "Canada West (Calgary)": "ca-west-1",
    "Europe (Frankfurt)": "eu-central-1",
    "Europe (Ireland)": "eu-west-1",
    "Europe (London)": "eu-west-2",
    "Europe (Milan)": "eu-south-1",
    "Europe (Paris)": "eu-west-3",
    "Europe (Spain)": "eu-south-2",
    "Europe (Stockholm)": "eu-north-1",
    "Europe (Zurich)": "eu-central-2",
    "Israel (Tel Aviv)": "il-central-1",
    "Mexico (Central)": "mx-central-1",
    "Middle East (Bahrain)": "me-south-1",
    "Middle East (UAE)": "me-central-1",
    "South America (Sao Paulo)": "sa-east-1",
    "US (Virginia)": "us-east-1",
    "US (N. Virginia)": "us-east-1",
    "US (Ohio)": "us-east-2",
    "US (Oregon)": "us-west-2",
    "US (N. California)": "us-west-1",
}
"""The last five are how alarm texts shorten them; older ones also write `EU - Ireland`, `EU (London)`."""

NAMED_CHARS = 4000
"""How far a name is looked for: alarms name their region in the first lines."""

_CODE = re.compile(
    r"\b((?:us|eu|ap|sa|ca|me|af|il|cn|mx)(?:-gov|-iso[a-z]?)?-"
    r"(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d)\b"
)


def _plain(name: str) -> str:
    """`Europe (Ireland)`, `EU (Ireland)` and `EU - Ireland` are one."""
    return " ".join(re.findall(r"\w+", name.lower().replace("europe", "eu")))


_BY_NAME = {_plain(name): code for name, code in REGION_NAMES.items()}
_NAME = re.compile("|".join(rf"\b{name}\b" for name in _BY_NAME))


def region_in(text: str) -> str:
    """The region that a text names, by its code if it has one."""
    if code := _CODE.search(text):
        return code[1]
    named = _NAME.search(_plain(text[:NAMED_CHARS]))
    return _BY_NAME[named[0]] if named else ""
