"""All resources of a scenario, by type."""

from __future__ import annotations

from deploy.local.account.schema.base import Entry
from deploy.local.account.schema.compute import (
    AutoScalingGroup,
    Ec2Instance,
    EcsCluster,
    LoadBalancer,
    TaskDefinition,
)
from deploy.local.account.schema.databases import RdsInstance, RedshiftCluster, Secret
from deploy.local.account.schema.delivery import Api, DeployApplication, Stack
from deploy.local.account.schema.leftovers import EbsVolume, ElasticIp, MachineImage, Snapshot
from deploy.local.account.schema.network import Vpc
from deploy.local.account.schema.serverless import (
    DynamoDbTable,
    EventRule,
    EventSourceMapping,
    LambdaFunction,
    S3Bucket,
    SnsTopic,
    SqsQueue,
)
from deploy.local.account.schema.workflows import StateMachine


class Resources(Entry):
    """Seeded into the account through its own API, in an order in which everything finds what it refers to."""

    vpcs: tuple[Vpc, ...] = ()
    lambda_functions: tuple[LambdaFunction, ...] = ()
    event_source_mappings: tuple[EventSourceMapping, ...] = ()
    s3_buckets: tuple[S3Bucket, ...] = ()
    sqs_queues: tuple[SqsQueue, ...] = ()
    sns_topics: tuple[SnsTopic, ...] = ()
    event_rules: tuple[EventRule, ...] = ()
    dynamodb_tables: tuple[DynamoDbTable, ...] = ()
    rds_instances: tuple[RdsInstance, ...] = ()
    task_definitions: tuple[TaskDefinition, ...] = ()
    ecs_clusters: tuple[EcsCluster, ...] = ()
    ec2_instances: tuple[Ec2Instance, ...] = ()
    autoscaling_groups: tuple[AutoScalingGroup, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    redshift_clusters: tuple[RedshiftCluster, ...] = ()
    secrets: tuple[Secret, ...] = ()
    ebs_volumes: tuple[EbsVolume, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    machine_images: tuple[MachineImage, ...] = ()
    elastic_ips: tuple[ElasticIp, ...] = ()
    state_machines: tuple[StateMachine, ...] = ()
    stacks: tuple[Stack, ...] = ()
    deploy_applications: tuple[DeployApplication, ...] = ()
    apis: tuple[Api, ...] = ()
