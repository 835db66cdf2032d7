from hpo.testing import BookContract, DataContract, PortContract, ReaderContract


class TestPort(PortContract):
    package = "hpo_mxnet"


class TestBook(BookContract):
    package = "hpo_mxnet"


class TestData(DataContract):
    package = "hpo_mxnet"


class TestReader(ReaderContract):
    package = "hpo_mxnet"
    imports = """
        from mxnet import autograd
        from mxnet.gluon import nn
        """
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.net = nn.Sequential()
                self.net.add(nn.Flatten(), nn.Dense(num_outputs))
                self.net.initialize()

            def forward(self, x):
                return self.net(x)
        """
    without_gradients = "autograd.pause()"


class TestReaderWithNumPySemantics(TestReader):
    imports = """
        from mxnet import autograd, npx
        from mxnet.gluon import nn
        npx.set_np()
        """
