"""constrained.py NETWORK TURNS STEPS BATCH THREADS: whole training steps, timed like dev.orbifold.bench.ConstrainedStep.

NETWORK is lenet300 or resnet20. Plain, and the usual way to constrain: every weight of rank 2 and more is a product of two
or three parameters, torch's autograd goes through it, and torch.optim.SGD moves them all. Random images. The three take turns;
the first turn, and the first two steps of each, do not count. Prints one line "step <plain|2|3> <milliseconds>" for each step that
counts.
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional, utils

from networks import lenet300, resnet20

RATE, MOMENTUM, DECAY, PASSED_OVER = 1e-4, 0.9, 1e-4, 2


class Factor(nn.Module):
    """The parametrization: the weight is the product of what is trained, which starts balanced."""

    def __init__(self, depth):
        super().__init__()
        self.depth = depth

    def forward(self, *factors):
        product = factors[0]
        for factor in factors[1:]:
            product = product * factor
        return product

    def right_inverse(self, weight):
        root = weight.abs().pow(1 / self.depth)
        return (root * weight.sign(), *(root.clone() for _ in range(self.depth - 1)))


def constrained(network, depth):
    model = network().train()
    factors = []
    if depth > 1:
        for module in list(model.modules()):
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                utils.parametrize.register_parametrization(module, "weight", Factor(depth))
                factors += module.parametrizations.weight.parameters()
    chosen = {id(f) for f in factors}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    groups = [{"params": rest, "weight_decay": 0}]
    if factors:
        groups.append({"params": factors, "weight_decay": 2 * DECAY / depth})
    return model, torch.optim.SGD(groups, RATE, MOMENTUM)


def main():
    if len(sys.argv) != 6 or sys.argv[1] not in ("lenet300", "resnet20"):
        sys.exit(__doc__)
    name = sys.argv[1]
    turns, steps, batch, threads = map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    # What orbifold does too, on every thread that computes.
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    x = torch.randn(batch, *((1, 28, 28) if name == "lenet300" else (3, 32, 32)))
    y = torch.arange(batch) % 10
    benches = [constrained(lenet300 if name == "lenet300" else resnet20, depth) for depth in (1, 2, 3)]
    for turn in range(turns + 1):
        for depth, (model, optimizer) in enumerate(benches, 1):
            for i in range(-PASSED_OVER, steps):
                start = time.perf_counter()
                optimizer.zero_grad(set_to_none=True)
                functional.cross_entropy(model(x), y).backward()
                optimizer.step()
                if turn > 0 and i >= 0:
                    print("step", depth if depth > 1 else "plain", f"{1e3 * (time.perf_counter() - start):.4f}")


main()
