"""What people write, and what it means for somebody in Berlin on Wednesday, 18 November 2026, at 16:00."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
ZONE = "Europe/Berlin"

SINCE = """
since yesterday 2 pm | 17 14:00
since yesterday at 2pm | 17 14:00
since yesterday | 17 00:00
since 2pm yesterday | 17 14:00
since midnight | 18 00:00
since this morning | 18 05:00
since last night | 17 18:00
since monday | 16 00:00
since Monday 9:30 | 16 09:30
since monday morning | 16 05:00
since last friday | 13 00:00
since friday 17:45 | 13 17:45
since wednesday | 18 00:00
since last wednesday | 11 00:00
since Nov 12 | 12 00:00
since 12 Nov | 12 00:00
since November 12th | 12 00:00
since the 12th of November | 12 00:00
since nov 12 14:00 | 12 14:00
since the 12th | 12 00:00
since 2026-11-12 | 12 00:00
since 2026-11-12 08:15 | 12 08:15
since 2026-11-12T08:15:00Z | 12 09:15
since 2026-11-12T08:15:00+02:00 | 12 07:15
since 12.11. | 12 00:00
since 12.11.2026 | 12 00:00
since 12/11 | 12 00:00
since 14:02 | 18 14:02
since 14:02 UTC | 18 15:02
since 14:02Z | 18 15:02
since 3 | 18 15:00
since 9 | 18 09:00
since 9am | 18 09:00
since 11 pm | 17 23:00
since 23:15 | 17 23:15
since 2 hours | 18 14:00
since 2 hours ago | 18 14:00
since about 10 minutes ago | 18 15:50
since October | 10-01 00:00
since may | 05-01 00:00
since this week | 16 00:00
since last week | 09 00:00
after 14:00 | 18 14:00
since ~3am | 18 03:00
since ~ 3am | 18 03:00
since 3ish | 18 15:00
since 9:30ish | 18 09:30
since 0230 | 18 02:30
since 1430Z | 18 15:30
since 0230 UTC | 18 03:30
since 3am pacific | 18 12:00
since 3am Pacific time | 18 12:00
since 9am eastern | 18 15:00
since 3am new york time | 18 09:00
since 3am my time | 18 03:00
since 5 min before 3 pm | 18 14:55
in the last 15 | 18 15:45
last 30 | 18 15:30
past 15 | 18 15:45
compare latency to last week | 09 00:00
compare with yesterday | 17 00:00
compare to last week | 09 00:00
compare cost of october with september | 09-01 00:00
vergleiche mit gestern | 17 00:00
seit halb drei | 18 14:30
seit halb 9 | 18 08:30
after lunch? no, since noon | 18 12:00
starting yesterday | 17 00:00
sinc yesteday 2pm | 17 14:00
since tuseday | 17 00:00
since thrusday | 12 00:00
since midnigth | 18 00:00
in the last two hours | 18 14:00
in the last 2 hours | 18 14:00
last 2h | 18 14:00
past 24h | 17 16:00
past 24 hours | 17 16:00
last 24 hours | 17 16:00
the last hour | 18 15:00
in the past hour | 18 15:00
last 30 minutes | 18 15:30
last 30m | 18 15:30
last 90 min | 18 14:30
last 1h30m | 18 14:30
last 7d | 11 16:00
last 7 days | 11 16:00
past week | 11 16:00
in the last week | 11 16:00
over the past 3 days | 15 16:00
for the last couple of hours | 18 14:00
last half an hour | 18 15:30
has been failing for 2 hours | 18 14:00
today | 18 00:00
earlier today | 18 00:00
this week | 16 00:00
this month | 01 00:00
month to date | 01 00:00
month-to-date | 01 00:00
MTD | 01 00:00
year to date | 01-01 00:00
this quarter | 10-01 00:00
from yesterday 14:00 to now | 17 14:00
from 14:00 until now | 18 14:00
higher than last week | 09 00:00
compared to yesterday | 17 00:00
this month vs last month | 10-01 00:00
yesterday and today | 17 00:00
seit gestern 14 Uhr | 17 14:00
seit gestern um 14:30 Uhr | 17 14:30
seit gestern Abend | 17 17:00
seit heute Morgen | 18 05:00
seit Montag | 16 00:00
seit letzten Freitag | 13 00:00
seit zwei Stunden | 18 14:00
seit 14 Uhr | 18 14:00
seit 14.30 Uhr | 18 14:30
seit Mitternacht | 18 00:00
seit dem 12. November | 12 00:00
seit 12.11. | 12 00:00
in den letzten zwei Stunden | 18 14:00
die letzten 24 Stunden | 17 16:00
diese Woche | 16 00:00
diesen Monat | 01 00:00
heute | 18 00:00
ab 9 Uhr | 18 09:00
nach 15 Uhr | 18 15:00
desde ayer | 17 00:00
desde ayer a las 14h | 17 14:00
desde ayer a las 3 de la tarde | 17 15:00
desde el lunes | 16 00:00
desde hace dos horas | 18 14:00
desde las 14:00 | 18 14:00
desde anoche | 17 18:00
desde el 12 de noviembre | 12 00:00
en las últimas 24 horas | 17 16:00
últimos 30 minutos | 18 15:30
hoy | 18 00:00
esta semana | 16 00:00
este mes | 01 00:00
depuis hier | 17 00:00
depuis hier 14h30 | 17 14:30
depuis hier soir | 17 17:00
depuis ce matin | 18 05:00
depuis lundi | 16 00:00
depuis le 12 novembre | 12 00:00
depuis 14h | 18 14:00
depuis 2 heures | 18 14:00
depuis minuit | 18 00:00
les dernières 24 heures | 17 16:00
les 2 dernières heures | 18 14:00
aujourd'hui | 18 00:00
cette semaine | 16 00:00
ce mois-ci | 01 00:00
depuis 2h du matin | 18 02:00
depuis 2h de l'après-midi | 18 14:00
desde ontem | 17 00:00
desde as 3 da manhã | 18 03:00
desde ontem às 14h | 17 14:00
desde segunda | 16 00:00
desde segunda-feira | 16 00:00
nas últimas 2 horas | 18 14:00
hoje | 18 00:00
esta semana | 16 00:00
"""
"""A phrase, and the local time from which it reaches to now: day and hour of November, or month, day and hour."""

RANGES = """
yesterday | 17 00:00 | 18 00:00
the day before yesterday | 16 00:00 | 17 00:00
yesterday's errors | 17 00:00 | 18 00:00
yesterday evening | 17 17:00 | 17 23:00
yesterday mornign | 17 05:00 | 17 12:00
last night | 17 18:00 | 18 06:00
overnight | 17 18:00 | 18 06:00
this morning | 18 05:00 | 18 16:00
last week | 09 00:00 | 16 00:00
last month | 10-01 00:00 | 01 00:00
last quarter | 07-01 00:00 | 10-01 00:00
in October | 10-01 00:00 | 01 00:00
over the weekend | 14 00:00 | 16 00:00
last weekend | 14 00:00 | 16 00:00
on Monday | 16 00:00 | 17 00:00
Monday morning | 16 05:00 | 16 12:00
monday last week | 09 00:00 | 10 00:00
last week on Tuesday | 10 00:00 | 11 00:00
last Tuesday | 17 00:00 | 18 00:00
2026-11-12 | 12 00:00 | 13 00:00
am 12.11. | 12 00:00 | 13 00:00
on 12/11 | 12 00:00 | 13 00:00
on the 12th | 12 00:00 | 13 00:00
Thursday, 12 Nov | 12 00:00 | 13 00:00
Nov 12 to Nov 14 | 12 00:00 | 15 00:00
from Monday to Tuesday | 16 00:00 | 18 00:00
Monday and Tuesday | 16 00:00 | 18 00:00
3 days ago | 15 00:00 | 16 00:00
a week ago | 11 00:00 | 12 00:00
between 14:00 and 15:30 | 18 14:00 | 18 15:30
between 2 and 3 | 18 14:00 | 18 15:00
between 2 and 3:30 pm | 18 14:00 | 18 15:30
between 11 and 2 | 18 11:00 | 18 14:00
between 23:00 and 1:00 | 17 23:00 | 18 01:00
yesterday between 2 and 4 | 17 14:00 | 17 16:00
between 14:00 and 15:30 yesterday | 17 14:00 | 17 15:30
from 9am to 11am | 18 09:00 | 18 11:00
14:00-15:30 | 18 14:00 | 18 15:30
14:00 to 14:30 UTC | 18 15:00 | 18 15:30
yesterday from 2 to 4 | 17 14:00 | 17 16:00
since yesterday 23:00 until 2am | 17 23:00 | 18 02:00
at 3am | 18 02:30 | 18 03:30
at 14:00 | 18 13:30 | 18 14:30
around 2 | 18 13:30 | 18 14:30
around 3 in the morning | 18 02:30 | 18 03:30
last night around 3 | 18 02:30 | 18 03:30
last night at 11 | 17 22:30 | 17 23:30
last Tuesday 9:30 | 17 09:00 | 17 10:00
2pm CET yesterday | 17 13:30 | 17 14:30
2026-11-12T08:15:00Z | 12 08:45 | 12 09:45
at 3 this morning | 18 02:30 | 18 03:30
this morning at 9 | 18 08:30 | 18 09:30
today at 3 | 18 14:30 | 18 15:30
today at 5 | 18 04:30 | 18 05:30
at noon | 18 11:30 | 18 12:30
started ~02:10 | 18 01:40 | 18 02:40
around 2ish | 18 13:30 | 18 14:30
at ~3 | 18 14:30 | 18 15:30
at 0230 | 18 02:00 | 18 03:00
between 0130 and 0230 | 18 01:30 | 18 02:30
0230Z | 18 03:00 | 18 04:00
5 min before 3 | 18 14:50 | 18 15:00
10 minutes after 14:00 | 18 14:00 | 18 14:20
5 Minuten vor 3 Uhr | 18 02:50 | 18 03:00
um halb drei | 18 14:00 | 18 15:00
um 3 Uhr nachts | 18 02:30 | 18 03:30
um halb drei nachts | 18 02:00 | 18 03:00
10 minutes ago | 18 15:45 | 18 15:55
an hour ago | 18 14:45 | 18 15:15
2 hours ago | 18 13:30 | 18 14:30
half an hour ago | 18 15:22:30 | 18 15:37:30
before 9am | 17 09:00 | 18 09:00
until yesterday | 17 00:00 | 18 00:00
gestern | 17 00:00 | 18 00:00
vorgestern | 16 00:00 | 17 00:00
gestern Abend | 17 17:00 | 17 23:00
letzte Nacht | 17 18:00 | 18 06:00
heute Nacht | 17 18:00 | 18 06:00
letzte Woche | 09 00:00 | 16 00:00
letzten Monat | 10-01 00:00 | 01 00:00
am Wochenende | 14 00:00 | 16 00:00
am Freitag um 3 | 13 14:30 | 13 15:30
gegen 14 Uhr | 18 13:30 | 18 14:30
von 14 bis 15 Uhr | 18 14:00 | 18 15:00
zwischen 14 und 15:30 Uhr | 18 14:00 | 18 15:30
vor 10 Minuten | 18 15:45 | 18 15:55
ayer | 17 00:00 | 18 00:00
anoche | 17 18:00 | 18 06:00
esta mañana | 18 05:00 | 18 16:00
ayer por la tarde | 17 12:00 | 17 18:00
la semana pasada | 09 00:00 | 16 00:00
el mes pasado | 10-01 00:00 | 01 00:00
el fin de semana pasado | 14 00:00 | 16 00:00
entre las 14:00 y las 15:30 | 18 14:00 | 18 15:30
hace 2 horas | 18 13:30 | 18 14:30
hier | 17 00:00 | 18 00:00
avant-hier | 16 00:00 | 17 00:00
hier soir | 17 17:00 | 17 23:00
ce matin | 18 05:00 | 18 16:00
la nuit dernière | 17 18:00 | 18 06:00
la semaine dernière | 09 00:00 | 16 00:00
de 14h à 15h | 18 14:00 | 18 15:00
entre 14h et 15h30 | 18 14:00 | 18 15:30
vers 14h | 18 13:30 | 18 14:30
il y a 10 minutes | 18 15:45 | 18 15:55
ontem | 17 00:00 | 18 00:00
anteontem | 16 00:00 | 17 00:00
ontem às 14h | 17 13:30 | 17 14:30
na semana passada | 09 00:00 | 16 00:00
no mês passado | 10-01 00:00 | 01 00:00
há 2 horas | 18 13:30 | 18 14:30
"""
"""A phrase and the local times from which and to which it reaches."""

NO_TIMES = """
500 errors
p99
p99 latency above 429
3 retries
after 3 retries
since 3 invocations
around 3 errors
about 3 lambdas
between 3 and 5 retries
between 2 and 4 GB
scaled from 2 to 4
capped at 3
at 3 replicas
at 95 percent
CPU at 90
us-east-1
eu-central-1 and us-west-2
t3.large
lambda 2
429
HTTP 500
on the 5th retry
the 95th percentile
1/2 tasks are running
3/4 of the pods
1 of 3 brokers
python 3.11
version 2.14.0
upgrade to 20.04
policy version 2012-10-17
timeout of 30 seconds
timeout for 30 seconds
times out after 15 minutes
retry 5 times in 10 minutes
every 5 minutes
visibility timeout 12h
port 8080
localhost:8080
10.0.3.17
arn:aws:lambda:us-east-1:123456789012:function:checkout:14
orders-2026-11-12
nightly-report-2pm
i-0a1b2c3d4e5f
nat-0a1b2c3d
the instance sat idle
it may fail
why did costs march up
was ist hier los
mon service est lent
mes lambdas
in the second queue
memory at 512
$14.30 per day
15% more
what can you do
how much does the payments lambda cost
who is on call
`since yesterday`
<@U0123456789> hello
ratio 3:1
step 4 of 7
Q3
top 10 functions
see note 12.11. please
10 slowest queries
5xx
the last 15 deploys
show me the last 15
the last 5
past 15 retries
latency is ~3
~3 errors
3ish errors
order 0230
since 2.14
5 min before the page
3 retries before 5 more
in 0230 cases
capped at ~3
it must be done by 5pm
the deadline is 6pm
the SLA is 7pm
what is the SLA at 6pm
summary for the 6pm standup
I go off shift at 6
ping me at 5pm if it breaks
meeting at 5
expected by 23:00
maintenance window from 5pm to 6pm
it will run after 6pm
keep it running until 6pm
muss bis 18 Uhr fertig sein
compare to staging
"""
"""Numbers and words that are no times, and times of which none has come."""


def rows(table: str) -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in line.split("|")) for line in table.strip().splitlines()]


def local(text: str) -> datetime:
    """`17 14:00` is in November 2026, `10-01 00:00` in October."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-{day if '-' in day else f'11-{day}'}T{clock}")
