"""Volumes, snapshots, machine images and addresses, as old as the scenario says."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploy.local.account.schema.leftovers import EbsVolume, ElasticIp, MachineImage, Snapshot
from deploy.local.account.seed.seeder import Seeder, naive, tag_list

_WEEK = timedelta(days=7)


def seed_leftovers(seeder: Seeder) -> None:
    for volume in seeder.resources.ebs_volumes:
        _volume(seeder, volume)
    for snapshot in seeder.resources.snapshots:
        for number in range(snapshot.count):
            _snapshot(seeder, snapshot, seeder.at(snapshot.created) - number * _WEEK)
    for image in seeder.resources.machine_images:
        _image(seeder, image)
    for address in seeder.resources.elastic_ips:
        _address(seeder, address)


def _volume(seeder: Seeder, volume: EbsVolume) -> None:
    ec2 = seeder.client("ec2")
    provisioned = {"Iops": volume.iops, "Throughput": volume.throughput}
    made = ec2.create_volume(
        Size=volume.size_gb,
        VolumeType=volume.type,
        AvailabilityZone=f"{seeder.region}a",
        TagSpecifications=[{"ResourceType": "volume", "Tags": tag_list(volume.tags, volume.name)}],
        **{name: value for name, value in provisioned.items() if value is not None},
    )
    seeder.ids["volume", volume.name] = made["VolumeId"]
    seeder.backend("ec2").volumes[made["VolumeId"]].create_time = naive(seeder.at(volume.created))
    if volume.attached_to:
        instance = seeder.id_of("instance", volume.attached_to)
        ec2.attach_volume(VolumeId=made["VolumeId"], InstanceId=instance, Device="/dev/sdf")


def _snapshot(seeder: Seeder, snapshot: Snapshot, at: datetime) -> None:
    """Of a volume that is gone by now, as most that are forgotten."""
    ec2 = seeder.client("ec2")
    volume = ec2.create_volume(Size=snapshot.size_gb, AvailabilityZone=f"{seeder.region}a")["VolumeId"]
    tags = [{"ResourceType": "snapshot", "Tags": tag_list(snapshot.tags, snapshot.name)}]
    made = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)
    seeder.backend("ec2").snapshots[made["SnapshotId"]].start_time = naive(at)
    ec2.delete_volume(VolumeId=volume)


def _image(seeder: Seeder, image: MachineImage) -> None:
    """moto makes an image's snapshot by itself, as AWS does; only its size and its age are the scenario's."""
    ec2, backend = seeder.client("ec2"), seeder.backend("ec2")
    made = ec2.register_image(Name=image.name, RootDeviceName="/dev/sda1")["ImageId"]
    seeder.ids["image", image.name] = made
    state = backend.amis[made]
    state.creation_date = state.ebs_snapshot.start_time = naive(seeder.at(image.created))
    state.ebs_snapshot.volume.size = image.size_gb
    if image.used_by_template:
        ec2.create_launch_template(LaunchTemplateName=f"{image.name}-template", LaunchTemplateData={"ImageId": made})


def _address(seeder: Seeder, address: ElasticIp) -> None:
    ec2 = seeder.client("ec2")
    tags = [{"ResourceType": "elastic-ip", "Tags": tag_list({}, address.name)}]
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)
    if address.instance:
        ec2.associate_address(AllocationId=made["AllocationId"], InstanceId=seeder.id_of("instance", address.instance))
