"""Zero-cost scores of a network in PyTorch: as the published programs compute them, and as fast as stock PyTorch can.

As published (zero-cost-nas, NASLib): every score deep-copies the network, prepares the copy and runs its own passes over it.
`ways` lists the others; each returns the same number.
"""

import copy

import numpy
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.func import functional_call


def layers(network):
    return [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]


def without_norms(module):
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, nn.Identity())
        else:
            without_norms(child)
    return module


def absolute(network):
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.abs_()
    return network


def published_synflow(network, images):
    network = absolute(without_norms(copy.deepcopy(network))).double()
    network.zero_grad()
    network(torch.ones(1, *images.shape[1:], dtype=torch.float64)).sum().backward()
    return sum((layer.weight * layer.weight.grad).abs().sum().item() for layer in layers(network))


def autograd_synflow(network, images):
    """No copy, gradients of the weights alone."""
    network = absolute(without_norms(network)).double()
    weights = [layer.weight for layer in layers(network)]
    flow = network(torch.ones(1, *images.shape[1:], dtype=torch.float64)).sum()
    return float(sum((w.detach() * g).sum() for w, g in zip(weights, torch.autograd.grad(flow, weights))))


def tangent_synflow(network, images):
    """One forward pass with a tangent along the weights themselves."""
    network = absolute(without_norms(network)).double()
    names = {id(layer.weight) for layer in layers(network)}
    with torch.no_grad(), forward_ad.dual_level():
        duals = {name: forward_ad.make_dual(p, p.clone()) if id(p) in names else p for name, p in network.named_parameters()}
        out = functional_call(network, duals, torch.ones(1, *images.shape[1:], dtype=torch.float64))
        return float(forward_ad.unpack_dual(out.sum()).tangent)


def published_nwot(network, images):
    network = copy.deepcopy(network)
    kernel = numpy.zeros((len(images), len(images)))

    def count(_, inputs, __):
        active = (inputs[0].reshape(len(images), -1) > 0).float()
        kernel[:] += (active @ active.t()).numpy() + ((1 - active) @ (1 - active.t())).numpy()

    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(count)
    with torch.no_grad():
        network(images)
    return float(numpy.linalg.slogdet(kernel)[1])


def signs_nwot(network, images):
    """No copy; agreements of ±1 are (units + product) / 2, one product for all."""
    kernel, units = torch.zeros(len(images), len(images)), [0]

    def count(_, inputs, __):
        signs = (inputs[0].reshape(len(images), -1) > 0).float().mul_(2).sub_(1)
        kernel.addmm_(signs, signs.t())
        units[0] += signs.shape[1]

    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(count)
    with torch.inference_mode():
        network(images)
    return float(numpy.linalg.slogdet((kernel.double().numpy() + units[0]) / 2)[1])


PUBLISHED = {"synflow": published_synflow, "nwot": published_nwot}
WAYS = {"synflow": {"autograd.grad": autograd_synflow, "forward_ad": tangent_synflow}, "nwot": {"one product of signs": signs_nwot}}
