"""Two ways to the tangent kernel's condition number in PyTorch.

published(network, images)   one backward pass per sample through the whole batch, gradients collected one by one: what the
                             published program does
best(network, images)        the fastest that stock PyTorch offers here without losing digits: only the parameters that count
                             require gradients, torch.autograd.grad, one product at the end

Both: batch statistics, summed logits, every parameter named weight.
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


def best(network, images):
    network.train()
    for name, parameter in network.named_parameters():
        parameter.requires_grad_("weight" in name)
    parameters = [p for p in network.parameters() if p.requires_grad]
    sums = network(images).sum(1)
    rows = []
    for i in range(images.shape[0]):
        gradient = torch.autograd.grad(sums[i], parameters, retain_graph=True, allow_unused=True)
        rows.append(torch.cat([g.reshape(-1) for g in gradient if g is not None]))
    jacobian = torch.stack(rows, 0)
    kernel = jacobian @ jacobian.T
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    return condition(kernel)
