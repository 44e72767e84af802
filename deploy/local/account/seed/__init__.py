"""Create a scenario's resources in moto, through boto3, as they came to be: with the times the scenario gives them."""

from __future__ import annotations

from deploy.local.account.moto_app import MotoApp
from deploy.local.account.seed.applications import seed_applications
from deploy.local.account.seed.compute import seed_compute
from deploy.local.account.seed.databases import seed_databases
from deploy.local.account.seed.ecs import seed_ecs
from deploy.local.account.seed.functions import seed_functions
from deploy.local.account.seed.identities import seed_identities
from deploy.local.account.seed.leftovers import seed_leftovers
from deploy.local.account.seed.messaging import seed_messaging
from deploy.local.account.seed.network import seed_network
from deploy.local.account.seed.seeder import Seeder
from deploy.local.account.seed.storage import seed_notifications, seed_storage
from deploy.local.account.state import Loaded

_STEPS = (
    seed_identities,
    seed_network,
    seed_messaging,
    seed_storage,
    seed_functions,
    seed_notifications,
    seed_databases,
    seed_compute,
    seed_leftovers,
    seed_ecs,
    seed_applications,
)
"""In an order in which everything finds what it refers to."""


def seed(moto: MotoApp, loaded: Loaded) -> None:
    seeder = Seeder(moto, loaded)
    for step in _STEPS:
        step(seeder)
