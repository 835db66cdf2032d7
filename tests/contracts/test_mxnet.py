from hpo.testing import BookContract, DataContract, PortContract


class TestPort(PortContract):
    package = "hpo_mxnet"


class TestBook(BookContract):
    package = "hpo_mxnet"


class TestData(DataContract):
    package = "hpo_mxnet"
