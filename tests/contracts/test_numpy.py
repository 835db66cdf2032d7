from hpo.testing import BookContract, DataContract, PortContract


class TestPort(PortContract):
    package = "hpo_numpy"


class TestBook(BookContract):
    package = "hpo_numpy"


class TestData(DataContract):
    package = "hpo_numpy"
