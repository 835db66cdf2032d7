"""What time is: the clock on the wall, or the processor time of this process.

On a machine with busy neighbours the latter is what a contender of one thread takes by itself:
`HPO_BENCHMARK_CLOCK=cpu`.
"""

import os
import time

now = time.process_time if os.environ.get("HPO_BENCHMARK_CLOCK") == "cpu" else time.perf_counter
