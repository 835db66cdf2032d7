"""`python -m hpo`: the command `hpo`."""

from hpo.cli.entry import main

if __name__ == "__main__":
    main()
