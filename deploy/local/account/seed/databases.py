"""RDS instances with their parameter groups, and Redshift clusters."""

from __future__ import annotations

import secrets

from deploy.local.account.schema.databases import RdsInstance
from deploy.local.account.seed.seeder import Seeder, naive, tag_list


def seed_databases(seeder: Seeder) -> None:
    for instance in seeder.resources.rds_instances:
        _rds_instance(seeder, instance)
    for cluster in seeder.resources.redshift_clusters:
        seeder.client("redshift").create_cluster(
            ClusterIdentifier=cluster.name,
            NodeType=cluster.node_type,
            NumberOfNodes=cluster.nodes,
            ClusterType="multi-node" if cluster.nodes > 1 else "single-node",
            DBName=cluster.database,
            MasterUsername=cluster.user,
            MasterUserPassword=_password(),
            Tags=tag_list(cluster.tags),
        )


def parameter_group_of(instance: RdsInstance) -> str:
    return instance.parameter_group or f"{instance.name}-params"


def parameter_family_of(instance: RdsInstance) -> str:
    """postgres16, mysql8.0"""
    major, _, minor = instance.engine_version.partition(".")
    if "postgres" in instance.engine:
        return f"{instance.engine}{major}"
    return f"{instance.engine}{major}.{minor.partition('.')[0]}"


def _rds_instance(seeder: Seeder, instance: RdsInstance) -> None:
    rds = seeder.client("rds")
    group = parameter_group_of(instance)
    rds.create_db_parameter_group(
        DBParameterGroupName=group,
        DBParameterGroupFamily=parameter_family_of(instance),
        Description=f"Parameters of {instance.name}",
    )
    if instance.cluster:
        rds.create_db_cluster(
            DBClusterIdentifier=instance.cluster,
            Engine=instance.engine,
            EngineVersion=instance.engine_version,
            DatabaseName=instance.database,
            MasterUsername=instance.user,
            MasterUserPassword=_password(),
            EnableHttpEndpoint=True,
            Tags=tag_list(instance.tags),
        )
    rds.create_db_instance(
        DBInstanceIdentifier=instance.name,
        DBInstanceClass=instance.instance_class,
        Engine=instance.engine,
        EngineVersion=instance.engine_version,
        AllocatedStorage=instance.storage_gb,
        StorageType=instance.storage_type,
        MultiAZ=instance.multi_az,
        PubliclyAccessible=instance.public,
        DBName=instance.database,
        MasterUsername=instance.user,
        MasterUserPassword=_password(),
        DBParameterGroupName=group,
        Tags=tag_list(instance.tags),
        **({"DBClusterIdentifier": instance.cluster} if instance.cluster else {}),
    )
    state = seeder.backend("rds").databases[instance.name]
    state.created = state.instance_create_time = naive(seeder.at(instance.created))


def _password() -> str:
    return secrets.token_urlsafe(18) + "aA1"
