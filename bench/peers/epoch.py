"""epoch.py NETWORK DATA EPOCHS ITEMS THREADS: plain training in PyTorch, timed like dev.orbifold.bench.PlainEpoch.

NETWORK is lenet300 (DATA: a folder with MNIST's IDX files) or resnet20 (DATA: a folder with CIFAR-10's train.tar).
Prints one line "epoch <number> <seconds>" for each epoch, the first of which warms up. ITEMS 0 means all.
"""
import gzip
import io
import sys
import tarfile
import time

import numpy
import torch
from torch.nn import functional

from networks import lenet300, resnet20

BATCH, RATE, MOMENTUM = 128, 0.01, 0.9


def mnist(folder, items):
    def read(name, skip):
        return numpy.frombuffer(gzip.open(f"{folder}/{name}-ubyte.gz").read(), numpy.uint8, offset=skip)
    x = read("train-images-idx3", 16).reshape(-1, 1, 28, 28)
    y = read("train-labels-idx1", 8)
    n = items or len(y)
    return (torch.from_numpy(x[:n].astype("float32")) / 255 - 0.1307) / 0.3081, torch.from_numpy(y[:n].astype("int64"))


def cifar10(folder, items):
    from PIL import Image
    archive = tarfile.open(f"{folder}/train.tar")
    members = archive.getmembers()
    classes = sorted({m.name.split("/")[0] for m in members})
    members = members[:items or len(members)]
    x = numpy.empty((len(members), 3, 32, 32), "float32")
    for i, m in enumerate(members):
        x[i] = numpy.asarray(Image.open(io.BytesIO(archive.extractfile(m).read()))).transpose(2, 0, 1)
    mean = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
    std = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)
    x = (torch.from_numpy(x) / 255 - mean) / std
    return x, torch.tensor([classes.index(m.name.split("/")[0]) for m in members])


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    network, data, epochs, items, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = (mnist if network == "lenet300" else cifar10)(data, items)
    model = (lenet300 if network == "lenet300" else resnet20)().train()
    optimizer = torch.optim.SGD(model.parameters(), RATE, MOMENTUM)
    for epoch in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for at in range(0, len(x) // BATCH * BATCH, BATCH):
            chosen = order[at:at + BATCH]
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
        print("epoch", epoch, f"{time.perf_counter() - start:.4f}", flush=True)


main()
