"""What importing the package costs."""

import subprocess
import sys


def test_importing_spaces_and_using_them_imports_no_scipy_stats() -> None:
    code = (
        "import sys; from hpo.space import *\n"
        "space = Space({'rate': Float(1e-4, 1, log=True, default=0.1), 'units': Int(1, 9), "
        "'kind': Choice(['a', 'b'])})\n"
        "Space.from_json(space.to_json()).encode([space.completed({}, space.sample(seed=0)[0])])\n"
        "print([name for name in sys.modules if name.startswith('scipy.stats')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_distribution_is_read_before_scipy_stats_is_imported() -> None:
    code = (
        "from hpo.space import Space\n"
        "domain = {'type': 'scipy', 'name': 'uniform', 'args': [0, 2]}\n"
        "space = Space.from_json({'parameters': [{'name': 'x', 'domain': domain}]})\n"
        "print(space.decode([[0.25]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[{'x': 0.5}]"
