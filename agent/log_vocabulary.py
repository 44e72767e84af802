"""English words that programs write into log statements, as opposed to the names that they fill in.

A word that is missing here does no harm when it stands in every line of its statement. The list decides only whether
two lines that are alike but for one word ("session opened", "session closed") came from one statement or two.
"""

from __future__ import annotations

SUFFIXES = ("ed", "ing", "tion", "sion", "able", "ible", "ally", "ully", "ment", "ance", "ence", "less", "ness")
"""Words of six letters and more that end so count as English too, and need not be listed."""

_LISTED = """
a abort about above accept access account acknowledge across active actual add address after again against agent alert
alive all alloc allow already also alternate always an and another answer any anymore app append apply arg args array
as ask assert assign at attach attempt attempts attribute auth average avg away back backend backup bad bandwidth base
batch be because been before begin begun behind being below best better between big bind bit bits block blocks body
bogus boot both bound break broadcast broken broker browser buffer buffers bug build built bus busy but by byte bytes
cache calculate call callback caller calls can can't candidate cannot capacity card catch caught cause certificate
chain change changes channel channels char check checkpoint checks checksum child children choose chosen chunk class
clean cleanup clear client clients clock clone close cluster code codes collect collector column command commit common
compact compare complete compute config confirm conflict connect connections consumer container containers content
context control controller convert copy core corrupt could couldn't count counter counters cpu crash create credential
credentials critical current cycle cycles daemon data database date day days dead deadlock debug decide decode default
defer define delay delete delta deny dependency depth dequeue descriptor destroy detach detail details detect device
devices did didn't dirty discard disconnect discover disk disks display do does doesn't domain don't done down
download drawn drive driven driver drop due dump duplicate each early either eject else empty encode encrypt end
endpoint enough enqueue ensure enter entries entry epoch err error errors establish eta even event events ever every
evict exact example except exceptions exec execute executor exist exists exit expect expire explicit export extend
external extra factory fail fails failure failures fallback fallen fan fast fatal fault feature fetch few field fields
file files filesystem fill filter final find finish first fix flag flags flow flush folder follow follower for force
foreground fork format forward found frame frames free from full further garbage gateway generate generic get give
given go going gone good got graceful grant group groups grow guard had halt handle handler handlers handshake hard
has hash have he head header headers health heap heartbeat held hello help here hide high history hit hold home hook
host hosts hour hours how http https hung id idle if ignore illegal image immediately import in inactive inbound
include incomplete increase index info init initial initialize initiate inner input insert inside inst install
instances instead int integer intent interface internal interrupt interval into invalid invoke io ip is isn't issue it
item items iterator its itself job jobs join just keep kept kernel key keys kill kind know known label laid large last
late later launch layer layout lead leader leak learner lease leave left len length lent level levels library life
like limit limits line lines link list listen listener load loader local lock locks log logger logic login logout long
longer look loop lost low lower machine made main maintain make manage manager manifest manual many map mapper mark
marker master match max maximum may maybe me mean meant measure media member members memory merge message messages met
meta metadata method metric metrics migrate min minimum minute minutes mismatch miss misses mod mode model modify
module modules monitor more most mount move ms much multicast multiple must mutex my name names near need needs
negative network never new newer next no node nodes normal not note notice notify now number object objects observer
of off offline offset ok okay old older on once one ones online only open options or order other others our out
outbound outer output outside over overall overflow overlap overridden override own owner pack packet packets page
pages paid pair panic parameter parameters parent parity parse part partial partitions party pass passes passive
password patch path paths pause payload peer peers per percent perform period permanent permissions persist phase
physical pick ping pipe pipeline place plan platform please plugin point policy poll pool poor port ports post power
prefer prefix prepare present press prevent previous primary print prior priority private privilege probably probe
problem process processes processor producer profile program progress project promote properly properties property
proposal protocol provide provider proxy public publish pull purge push put queries query queue queues quick quiet
quit quorum quota race raise ran random range rank rate ratio raw reach read reader reads ready real realm reason
reboot rebuild rebuilt receive receiver recent recheck reclaim reconnect record records recover recovery redirect redo
reduce reducer refresh refuse refuses region register registry reject release reload remain remote remove rename
render renew repair repeat replace replay replica replicas reply report request requests require requires rerun
reserve reset resize resolve resource resources respond response responses rest restart restore result results resume
retain retries retry return returns reuse reverse review revoke rewound rewrite right risen role roll rollback rotate
round route router row rows rule rules run runs runtime safe said same sample save scan schedule scheduler schema
scheme scope score screen script search second seconds sector secure security see seek seen segments select self send
sender sends sensor sent serial server servers service services sessions set sets setup several severe shard share
shell shift short should show shown shuffle shut shutdown side sign signal signature silent similar simple since
single size sizes skew skip slave sleep slept slid slot slots slow small snapshot so socket sockets soft sold some
soon sort source space spare spawn spec special specific speed spent spill split stack stage stale standard standby
start starts startup stat state states static statistics stats status steal step steps still stolen stop stops storage
store stores stream streams strict strings strong stub stuck submit subscribe subsystem success successful such suite
sum summary superuser supply support suppress suspend swap swept switch symbol sync synchronize syntax system table
tables tag tags take taken takes target task tasks tell temp temperature temporary term terminate text than that the
their them then there these they thing this thread threads threshold throttle through throw thrown throws tick ticket
ticks tie time timeout timer times to today token tokens told too took tool top topic torn total touch trace track
traffic transactions transfer transfers transform translate transport tree tries trigger trim trust try tunnel turn
twice two type types unbind under understood undo undone uninstall unit unknown unlink unload unlock unmount unpack
unregister unset unsubscribe until unusual up update updates upgrade upload upper upset uptime urgent usage use user
users uses using utility valid validate value values vector verify very via view virtual visit volume vote wait waits
wake want warm warn was wasn't watch watcher way we web weight well went were what when where whether which while who
whole why will window windows with withdrawn within without woken won won't word words work worker workers works worst
would wound wrap write writer writes written wrong yet yield you your zero zone
"""
WORDS = frozenset(_LISTED.split())
