"""The lean loop on its own."""

import sys

from _eager import tensors, train
from _ours import LEARNING_RATE, report

report(*train(tensors(), LEARNING_RATE, int(sys.argv[1])))
