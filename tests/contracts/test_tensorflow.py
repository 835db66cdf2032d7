from hpo.testing import BookContract, DataContract, PortContract


class TestPort(PortContract):
    package = "hpo_tensorflow"


class TestBook(BookContract):
    package = "hpo_tensorflow"


class TestData(DataContract):
    package = "hpo_tensorflow"
