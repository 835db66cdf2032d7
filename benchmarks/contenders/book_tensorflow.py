"""The book's way in TensorFlow; it needs Keras 2 (`tf_keras`)."""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

from _book import lay_out_files, time_book

lay_out_files()

from d2l import tensorflow as d2l  # noqa: E402  # the folders and the variable come first

time_book(d2l)
