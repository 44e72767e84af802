"""EC2 instances, Auto Scaling groups and load balancers."""

from __future__ import annotations

from typing import Any

from deploy.local.account.schema.compute import AutoScalingGroup, Ec2Instance, LoadBalancer
from deploy.local.account.seed.seeder import Seeder, naive, tag_list
from deploy.local.account.text import resource_id

_IMAGE = "ami-03cf127a"
"""One of `public_images.json`."""


def seed_compute(seeder: Seeder) -> None:
    for instance in seeder.resources.ec2_instances:
        _instance(seeder, instance)
    for group in seeder.resources.autoscaling_groups:
        _group(seeder, group)
    for balancer in seeder.resources.load_balancers:
        _balancer(seeder, balancer)


def _instance(seeder: Seeder, instance: Ec2Instance) -> None:
    ec2 = seeder.client("ec2")
    where = {"SubnetId": seeder.id_of("subnet", instance.subnet)} if instance.subnet else {}
    made = ec2.run_instances(
        ImageId=_IMAGE,
        InstanceType=instance.type,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tag_list(instance.tags, instance.name)}],
        **where,
    )
    state = seeder.backend("ec2").get_instance(made["Instances"][0]["InstanceId"])
    instance_id = seeder.ids["instance", instance.name] = seeder.rename_in_ec2(state, "instance", instance.name)
    state.launch_time = naive(seeder.at(instance.launched))
    if instance.state == "stopped":
        ec2.stop_instances(InstanceIds=[instance_id])
        state._reason = f"User initiated ({seeder.at(instance.stopped_at):%Y-%m-%d %H:%M:%S} GMT)"


def _group(seeder: Seeder, group: AutoScalingGroup) -> None:
    scaling = seeder.client("autoscaling")
    template = f"{group.name}-launch"
    scaling.create_launch_configuration(
        LaunchConfigurationName=template, ImageId=_IMAGE, InstanceType=group.instance_type
    )
    where: dict[str, Any] = {"AvailabilityZones": [f"{seeder.region}a"]}
    if group.subnets:
        where = {"VPCZoneIdentifier": ",".join(seeder.id_of("subnet", name) for name in group.subnets)}
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=group.name,
        LaunchConfigurationName=template,
        MinSize=group.minimum,
        MaxSize=group.maximum,
        DesiredCapacity=group.desired,
        Tags=[
            {**tag, "ResourceId": group.name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
            for tag in tag_list(group.tags)
        ],
        **where,
    )


def _balancer(seeder: Seeder, balancer: LoadBalancer) -> None:
    elb = seeder.client("elbv2")
    subnets = [seeder.id_of("subnet", name) for name in balancer.subnets] or _default_subnets(seeder)
    made = elb.create_load_balancer(Name=balancer.name, Type=balancer.type, Scheme=balancer.scheme, Subnets=subnets)
    balancers, made_arn = seeder.backend("elbv2").load_balancers, made["LoadBalancers"][0]["LoadBalancerArn"]
    state = balancers.pop(made_arn)
    arn = state.arn = f"{made_arn.rpartition('/')[0]}/{resource_id('balancer', balancer.name)}"
    balancers[arn] = state
    state.created_time = f"{seeder.at(balancer.created):%Y-%m-%dT%H:%M:%S}.000Z"
    vpc_id = made["LoadBalancers"][0].get("VpcId")
    for number, target in enumerate(balancer.target_groups):
        group = elb.create_target_group(
            Name=target.name,
            Port=target.port,
            Protocol=target.protocol,
            HealthCheckPath=target.health_path,
            TargetType=target.target_type,
            **({"VpcId": vpc_id} if vpc_id else {}),
        )
        group_arn = seeder.ids["target group", target.name] = group["TargetGroups"][0]["TargetGroupArn"]
        elb.create_listener(
            LoadBalancerArn=arn,
            Port=80 + number,
            Protocol="TCP" if balancer.type == "network" else "HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group_arn}],
        )


def _default_subnets(seeder: Seeder) -> list[str]:
    """Two of the subnets that every region has from the beginning."""
    default = [{"Name": "default-for-az", "Values": ["true"]}]
    return [each["SubnetId"] for each in seeder.client("ec2").describe_subnets(Filters=default)["Subnets"]][:2]
