"""Muon: momentum whose matrices are made orthogonal (Jordan et al. 2024)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

# Coefficients of the quintic iteration, from the publication of the method.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_N_ITERATIONS = 5
# Makes the size of an update that of AdamW, so that one learning rate serves both
# (Liu et al. 2025, "Muon is scalable for LLM training").
_UPDATE_SIZE = 0.2


class Muon(torch.optim.Optimizer):
    """For matrices only; embeddings and norms belong to AdamW."""

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.05,
    ) -> None:
        """Own the matrices until the end of training."""
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Apply one update to every matrix; those of one shape are worked on together."""
        for group in self.param_groups:
            by_shape: defaultdict[tuple[int, int], list[nn.Parameter]] = defaultdict(list)
            for matrix in group["params"]:
                rows, columns = matrix.shape
                by_shape[(min(rows, columns), max(rows, columns))].append(matrix)
            for matrices in by_shape.values():
                self._update(matrices, group)

    def _update(self, matrices: list[nn.Parameter], group: dict[str, float]) -> None:
        moved = torch.stack([_wide(self._momentum(one, group["momentum"])) for one in matrices])
        size = _UPDATE_SIZE * max(moved.shape[-2:]) ** 0.5
        for matrix, update in zip(matrices, orthogonalized(moved), strict=True):
            straight = update if matrix.shape[0] <= matrix.shape[1] else update.T
            matrix.mul_(1 - group["lr"] * group["weight_decay"])
            matrix.add_(straight, alpha=-group["lr"] * size)

    def _momentum(self, matrix: nn.Parameter, momentum: float) -> Tensor:
        """Return the gradient mixed with its running sum (Nesterov)."""
        assert matrix.grad is not None
        state = self.state[matrix]
        if "sum" not in state:
            state["sum"] = torch.zeros_like(matrix)
        state["sum"].lerp_(matrix.grad, 1 - momentum)
        ahead: Tensor = matrix.grad.lerp(state["sum"], momentum)
        return ahead


def orthogonalized(matrices: Tensor) -> Tensor:
    """Return (n, rows, columns), rows <= columns, with singular values near one."""
    a, b, c = _QUINTIC
    x: Tensor = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_N_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.float()


def _wide(matrix: Tensor) -> Tensor:
    return matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
