"""The words for time that people use, in English, German, Spanish, French and Portuguese, by what they mean.

Keys are lower case without accents, apart from the few that only an accent tells from another word. `_` joins the
words of a phrase. A word that is not here is opaque: it can never be taken for a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.spelling import words

Meaning = tuple[str, object]
"""A kind, as the grammar asks for it, and a value: a number, a unit, a weekday (Monday is 0), a month, an offset."""

_PLAIN: Mapping[str, str] = {
    "since": "since sinc snice sicne seit ab starting",
    "since_romance": "desde depuis desde_as",
    "after": "after nach tras despues_de despues_del apres apos depois_de depois_do depois_da",
    "between": "between betwen beetween betweeen zwischen entre",
    "from": "from form von vom",
    "to": "to - – — through thru",
    "until": "until till til untill bis hasta jusqu jusque até",
    "and": "and & und y et e",
    "before": "before befor prior_to antes_de antes_del antes_do antes_da avant",
    "vor": "vor",
    "ago": "ago atras",
    "ago_first": "hace il_y_a ha faz",
    "at": "at @",
    "at_clock": "um à a_las às",
    "around": "around arround about approx approximately roughly circa ca gegen hacia hacia_las sobre_las vers"
    " por_volta_das por_volta_de cerca_de",
    "on": "on",
    "in": "in im en em during over within wahrend durante pendant",
    "this": "this current diese dieser diesen dieses diesem este esta ce cet cette neste nesta",
    "last": "last lst lsat latest previous prev letzte letzten letzter letztes letztem vergangene vergangenen vorige"
    " vorigen voriger voriges ultimo ultima ultimos ultimas pasado pasada pasados pasadas dernier derniere derniers"
    " dernieres passe passee passado passada anterior most_recent",
    "past": "past trailing rolling",
    "next": "next nachste nachsten nachster naechste proximo proxima prochain prochaine",
    "weekend": "weekend week-end wochenende fin_de_semana finde fim_de_semana wkend",
    "tomorrow": "tomorrow tomorow tmrw tmr ubermorgen uebermorgen demain amanha",
    "morgen": "morgen manana",
    "tonight": "tonight tonite tonigth",
    "last_night": "last_night lastnight overnight over_night anoche",
    "now": "now jetzt ahora maintenant agora",
    "been": "been",
    "for": "for",
    "deploy": "deploy deploys deployed deployment deployments release releases rollout rollouts roll-out go-live"
    " despliegue deploiement mise_en_production implantacao",
    "compared": "compared_to compared_with versus vs vs. than im_vergleich_zu im_vergleich_zur im_vergleich_zum"
    " verglichen_mit comparado_con comparado_com par_rapport_a",
    "half_to": "halb",
    "oclock": "uhr o'clock oclock hs",
    "filler": "the of der die das den dem des la las los el le les l d de du del do da dos das o os a au sometime"
    " like zum zur por pela am ,",
}

_VALUED: Mapping[str, Mapping[object, str]] = {
    "day": {
        0: "today tody heute hoy aujourd'hui aujourdhui hoje all_day earlier_today",
        1: "yesterday yesteday yesterady yday gestern ayer hier ontem",
        2: "day_before_yesterday vorgestern anteayer antes_de_ayer antier avant-hier avant_hier anteontem",
    },
    "weekday": {
        0: "monday mondays montag lunes lundi segunda-feira na_segunda",
        1: "tuesday tuesdays dienstag martes mardi terca-feira na_terca",
        2: "wednesday wednesdays mittwoch miercoles mercredi quarta-feira na_quarta",
        3: "thursday thursdays donnerstag jueves jeudi quinta-feira na_quinta",
        4: "friday fridays freitag viernes vendredi sexta-feira na_sexta",
        5: "saturday saturdays samstag sonnabend sabado samedi",
        6: "sunday sundays sonntag domingo dimanche",
    },
    "weekday_short": {
        0: "mon segunda",
        1: "tue tues terca",
        2: "wed quarta",
        3: "thu thur thurs quinta",
        4: "fri sexta",
        5: "sat",
        6: "sun",
    },
    "month": {
        1: "january januar janner enero janvier janeiro",
        2: "february februar febrero fevrier fevereiro",
        3: "marz marzo março",
        4: "april abril avril",
        5: "mai mayo maio",
        6: "june juni junio juin junho",
        7: "july juli julio juillet julho",
        8: "august agosto aout",
        9: "september septiembre septembre setembro",
        10: "october oktober octubre octobre outubro",
        11: "november noviembre novembre novembro",
        12: "december dezember diciembre decembre dezembro",
    },
    "month_short": {
        1: "jan",
        2: "feb",
        3: "mar march mars",
        4: "apr",
        5: "may",
        6: "jun",
        7: "jul",
        8: "aug",
        9: "sep sept",
        10: "oct okt",
        11: "nov",
        12: "dec dez dic",
    },
    "daypart": {
        "morning": "morning mornings mornin vormittag morgens matin manha fruh frueh this_am",
        "afternoon": "afternoon afternoons nachmittag nachmittags tarde apres-midi apres_midi",
        "evening": "evening evenings abend abends soir",
        "night": "night nights nacht nachts noche nuit noite",
    },
    "unit": {
        "second": "second seconds sec secs sekunde sekunden segundo segundos seconde secondes",
        "minute": "minute minutes min mins minuten minuto minutos",
        "hour": "hour hours hr hrs h stunde stunden std hora horas heure heures",
        "day": "day days tag tage tagen dia dias jour jours d",
        "week": "week weeks wk wks woche wochen semana semanas semaine semaines semaine-ci w",
        "month": "month months monat monate monaten mes meses mois mois-ci mês",
        "quarter": "quarter quarters quartal trimestre",
        "year": "year years jahr jahre jahren ano anos ans annee annees",
    },
    "to_date": {
        "week": "week_to_date wtd all_week",
        "month": "month_to_date mtd all_month",
        "quarter": "quarter_to_date qtd",
        "year": "year_to_date ytd",
    },
    "clock_word": {
        0: "midnight mitternacht medianoche minuit meia-noite meia_noite",
        12: "noon midday mittag mittags mediodia midi meio-dia meio_dia",
    },
    "meridiem": {"am": "a.m. a.m", "pm": "pm p.m. p.m"},
    "article": {1: "an ein eine einer einem einen un una une uma one"},
    "number": {
        0.5: "half_an half halben halbe media demi meia",
        1: "eins",
        2: "two zwei dos deux dois duas couple couple_of a_couple_of",
        3: "three drei tres trois few a_few some several ein_paar unos unas quelques alguns algumas",
        4: "four vier cuatro quatre quatro",
        5: "five funf fuenf cinco cinq",
        6: "six sechs seis",
        7: "seven sieben siete sete",
        8: "eight acht ocho huit oito",
        9: "nine neun nueve neuf nove",
        10: "ten zehn diez dix",
        11: "eleven elf onze",
        12: "twelve zwolf zwoelf doce douze doze",
        15: "fifteen funfzehn quince quinze",
        20: "twenty zwanzig veinte vingt vinte",
        24: "twenty-four vierundzwanzig",
        30: "thirty dreissig dreißig treinta trente trinta",
    },
    "zone": {
        0: "utc gmt",
        60: "cet mez bst",
        120: "cest mesz",
        -180: "brt",
        -240: "edt",
        -300: "est cdt",
        -360: "cst mdt",
        -420: "mst pdt",
        -480: "pst",
    },
    "zone_name": {
        "America/Los_Angeles": "pacific pt",
        "America/Denver": "mountain",
        "America/Chicago": "central",
        "America/New_York": "eastern",
    },
}

FUNCTION_WORDS = words(
    "i we you they it he she there here this that these those which what why how when where who whose is are was were"
    " did do does done has have had can could should would will please pls thanks thx and or but so because while if"
    " then still for with without by from to in on at our my your their its the a an not no any all every something"
    " anything everything someone anyone happened failed broke started until when again too though although as"
    " was warum wie wann wer wo ist sind hat haben war waren und oder aber weil denn bitte der die das den dem wir ich"
    " es nicht kein auf mit ohne bei los passiert que quien como cuando donde por para con sin el la los las un una y o"
    " pero porque es esta son fue paso hay nos se le les qui quoi pourquoi comment quand ou et mais est sont etait a de"
    " des du au aux dans sur sans pour nous on il elle o os as e mas quem quando onde foi era houve"
)
"""What may follow a bare hour. Any other word makes a number of things of it: "around 3 retries"."""

GERMAN_WORDS = words("ist was warum wieso wie der das den dem die nicht wir los mit und sind hat kann")
"""Where one of these stands, `hier` is German for here, not French for yesterday."""

COMPARING = words(
    "compare compares compared comparing comparison vergleiche vergleich vergleichen verglichen compara comparar"
    " comparado comparer comparez"
)
"""After one of these, `to yesterday` is what something is held against."""
AGAINST = words("to with against mit zu con com avec a")

NOT_BEFORE_AN_HOUR = words(
    "capped limited limit stuck fixed set kept stays stay stands maxed peaked peaks running runs steady hovering"
    " hovers capacity memory timeout concurrency replicas count version level priority port size started"
)
"""After one of these, "at 3" is a quantity."""


def _entries() -> Iterator[tuple[tuple[str, ...], Meaning]]:
    for kind, phrases in _PLAIN.items():
        yield from ((tuple(phrase.split("_")), (kind, None)) for phrase in phrases.split())
    for kind, values in _VALUED.items():
        for value, phrases in values.items():
            yield from ((tuple(phrase.split("_")), (kind, value)) for phrase in phrases.split())


MEANINGS: Mapping[tuple[str, ...], Meaning] = dict(_entries())
LONGEST = max(map(len, MEANINGS))

TYPO_TARGETS = tuple(
    word
    for kind in ("day", "weekday", "month", "daypart", "clock_word")
    for phrases in _VALUED[kind].values()
    for word in phrases.split()
    if len(word) >= 6 and word.isalpha()
)
"""Long words that are so much their own that one slip of the finger does not make another word of them."""
