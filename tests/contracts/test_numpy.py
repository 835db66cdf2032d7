from hpo.testing import BookContract, DataContract, PortContract, ReaderContract


class TestPort(PortContract):
    package = "hpo_numpy"


class TestBook(BookContract):
    package = "hpo_numpy"


class TestData(DataContract):
    package = "hpo_numpy"


class TestReader(ReaderContract):
    package = "hpo_numpy"
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.parameters = {
                    "weight": np.zeros((784, num_outputs), "float32"),
                    "bias": np.zeros(num_outputs, "float32"),
                }

            def forward(self, x):
                return x.reshape(len(x), -1) @ self.parameters["weight"] + self.parameters["bias"]
        """
