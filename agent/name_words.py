"""Words that name no resource by themselves, by why they do not. All lower case, singular and plural."""

from __future__ import annotations

from agent.spelling import words
from agent.vocabulary import SERVICES

ENVIRONMENTS: dict[str, str] = {
    **dict.fromkeys(("prod", "production", "prd", "live", "produktion", "produccion", "producao"), "prod"),
    **dict.fromkeys(("staging", "stage", "stg", "preprod", "uat", "qa"), "staging"),
    **dict.fromkeys(("dev", "development", "test", "testing", "sandbox", "demo"), "dev"),
}
"""Words for an environment, and which one it is."""

GENERIC = words(
    "api apis app apps application service services system systems function functions func fn lambda lambdas handler"
    " worker workers job jobs task tasks server servers backend frontend web site website queue queues topic topics"
    " table tables db database databases cluster clusters instance instances container containers bucket buckets"
    " stack stacks pipeline pipelines environment env main core default common shared primary replica internal public"
    " private aws amazon alb elb nlb nat vpc gateway balancer load machine state step workflow dag dags dlq fifo"
    " dead letter ecs rds sqs sns ec2 s3 dynamodb dynamo redshift warehouse airflow mwaa fargate aurora postgres"
    " mysql eks us eu ap east west north south central v1 v2 v3 resource resources"
)
"""What a thing is rather than which: these help to choose between names, and never name one."""

WEAK = words(
    "search check report reports order orders import export email emails mail session sessions price prices event"
    " events user users account accounts data media image images index update updates sync backup backups build"
    " builds batch cache stream streams notification notifications processing processor monitor monitoring health"
    " status log logs metric metrics alert alerts alarm alarms customer customers client clients file files message"
    " messages request requests response page pages product products item items team inventory analytics platform"
    " deploy deployment release submit load feed partner cart login auth audit config configuration token key secret"
    " scheduler schedule trigger runner consumer producer publisher listener proxy network security support training"
    " model models record records transfer process start stop create delete get list read write send upload download"
    " daily hourly nightly weekly monthly cleanup archive billing invoice"
)
"""Everyday words: one of them names a resource only beside the word for its kind, or beside another of its words."""

STOP = words(
    "the a an and or but not no our my your his her its their this that these those there here which what who whom"
    " whose why how when where is are was were be been being am do does did done has have had having can could should"
    " would will shall may might must to from of in on at by for with without about into over under after before"
    " since until between during against per via than then so because while if as it we you they he she i me us them"
    " any all some every each more most less least much many few other another such only just also too very now today"
    " yesterday tomorrow morning evening night week month year hour minute second day last next first recent recently"
    " new old same different still again ever never please tell show give find explain compare look see know think"
    " want need help try make take let go come happen happens happened happening going wrong right bad good better"
    " worse best worst big small high higher low lower fast slow slower fail fails failed failing failure failures"
    " error errors exception exceptions crash crashes crashed broken broke break breaks issue issues problem problems"
    " incident incidents outage down up cost costs costing spend spending bill bills money expensive cheap price"
    " dollars usd latency duration throughput timeout timeouts throttle throttles throttled throttling memory cpu disk"
    " usage traffic spike spikes spiked jump jumps jumped rise rises rose increase increased increasing drop dropped"
    " decrease grow grew growing count rate number amount percent average total max min limit limits quota capacity"
    " change changes changed changing version versions rollout deployed deploys releases cause causes caused root"
    " reason reasons happen stuck hanging running run runs restart restarted restarting retry retries scale scaled"
    " scaling backlog behind depth connection connections refuse refuses refused refusing question answer thing things"
    " anything something everything anyone someone everyone people get gets got getting keep keeps kept work works"
    " working worked use used using like summary summarise summarize overview state normal ok okay hello hi thanks"
    " was warum wie wann wer wo der die das den dem des ein eine einen einer und oder ist sind war hat haben wir ich"
    " nicht mit auf bei von fur seit gestern heute fehler kosten unser unsere langsam passiert que por qué porque como"
    " cuando donde el la los las un una unos y o es esta son fue hay con sin para desde ayer hoy nuestro nuestra"
    " errores costo costos coste lento le les une des du au aux et ou est sont pourquoi comment quand depuis hier"
    " notre nos erreurs cout couts lente os as um uma e ou do da dos das foi porque ontem hoje erros custo custos"
    " nosso nossa muito aconteceu paso paso pasando passe"
)
"""What questions are made of."""

_MORE_KINDS: dict[str, tuple[str, ...]] = {
    "database": ("rds", "dynamodb", "redshift"),
    "db": ("rds", "dynamodb", "redshift"),
    "datenbank": ("rds", "dynamodb", "redshift"),
    "base": ("rds", "dynamodb", "redshift"),
    "banco": ("rds", "dynamodb", "redshift"),
    "table": ("dynamodb",),
    "tabelle": ("dynamodb",),
    "tabla": ("dynamodb",),
    "tabela": ("dynamodb",),
    "topic": ("sns",),
    "cluster": ("ecs", "rds", "redshift"),
    "service": ("ecs",),
    "services": ("ecs",),
    "server": ("ec2", "autoscaling"),
    "servers": ("ec2", "autoscaling"),
    "instance": ("ec2", "rds"),
    "funktion": ("lambda",),
    "funcion": ("lambda",),
    "fonction": ("lambda",),
    "funcao": ("lambda",),
    "warteschlange": ("sqs",),
    "cola": ("sqs",),
    "fila": ("sqs",),
    "workflow": ("stepfunctions", "mwaa"),
    "pipeline": ("mwaa", "stepfunctions"),
    "stack": ("cloudformation",),
    "asg": ("autoscaling",),
    "balancer": ("elb",),
    "gateway": ("apigateway", "nat"),
    "machine": ("stepfunctions",),
    "step": ("stepfunctions",),
    "dlq": ("sqs",),
}

KINDS: dict[str, tuple[str, ...]] = {
    word: (service,) for service, spoken in SERVICES.items() for word in spoken if " " not in word
} | _MORE_KINDS
"""Words for a kind of resource, and the services that have such, the likeliest first."""

OF_A_KIND = words(
    "endpoint endpoints policy policies role roles permission permissions trigger triggers notification notifications"
    " limit limits quota quotas alarm alarms alert alerts cost costs bill spend charges price pricing error errors"
    " deploy deployment release logs metrics key keys api"
)
"""After a word for a kind these say that something of it is meant, and not the one that there is."""

LOOSE_KINDS = words(
    "service services server servers cluster instance instances base banco pipeline workflow step machine gateway"
    " container containers serverless networking backlog"
)
"""Kinds that people say of other things, too: these speak for a resource of theirs, and against none."""

DETERMINERS = words("the our my this unser unsere unserer die der das la el nuestra nuestro notre le o nossa nosso")
"""Before a word for a kind, these say that there is only one."""

DEAD_LETTERS = frozenset({"dlq", "dead", "deadletter"})
ASIDE = DEAD_LETTERS | {"canary", "backup", "copy", "old", "tmp", "temp"}
"""A name with one of these is not meant by those who do not say it."""


def stem(word: str) -> str:
    """`queries` and `query`, `orders` and `order` are one word."""
    if len(word) <= 3 or word.endswith(("ss", "us")):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


EVERYDAY = frozenset(map(stem, WEAK))
NAMING_NOTHING = frozenset(map(stem, GENERIC | ENVIRONMENTS.keys()))
