"""What may be searched: domains, conditions, constraints, and the unit cube under the user's priors."""

from hpo.space.choices import Choice, Constant, Ordinal
from hpo.space.conditions import Condition
from hpo.space.constraints import Constraint
from hpo.space.distributions import Distribution
from hpo.space.domain import Domain
from hpo.space.expressions import Expression, Relation, param
from hpo.space.floats import Float
from hpo.space.ints import Int
from hpo.space.parse import domain_from_json, domain_to_json, register_domain
from hpo.space.space import Config, Space
from hpo.space.toml import load_space_toml
from hpo.space.values import NO_DEFAULT, NoDefault, Scalar

__all__ = [
    "Choice",
    "Condition",
    "Config",
    "Constant",
    "Constraint",
    "Distribution",
    "Domain",
    "Expression",
    "Float",
    "Int",
    "NO_DEFAULT",
    "NoDefault",
    "Ordinal",
    "Relation",
    "Scalar",
    "Space",
    "domain_from_json",
    "domain_to_json",
    "load_space_toml",
    "param",
    "register_domain",
]
