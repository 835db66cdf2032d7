from hpo.testing import BookContract, DataContract, PortContract, ReaderContract


class TestPort(PortContract):
    package = "hpo_torch"


class TestBook(BookContract):
    package = "hpo_torch"


class TestData(DataContract):
    package = "hpo_torch"


class TestReader(ReaderContract):
    package = "hpo_torch"
    imports = """
        import torch
        from torch import nn
        """
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))

            def forward(self, x):
                return self.net(x)
        """
    without_gradients = "torch.no_grad()"
