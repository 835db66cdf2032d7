"""The book's way in MXNet: Gluon's data set behind a DataLoader with four workers."""

from _book import lay_out_files, time_book

lay_out_files()

import hpo_mxnet  # noqa: E402, F401  # before mxnet: it makes MXNet work with today's NumPy 1
import mxnet as mx  # noqa: E402  # the folders come first

# Gluon knows the checksums of the gzipped originals; ours hold the same images.
mx.gluon.utils.check_sha1 = lambda path, checksum: True

from d2l import mxnet as d2l  # noqa: E402  # after the check is replaced

if __name__ == "__main__":
    time_book(d2l)
