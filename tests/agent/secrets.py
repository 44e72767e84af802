"""Secrets made at run time: prefixes in parts and random characters, since scanners read this repository, too."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

LOWER = string.ascii_lowercase + string.digits
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
URL_SAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"

Make = Callable[[random.Random], str]


def some(chance: random.Random, length: int, alphabet: str = ALNUM) -> str:
    """Random characters that hold a digit and begin and end with a letter or digit, as issued secrets do."""
    inner = "".join(chance.choices(alphabet, k=length - 3))
    return chance.choice(alphabet[:10]) + inner + chance.choice("23456789") + chance.choice(alphabet[:10])


def prefixed(*parts: str, length: int, alphabet: str = ALNUM) -> Make:
    return lambda chance: "".join(parts) + some(chance, length, alphabet)


def uuid(chance: random.Random) -> str:
    return "-".join(
        some(chance, length, HEX) if length > 4 else "".join(chance.choices(HEX, k=4)) for length in (8, 4, 4, 4, 12)
    )


def jwt(chance: random.Random) -> str:
    def part(content: str) -> str:
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    claims = f'{{"sub":"{some(chance, 12)}","iat":{chance.randint(10**9, 2 * 10**9)}}}'
    header = part('{"alg":"HS256","typ":"JWT"}')
    return f"{header}.{part(claims)}.{some(chance, 43, URL_SAFE)}"


def private_key(kind: str, *, ends: bool = True, newline: str = "\n") -> Make:
    def make(chance: random.Random) -> str:
        lines = [f"-----BEGIN {kind}PRIVATE " + "KEY-----", *(some(chance, 64, BASE64) for _ in range(12))]
        return newline.join([*lines, f"-----END {kind}PRIVATE " + "KEY-----"] if ends else lines)

    return make


def _joined(*makers: Make | str) -> Make:
    return lambda chance: "".join(part if isinstance(part, str) else part(chance) for part in makers)


TOKENS: dict[str, Make] = {
    "aws access key id": prefixed("AK", "IA", length=16, alphabet=string.ascii_uppercase + "234567"),
    "aws temporary access key id": prefixed("AS", "IA", length=16, alphabet=string.ascii_uppercase + "234567"),
    "aws session token": prefixed("IQoJb3JpZ2lu", "X2Vj", length=300, alphabet=BASE64),
    "google api key": prefixed("AI", "za", length=35, alphabet=URL_SAFE),
    "google oauth token": prefixed("ya", "29.", length=80, alphabet=URL_SAFE),
    "google client secret": prefixed("GOC", "SPX-", length=28, alphabet=URL_SAFE),
    "azure client secret": _joined(prefixed(length=3), "8Q", "~", prefixed(length=34)),
    "azure storage key": _joined(prefixed(length=74, alphabet=BASE64), "+A", "St", prefixed(length=6), "=="),
    "digitalocean token": prefixed("dop", "_v1_", length=64, alphabet=HEX),
    "databricks token": prefixed("da", "pi", length=32, alphabet=HEX),
    "vault token": prefixed("hv", "s.", length=90, alphabet=URL_SAFE),
    "terraform token": _joined(prefixed(length=14), ".atlas", "v1.", prefixed(length=67)),
    "doppler token": prefixed("dp", ".pt.", length=43),
    "age key": prefixed("AGE-SECRET", "-KEY-1", length=58, alphabet=UPPER),
    "github token": prefixed("gh", "p_", length=36),
    "github server token": prefixed("gh", "s_", length=36),
    "github fine-grained token": prefixed("github", "_pat_", length=82, alphabet=ALNUM + "_"),
    "gitlab token": prefixed("gl", "pat-", length=20, alphabet=URL_SAFE),
    "atlassian token": prefixed("ATA", "TT3", length=186, alphabet=URL_SAFE),
    "npm token": prefixed("np", "m_", length=36),
    "pypi token": prefixed("pypi", "-AgEIcHlwaS5vcmc", length=80, alphabet=URL_SAFE),
    "docker token": prefixed("dckr", "_pat_", length=27, alphabet=URL_SAFE),
    "sentry token": prefixed("sntry", "u_", length=64, alphabet=HEX),
    "dbt token": prefixed("dbt", "c_", length=40),
    "linear key": prefixed("lin", "_api_", length=40),
    "notion token": prefixed("nt", "n_", length=46),
    "airtable token": _joined(prefixed("pa", "t", length=14), ".", prefixed(length=64, alphabet=HEX)),
    "slack bot token": _joined("xo", "xb-", prefixed(length=12, alphabet=string.digits), "-", prefixed(length=24)),
    "slack app token": _joined(
        "xa", "pp-1-", prefixed(length=11, alphabet=UPPER), "-", prefixed(length=64, alphabet=HEX)
    ),
    "telegram token": _joined(prefixed(length=9, alphabet=string.digits), ":A", prefixed(length=34, alphabet=URL_SAFE)),
    "stripe key": prefixed("sk", "_live_", length=24),
    "stripe restricted key": prefixed("rk", "_live_", length=24),
    "shopify token": prefixed("shp", "at_", length=32, alphabet=HEX),
    "square token": prefixed("sq0", "atp-", length=22, alphabet=URL_SAFE),
    "facebook token": prefixed("EA", "A", length=100),
    "twilio key": prefixed("S", "K", length=32, alphabet=HEX),
    "sendgrid key": _joined(
        "S", "G.", prefixed(length=22, alphabet=URL_SAFE), ".", prefixed(length=43, alphabet=URL_SAFE)
    ),
    "mailgun key": prefixed("ke", "y-", length=32, alphabet=HEX),
    "mailchimp key": _joined(prefixed(length=32, alphabet=HEX), "-u", "s12"),
    "newrelic key": prefixed("NR", "AK-", length=27, alphabet=UPPER),
    "grafana token": _joined("gl", "sa_", prefixed(length=32), "_", prefixed(length=8, alphabet=HEX)),
    "dynatrace token": _joined(
        "dt", "0c01.", prefixed(length=24, alphabet=UPPER), ".", prefixed(length=64, alphabet=UPPER)
    ),
    "openai key": prefixed("s", "k-proj-", length=80, alphabet=URL_SAFE),
    "anthropic key": prefixed("sk", "-ant-api03-", length=93, alphabet=URL_SAFE),
    "huggingface token": prefixed("h", "f_", length=34),
    "hubspot token": _joined("pat", "-na1-", uuid),
    "launchdarkly key": _joined("sd", "k-", uuid),
    "jwt": jwt,
    "private key": private_key("RSA "),
    "openssh key": private_key("OPENSSH "),
    "private key in JSON": private_key("", newline="\\n"),
    "private key without its end": private_key("EC ", ends=False),
}
"""What makes a secret -> one that needs no name beside it to be recognised."""

VALUES: dict[str, Make] = {
    "hexadecimal": prefixed(length=32, alphabet=HEX),
    "letters and digits": prefixed(length=24),
    "base64": prefixed(length=40, alphabet=BASE64),
    "uuid": uuid,
}
"""Secrets that only their names give away."""

PASSWORDS: Make = _joined(
    prefixed(length=4, alphabet=string.ascii_lowercase + "!?*^~"), prefixed(length=5, alphabet=ALNUM + "!?*^~#")
)

ASSIGNMENTS = (
    "DB_{NAME}={secret}",
    "export ORDERS_{NAME}='{secret}'",
    '{{"db{Name}": "{secret}", "host": "db-1"}}',
    '"{{\\"db_{name}\\": \\"{secret}\\"}}"',
    "db_{name}: {secret}",
    "db_{name}: |\n  {secret}\n",
    "<Db{Name}>{secret}</Db{Name}>",
    'db_{name} = "{secret}"',
    'var db{Name} string = "{secret}"',
    "{name}: str = '{secret}'",
    "- name: DB_{NAME}\n  value: {secret}\n",
    '{{"Key": "db-{name}", "Value": "{secret}"}}',
    "{{'ParameterKey': 'Db{Name}', 'ParameterValue': '{secret}'}}",
    "run --db-{name} {secret} --verbose",
    '["run", "--{name}", "{secret}"]',
    "Server=db-1;User Id=app;{Name}={secret};Encrypt=true",
    "https://example.com/login?user=app&{name}={secret}&next=%2Fhome",
    "%7B%22{name}%22%3A%22{secret}%22%7D",
    "the {name} for orders-db is {secret}",
    "connect(user=app, {name}={secret})",
)
"""Ways to give a name a secret; names come as `password`, `Password` and `PASSWORD`."""


def assigned(template: str, name: str, secret: str) -> str:
    return template.format(name=name, Name=name.capitalize(), NAME=name.upper(), secret=secret)
