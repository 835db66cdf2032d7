"""The book's way in PyTorch: torchvision's data set behind a DataLoader with four workers."""

from _book import lay_out_files, time_book

lay_out_files()

from d2l import torch as d2l  # noqa: E402  # the folders come first

if __name__ == "__main__":
    time_book(d2l)
