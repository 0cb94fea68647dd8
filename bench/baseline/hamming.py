"""Two ways in PyTorch to how many units every two patterns agree on; patterns [n, units] of zeros and ones in single precision.

published(patterns)   two matrix products, of ones and of zeros: what the published programs do
best(patterns)        one product of signs
"""

import torch


def published(patterns):
    return patterns @ patterns.T + (1 - patterns) @ (1 - patterns).T


def best(patterns):
    signs = 2 * patterns - 1
    return (patterns.shape[1] + torch.matmul(signs, signs.T)) / 2
