import pytest

from tools.evidence.names import bare_name, cost_names, matches, service_key, service_of_arn


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("AWS Lambda", "lambda"),
        ("Amazon Relational Database Service", "rds"),
        ("AWS/DynamoDB", "dynamodb"),
        ("ecs.amazonaws.com", "ecs"),
        ("ec2.amazonaws.com", "ec2"),
        ("NAT gateway", "nat"),
        ("EC2 - Other", "nat"),
        ("AmazonCloudWatch", "cloudwatch"),
        ("load balancer", "elb"),
        ("Kubernetes", ""),
    ],
)
def test_services_are_known_by_all_their_names(text: str, key: str):
    assert service_key(text) == key


def test_cost_explorer_names_are_kept_or_found():
    assert cost_names("EC2 - Other") == ("EC2 - Other",)
    assert cost_names("nat") == ("EC2 - Other",)
    assert cost_names("Amazon Lightsail") == ("Amazon Lightsail",)
    assert cost_names("") == ()


ACCOUNT = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"arn:aws:lambda:{ACCOUNT}:function:checkout", "checkout"),
        (f"arn:aws:lambda:{ACCOUNT}:function:checkout:live", "checkout"),
        (f"arn:aws:ecs:{ACCOUNT}:service/prod/web", "web"),
        (f"arn:aws:ecs:{ACCOUNT}:task-definition/web:42", "web"),
        (f"arn:aws:rds:{ACCOUNT}:db:orders-db", "orders-db"),
        (f"arn:aws:sqs:{ACCOUNT}:orders.fifo", "orders.fifo"),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/sessions/index/by-user", "sessions"),
        (f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188", "web"),
        (f"arn:aws:logs:{ACCOUNT}:log-group:/aws/lambda/checkout:*", "checkout"),
        ("arn:aws:s3:::lake/in/a.csv", "lake"),
        ("https://sqs.us-east-1.amazonaws.com/123456789012/orders", "orders"),
        ("/aws/lambda/checkout", "checkout"),
        (" checkout ", "checkout"),
    ],
)
def test_the_bare_name_is_what_other_apis_accept(text: str, name: str):
    assert bare_name(text) == name


def test_an_arn_tells_its_service():
    assert service_of_arn(f"arn:aws:states:{ACCOUNT}:stateMachine:orders") == "stepfunctions"
    assert service_of_arn(f"arn:aws:ec2:{ACCOUNT}:natgateway/nat-1") == "nat"
    assert service_of_arn("checkout") == ""


def test_a_name_matches_itself_best_then_its_beginning_and_words_then_parts():
    assert [matches("checkout-api", wanted) for wanted in ("checkout-api", "checkout", "api", "heckou", "cart")] == [
        *(3, 2, 2, 1, 0)
    ]
