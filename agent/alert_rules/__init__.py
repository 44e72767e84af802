"""What becomes of an alert before any token is spent.

decision = read_rules(settings.alert_rules).decide(alert, "alerts", now)  # treatment, rule, reason
"""

from agent.alert_rules.reading import RulesMistaken
from agent.alert_rules.rules import Considered, Explanation, Rules, is_louder, louder, read_rules

__all__ = ["Considered", "Explanation", "Rules", "RulesMistaken", "is_louder", "louder", "read_rules"]
