from hpo.testing import BookContract, DataContract, PortContract, ReaderContract


class TestPort(PortContract):
    package = "hpo_tensorflow"


class TestBook(BookContract):
    package = "hpo_tensorflow"


class TestData(DataContract):
    package = "hpo_tensorflow"


class TestReader(ReaderContract):
    package = "hpo_tensorflow"
    imports = "import tensorflow as tf"
    own_model = """
        class SoftmaxClassification(d2l.Classification):
            def __init__(self, num_outputs, lr):
                super().__init__()
                self.save_hyperparameters()
                self.net = tf.keras.Sequential()
                self.net.add(tf.keras.layers.Flatten())
                self.net.add(tf.keras.layers.Dense(num_outputs))

            def forward(self, x):
                return self.net(x)
        """
