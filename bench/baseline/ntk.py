"""Three ways to the tangent kernel's condition number in PyTorch.

published(network, images)   one backward pass per sample through the whole batch, gradients collected one by one: what the
                             published program does
best(network, images)        the fastest that stock PyTorch offers here without losing digits: only the parameters that count
                             require gradients, torch.autograd.grad, one product at the end
batched(network, images)     as best, with the cotangents of all samples through one call (is_grads_batched)

All: batch statistics, summed logits, every parameter named weight.
"""

import torch


def condition(kernel):
    eigenvalues = torch.linalg.eigvalsh(kernel)
    return (eigenvalues[-1] / eigenvalues[0]).item()


def published(network, images):
    network.train()
    logits = network(images)
    rows = []
    for i in range(images.shape[0]):
        logits[i : i + 1].backward(torch.ones_like(logits[i : i + 1]), retain_graph=True)
        gradient = []
        for name, parameter in network.named_parameters():
            if "weight" in name and parameter.grad is not None:
                gradient.append(parameter.grad.view(-1).detach().clone())
        rows.append(torch.cat(gradient))
        network.zero_grad(set_to_none=False)
    jacobian = torch.stack(rows, 0)
    return condition(torch.einsum("nc,mc->nm", jacobian, jacobian))


def _counted(network):
    """The parameters that count, as the only ones that require gradients."""
    network.train()
    for name, parameter in network.named_parameters():
        parameter.requires_grad_("weight" in name)
    return [p for p in network.parameters() if p.requires_grad]


def _gram_condition(network, rows):
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    return condition(rows @ rows.T)


def best(network, images):
    parameters = _counted(network)
    sums = network(images).sum(1)
    rows = []
    for i in range(images.shape[0]):
        gradient = torch.autograd.grad(sums[i], parameters, retain_graph=True, allow_unused=True)
        rows.append(torch.cat([g.reshape(-1) for g in gradient if g is not None]))
    return _gram_condition(network, torch.stack(rows, 0))


def batched(network, images):
    parameters = _counted(network)
    n = images.shape[0]
    gradient = torch.autograd.grad(network(images).sum(1), parameters, torch.eye(n), allow_unused=True, is_grads_batched=True)
    return _gram_condition(network, torch.cat([g.reshape(n, -1) for g in gradient if g is not None], 1))
