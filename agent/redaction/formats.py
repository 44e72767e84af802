"""Secrets that their issuers made recognisable: a prefix, an alphabet, a length.

Written from the issuers' documentation. Lengths are lower bounds, well below the real ones, so that a token cut by a
log limit is hidden too; a token that is longer than documented is hidden to its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from sys import maxsize
from typing import NamedTuple

from agent.redaction.spans import Expression, Span, begins_word, words
from agent.redaction.values import entropy

A = "[A-Za-z0-9]"
W = r"[\w-]"
B64 = "[A-Za-z0-9+/]"
HEX = "[0-9a-fA-F]"
UUID = rf"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"


class Format(NamedTuple):
    """A token: found by `keywords`, which begin it unless `before` says how far before them it may begin.

    The group of the expression, if it has one, is the secret; else all of it.
    """

    kind: str
    keywords: str
    expression: str
    before: int = 0
    least_entropy: float = 2.5


CLOUD = (
    Format("aws-access-key-id", "akia asia abia acca a3t", "(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    Format("aws-session-token", "iqojb3jpz2lu fwogzxivyxdz fqogzxivyxdz fqodyxdz", r"[A-Za-z0-9+/%=]{50,}"),
    Format("aws-bedrock-key", "absk bedrock-api-key-", rf"(?:ABSK|bedrock-api-key-){B64}{{50,}}=*"),
    Format("aws-mws-token", "amzn.mws.", rf"amzn\.mws\.{UUID}"),
    Format("google-api-key", "aiza", rf"AIza{W}{{30,}}"),
    Format("google-oauth-token", "ya29.", r"ya29\.[\w.-]{20,}"),
    Format("google-client-secret", "gocspx-", rf"GOCSPX-{W}{{20,}}"),
    Format("google-refresh-token", "1//0", rf"1//0{W}{{30,}}"),
    Format("google-hmac-key", "goog1", f"GOOG1{A}{{20,}}"),
    Format("firebase-key", ":apa91b", rf"AAAA{W}{{7}}:APA91b{W}{{80,}}", before=11),
    Format("azure-client-secret", "q~", r"[\w.~-]{3}\dQ~[\w.~-]{30,}", before=4),
    Format(
        "azure-key",
        "+ast +aba +aeh +asb +arm +amc +acr azfu azse acdb azca aiot acog apim",
        rf"{B64}{{26,}}(?:\+A(?:St|Ba|Eh|Sb|Rm|MC|CR)|AzFu|AzSe|ACDb|AzCa|AIoT|ACOG|APIM){B64}{{4,12}}={{0,2}}",
        before=86,
    ),
    Format("azure-devops-token", "azdo", f"{A}{{50,}}AZDO{A}{{4}}", before=90),
    Format("alibaba-access-key-id", "ltai", f"LTAI{A}{{12,}}"),
    Format("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", f"do[opr]_v1_{HEX}{{40,}}"),
    Format("cloudflare-ca-key", "v1.0-", f"v1\\.0-{HEX}{{24}}-{HEX}{{100,}}"),
    Format("heroku-key", "hrku-", rf"HRKU-{W}{{30,}}"),
    Format("yandex-token", "t1. aqvn", rf"(?:t1\.[A-Z0-9a-z_-]+={{0,2}}\.{W}{{60,}}={{0,2}}|AQVN{W}{{30,}})"),
    Format("flyio-token", "fo1_ fm1_ fm2_ fm1a_ fm1r_", r"f(?:o1|m1|m2|m1a|m1r)_[A-Za-z0-9+/=_,-]{30,}"),
    Format("planetscale-token", "pscale_", r"pscale_(?:tkn|pw|oauth)_[\w=.-]{20,}"),
    Format("supabase-key", "sbp_ sb_secret_", rf"(?:sbp_{HEX}{{30,}}|sb_secret_{W}{{20,}})"),
    Format("databricks-token", "dapi dose dkea", f"d(?:api|ose|kea){HEX}{{28,}}(?:-\\d+)?"),
    Format("vault-token", "hvs. hvb. hvr.", rf"hv[sbr]\.{W}{{20,}}"),
    Format("terraform-token", ".atlasv1.", rf"{A}{{10,16}}\.atlasv1\.{W}{{40,}}", before=16),
    Format("pulumi-token", "pul-", f"pul-{HEX}{{32,}}"),
    Format(
        "doppler-token",
        "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}",
    ),
    Format("1password-key", "a3-", r"A3-[A-Z0-9]{6}(?:-[A-Z0-9]{5,11}){4,5}"),
    Format("1password-token", "ops_ey", rf"ops_ey{B64}{{60,}}=*"),
    Format("age-key", "age-secret-key-", "AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{30,}"),
    Format("openshift-token", "sha256~", rf"sha256~{W}{{20,}}"),
    Format("clickhouse-key", "4b1d", f"4b1d{A}{{38}}"),
    Format("confluent-key", "cflt", f"cflt{B64}{{56,}}"),
    Format("tailscale-key", "tskey-", r"tskey-[a-z]+-[\w-]{16,}"),
    Format("launchdarkly-key", "api- sdk- mob-", rf"(?:api|sdk|mob)-{UUID}"),
    Format("octopus-key", "api-", "API-[A-Z0-9]{25,}", least_entropy=3),
)

CODE = (
    Format("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9_]{20,}"),
    Format("github-token", "github_pat_", r"github_pat_\w{22,}"),
    Format(
        "gitlab-token",
        "glpat- gldt- glft- glsoat- glrt- glcbt- glptt- glagent- gloas- glimt- glffct- glwt-",
        r"gl(?:pat|dt|ft|soat|rt|rtr|cbt|ptt|agent|oas|imt|ffct|wt)-[\w.-]{18,}",
    ),
    Format("gitlab-token", "gr1348941", rf"GR1348941{W}{{20,}}"),
    Format("gitlab-token", "_gitlab_session=", r"_gitlab_session=([0-9a-z%.\w-]{16,})"),
    Format(
        "atlassian-token", "atatt3 atctt3 atstt3 atbb atoa", r"AT(?:ATT3|CTT3|STT3|BB|OA)[\w=-]{24,}", least_entropy=3.2
    ),
    Format("npm-token", "npm_", f"npm_{A}{{30,}}"),
    Format("pypi-token", "pypi-age", r"pypi-Ag[\w-]{40,}"),
    Format("rubygems-token", "rubygems_", f"rubygems_{HEX}{{40,}}"),
    Format("clojars-token", "clojars_", f"(?i:CLOJARS_){A}{{50,}}"),
    Format("nuget-key", "oy2", "oy2[a-z0-9]{40,}"),
    Format("cratesio-token", "cio", f"cio{A}{{32}}"),
    Format("docker-token", "dckr_pat_ dckr_oat_", rf"dckr_[po]at_{W}{{20,}}"),
    Format("artifactory-key", "akcp cmvmd", f"(?:AKCp{A}{{50,}}|cmVmd{A}{{50,}})"),
    Format("circleci-token", "ccipat_ cciprj_", r"CCI(?:PAT|PRJ)_[\w-]{20,}"),
    Format("buildkite-token", "bkua_ bkct_", f"bk(?:ua|ct)_{HEX}{{30,}}"),
    Format("sonarqube-token", "squ_ sqp_ sqa_", f"sq[upa]_{HEX}{{40}}"),
    Format("sourcegraph-token", "sgp_ slk_", f"(?:sgp_(?:{HEX}{{16}}_|local_)?{HEX}{{40}}|slk_{HEX}{{64}})"),
    Format("sentry-token", "sntrys_ sntryu_", r"sntry[su]_[A-Za-z0-9+/=_]{40,}"),
    Format("harness-token", "pat. sat.", rf"[ps]at\.{W}{{20,24}}\.{A}{{20,26}}\.{A}{{16,}}"),
    Format("postman-key", "pmak-", rf"PMAK-{W}{{40,}}"),
    Format("prefect-key", "pnu_ pnb_", f"pn[ub]_{A}{{30,}}"),
    Format("dbt-token", "dbtc_ dbtu_ dbts_", rf"dbt[cus]_{W}{{20,}}"),
    Format("infracost-key", "ico-", f"ico-{A}{{30,}}"),
    Format("snyk-token", "snyk_", r"snyk_(?:uat|sat)\.[\w.-]{20,}"),
    Format("scalingo-token", "tk-us-", rf"tk-us-{W}{{30,}}"),
    Format("settlemint-token", "sm_aat_ sm_pat_ sm_sat_", f"sm_[aps]at_{A}{{16,}}"),
    Format("readme-key", "rdme_", "rdme_[a-z0-9]{60,}"),
    Format("figma-token", "figd_ figo_ figu_", rf"fig[dou]_{W}{{30,}}"),
    Format("contentful-token", "cfpat-", rf"CFPAT-{W}{{30,}}"),
    Format("linear-token", "lin_api_ lin_oauth_", f"lin_(?:api|oauth)_{A}{{30,}}"),
    Format("notion-token", "ntn_ secret_", f"(?:ntn_{A}{{40,}}|secret_{A}{{43}})"),
    Format("airtable-token", "pat", rf"pat{A}{{14}}\.{HEX}{{60,}}"),
    Format("asana-token", "0/ 1/", r"[01]/(?:\d{14,17}(?:/\d{14,17})?:)?[0-9a-f]{32}"),
    Format("trello-token", "atta", f"ATTA{HEX}{{60,}}"),
)

SERVICES = (
    Format("slack-token", "xox", r"xox[a-zA-Z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}", least_entropy=2.8),
    Format("slack-token", "xapp- xwfp-", r"x(?:app|wfp)-[A-Za-z0-9-]{10,}", least_entropy=2.8),
    Format(
        "slack-webhook", "hooks.slack", r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/+-]{16,})"
    ),
    Format("discord-webhook", "/api/webhooks/", rf"/api/webhooks/(\d{{16,20}}/{W}{{40,}})"),
    Format("teams-webhook", "webhook.office.com", rf"webhook\.office\.com/webhookb2/({UUID}@[\w/-]{{40,}})"),
    Format("zapier-webhook", "hooks.zapier.com", r"hooks\.zapier\.com/hooks/catch/(\d+/[\w/]{6,})"),
    Format(
        "google-chat-webhook", "chat.googleapis.com", r"chat\.googleapis\.com/v1/spaces/\w+/messages\?([\w=&%.-]{20,})"
    ),
    Format(
        "incident-webhook", "alert.victorops.com", r"alert\.victorops\.com/integrations/generic/\d+/alert/([\w-]{20,})"
    ),
    Format("discord-token", ".x .y .z .g", r"[MNO][\w-]{23,26}\.[XYZG][\w-]{5}\.[\w-]{27,}", before=27),
    Format("telegram-token", ":a", rf"\d{{7,16}}:A{W}{{34}}", before=16),
    Format("stripe-key", "sk_ rk_ whsec_", f"(?:[sr]k_(?:live|test|prod)_{A}{{10,}}|whsec_{A}{{20,}})"),
    Format("square-token", "sq0", rf"sq0[a-z]{{3}}-{W}{{20,}}"),
    Format("square-token", "eaaa", rf"EAAA{W}{{50,}}"),
    Format("braintree-token", "access_token$", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    Format("shopify-token", "shpat_ shpca_ shppa_ shpss_ shpua_ shptka_", f"shp(?:at|ca|pa|ss|ua|tka)_{HEX}{{30,}}"),
    Format("plaid-token", "access-", rf"access-(?:sandbox|development|production)-{UUID}"),
    Format("flutterwave-key", "flwpubk flwseck", r"FLW(?:PUBK|SECK)(?:_TEST)?-[A-Za-z0-9]{12,}(?:-X)?"),
    Format("gocardless-token", "live_", r"live_[\w=-]{40}", least_entropy=3),
    Format("lob-key", "live_ test_", f"(?:live|test)_(?:pub_)?{HEX}{{30,}}", least_entropy=3),
    Format("easypost-key", "ezak ezt", f"EZ[AT]K{A}{{50,}}"),
    Format("shippo-token", "shippo_", f"shippo_(?:live|test)_{HEX}{{30,}}"),
    Format("duffel-token", "duffel_", r"duffel_(?:test|live)_[\w=-]{30,}"),
    Format("razorpay-key", "rzp_", f"rzp_(?:live|test)_{A}{{14,}}"),
    Format("facebook-token", "eaa", f"EAA{A}{{40,}}", least_entropy=3),
    Format("twilio-key", "sk", f"SK{HEX}{{32}}"),
    Format("sendgrid-key", "sg.", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    Format("mailgun-key", "key- pubkey-", f"(?:pub)?key-{HEX}{{32}}"),
    Format("mailgun-key", "mailgun", rf"mailgun[\w .\"'=:-]{{0,40}}?({HEX}{{32}}-{HEX}{{8}}-{HEX}{{8}})"),
    Format("mailchimp-key", "-us", f"{HEX}{{32}}-us\\d{{1,2}}", before=32),
    Format("brevo-key", "xkeysib- xsmtpsib-", rf"x(?:key|smtp)sib-[0-9a-f]{{40,}}-{A}{{10,}}"),
    Format("mailersend-key", "mlsn.", f"mlsn\\.{HEX}{{40,}}"),
    Format("resend-key", "re_", rf"re_{A}{{8}}_{A}{{20,}}"),
    Format("datadog-key", "ddpat_ ddapp_", f"dd(?:pat|app)_{A}{{20,}}"),
    Format("newrelic-key", "nrak- nrii- nrjs- nrra- nrbr- nriq- nrsp-", rf"NR[A-Z]{{2}}-{W}{{18,}}"),
    Format("newrelic-key", "nral", f"{HEX}{{36}}NRAL", before=36),
    Format("pagerduty-key", "pdus+ pdeu+", r"pd(?:us|eu)\+[\w+-]{18,}"),
    Format("grafana-token", "glsa_ glc_", r"gl(?:sa|c)_[A-Za-z0-9+/=_]{30,}"),
    Format("grafana-token", "eyjrijoi", f"eyJrIjoi{B64}{{50,}}=*"),
    Format("dynatrace-token", "dt0", r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{50,}"),
    Format("honeycomb-key", "hcaik_ hcbik_ hcxik_", f"hc[a-z]ik_{A}{{40,}}"),
    Format("perplexity-key", "pplx-", f"pplx-{A}{{40,}}"),
    Format("openai-key", "sk-", r"sk-(?:proj|svcacct|admin|service|None)-[\w-]{20,}"),
    Format("openai-key", "sk-", f"sk-{A}{{32,}}"),
    Format("anthropic-key", "sk-ant-", rf"sk-ant-{W}{{20,}}"),
    Format("llm-key", "sk-or-v1- sk-lf-", rf"sk-(?:or-v1|lf)-{W}{{30,}}"),
    Format(
        "llm-key",
        "gsk_ xai- r8_ fw_ nvapi- tgp_v1_ pcsk_ csk-",
        rf"(?:gsk_|xai-|r8_|fw_|nvapi-|tgp_v1_|pcsk_|csk-){W}{{20,}}",
        least_entropy=3.3,
    ),
    Format("huggingface-token", "hf_ api_org_", f"(?:hf|api_org)_{A}{{30,}}"),
    Format("langsmith-key", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f_]{30,}"),
    Format("adobe-secret", "p8e-", f"p8e-{A}{{30,}}"),
    Format("hubspot-token", "pat-na1- pat-eu1- pat-na2-", rf"pat-(?:na|eu)\d-{UUID}"),
    Format("frameio-token", "fio-u-", r"fio-u-[\w=-]{60,}"),
    Format("intra42-secret", "s-s4t2", f"s-s4t2(?:ud|af)-{HEX}{{40,}}"),
    Format("mapbox-token", "pk. sk. tk.", rf"[pst]k\.(?:eyJ{W}{{40,}}\.{W}{{16,}}|[a-z0-9]{{60}}\.[a-z0-9]{{22}})"),
    Format("maxmind-key", "_mmk", r"\w{6}_\w{29}_mmk", before=37),
    Format("typeform-token", "tfp_", r"tfp_[\w.=-]{40,}"),
    Format(
        "authress-key",
        ".acc_ .acc-",
        r"(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[\w+/=-]{30,}",
        before=48,
    ),
    Format("okta-token", "ssws ", r"(?i:ssws) ([\w-]{20,})"),
    Format("opsgenie-key", "geniekey ", r"(?i:geniekey) ([\w-]{20,})"),
    Format("splunk-token", "splunk ", rf"(?i:splunk) ({UUID})"),
    Format("password-hash", "$2a$ $2b$ $2y$", r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{40,}"),
    Format(
        "password-hash", "$1$ $5$ $6$ $apr1$", r"\$(?:1|5|6|apr1)\$(?:rounds=\d+\$)?[./\w]{1,16}\$[./A-Za-z0-9]{20,}"
    ),
    Format("password-hash", "$argon2 $scrypt$", r"\$(?:argon2(?:id|i|d)|scrypt)\$[\w$=,+/.-]{30,}"),
)


FORMATS = (*CLOUD, *CODE, *SERVICES)
REACH = 1000
"""How many bytes from a keyword decide whether a token stands there. A longer one is hidden to its end."""
JUDGED = 120
"""How many bytes of a token decide whether it looks random."""
REST_OF_WORD = re.compile(rb"\w*")


class Token:
    """The rule for one format, called where one of its keywords stands in the text."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self.expression = Expression(form.expression)

    def __call__(self, text: bytes, at: int) -> Iterable[Span]:
        before = self.form.before
        if not before and not begins_word(text, at):
            return ()
        begin = max(0, at - before)
        found = self.expression.search(text, begin, at + REACH) if before else self.expression.match(text, at, REACH)
        if found is None or found.start() > at or (before and not begins_word(text, found.start())):
            return ()
        start, end = found.span(self.expression.groups)
        judged = text[start : min(_end_of_word(text, end, start + JUDGED), start + JUDGED)]
        if entropy(words(judged)) < self.form.least_entropy:
            return ()  # a placeholder: a prefix and a row of x
        if found.end() == at + REACH and not before:
            end = self.expression.match(text, at, len(text)).end(self.expression.groups)
        return (Span(start, _end_of_word(text, end), self.form.kind),)


def _end_of_word(text: bytes, start: int, limit: int = maxsize) -> int:
    """Where the letters, digits and underscores end that begin at `start`; looks no further than the limit."""
    return REST_OF_WORD.match(text, start, max(start, limit)).end()  # pyright: ignore[reportOptionalMemberAccess] -- it matches nothing, too
