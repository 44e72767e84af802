"""Reading AWS: sessions for accounts and regions, which operations they may call, and the IAM policy that follows."""

from tools.aws.session import Boto3Session

__all__ = ["Boto3Session"]
