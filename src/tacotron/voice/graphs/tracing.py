"""One module as one ONNX file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

# The newest operator set that all ONNX Runtimes since 1.16 run.
OPSET = 17


def onnx_graph(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    axes: Mapping[str, Mapping[int, str]],
) -> bytes:
    """The bytes of an ONNX file that computes ``module``, traced with the example ``inputs``.

    ``inputs`` go by position and give their names; ``outputs`` are names in order; ``axes`` are
    the dimensions of either whose size is free: name -> number of the axis -> name of the size.
    """
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter by tracing is the one whose graphs run LSTMs as one operator; torch warns
        # that a newer one exists, and that traced lengths are constants (they are not: see `axes`).
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            file,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: dict(dims) for name, dims in axes.items()},
            opset_version=OPSET,
            dynamo=False,
        )
    return file.getvalue()
