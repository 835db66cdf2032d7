from hpo.testing import BookContract, DataContract, PortContract


class TestPort(PortContract):
    package = "hpo_torch"


class TestBook(BookContract):
    package = "hpo_torch"


class TestData(DataContract):
    package = "hpo_torch"
