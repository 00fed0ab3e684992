"""States of problems, compared."""

import torch


def assert_equal_states(a, b, tolerance):
    assert a.keys() == b.keys()
    for name, x in a.items():
        torch.testing.assert_close(x, b[name], rtol=tolerance, atol=tolerance, msg=name)
