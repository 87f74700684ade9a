"""Train the model: `python -m training.train --folder FOLDER`.

Run again with the same folder to go on from the last checkpoint. Create the file
`FOLDER/decay` when the learning rate shall fall to zero; training ends after that.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from training.batches import Batch, batches
from training.model import Llama, Shape
from training.muon import Muon
from training.tokenizer import load_or_learn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

_LONGEST_COUNTED_STEP_S = 20.0


@dataclass
class Progress:
    """How far training has come; stored with every checkpoint."""

    n_steps: int = 0
    n_tokens: int = 0
    active_s: float = 0.0
    decay_from: int | None = None


@dataclass(frozen=True)
class Plan:
    """What does not change during a run."""

    folder: Path
    peak_rate: float
    n_warmup: int
    n_decay: int
    n_parts: int
    n_part_tokens: int
    n_threads: int

    def rate(self, progress: Progress) -> float:
        """Return the learning rate: warm up, stay, fall in a straight line to zero."""
        warm = min(1.0, (progress.n_steps + 1) / self.n_warmup)
        if progress.decay_from is None:
            return self.peak_rate * warm
        left = 1 - (progress.n_steps - progress.decay_from) / self.n_decay
        return self.peak_rate * warm * max(left, 0.0)

    def is_over(self, progress: Progress) -> bool:
        """Say whether the learning rate has fallen to zero."""
        started = progress.decay_from
        return started is not None and progress.n_steps >= started + self.n_decay


class Trainer:
    """Owns the weights and the optimizers, and the checkpoint they are stored in."""

    def __init__(self, plan: Plan) -> None:
        """Start afresh, or from the checkpoint in the plan's folder."""
        self.plan = plan
        self.progress = Progress()
        self.tokenizer = load_or_learn(plan.folder / "tokenizer.json")
        self.shape = Shape(n_pieces=self.tokenizer.get_vocab_size())
        self.model = Llama(self.shape)
        matrices = [one for one in self.model.layers.parameters() if one.ndim > 1]
        others = [self.model.embedding.weight]
        others += [one for one in self.model.parameters() if one.ndim == 1]
        self.optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=plan.peak_rate),
            torch.optim.AdamW(others, lr=plan.peak_rate, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        # Fused by torch: about twice as fast as operation by operation.
        self._loss = torch.compile(weighted_loss, dynamic=True)
        if self._checkpoint.exists():
            self._restore()

    @property
    def _checkpoint(self) -> Path:
        return self.plan.folder / "checkpoint.pt"

    def run(self) -> None:
        """Train until the learning rate has fallen to zero."""
        seed = 1000 + self.progress.n_steps
        stream = batches(self.tokenizer, seed, self.plan.n_part_tokens, self.shape.n_context)
        while not self.plan.is_over(self.progress):
            self._look_for_decay()
            started = time.monotonic()
            loss = self._step(stream)
            # A longer step was paused from outside, and a pause is not training time.
            took_s = time.monotonic() - started
            self.progress.active_s += min(took_s, _LONGEST_COUNTED_STEP_S)
            self._report(loss)
            if self.progress.n_steps % 100 == 0:
                self.save()
        self.save()

    def save(self) -> None:
        """Store weights, optimizer states and progress; a reader never sees half a file."""
        state: dict[str, Any] = {
            "shape": asdict(self.shape),
            "model": self.model.state_dict(),
            "optimizers": [one.state_dict() for one in self.optimizers],
            "progress": asdict(self.progress),
        }
        unfinished = self._checkpoint.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(self._checkpoint)

    def _restore(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)
        self.progress = Progress(**state["progress"])

    def _look_for_decay(self) -> None:
        if self.progress.decay_from is None and (self.plan.folder / "decay").exists():
            self.progress.decay_from = self.progress.n_steps

    def _step(self, stream: Iterator[Batch]) -> float:
        """Take one optimizer step on several batches; return the mean loss per weight."""
        parts = [next(stream) for _ in range(self.plan.n_parts)]
        total_weight = float(sum(part.weights.sum() for part in parts))
        loss = sum(self._backward(part, total_weight) for part in parts)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.plan.rate(self.progress)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.progress.n_steps += 1
        self.progress.n_tokens += sum(int((part.weights > 0).sum()) for part in parts)
        return loss

    def _backward(self, part: Batch, total_weight: float) -> float:
        loss = self._loss(self.model, part) / total_weight
        torch.autograd.backward(loss)
        return float(loss.detach())

    def _report(self, loss: float) -> None:
        if self.progress.n_steps % 10:
            return
        fields = {**asdict(self.progress), "loss": round(loss, 4)}
        fields["rate"] = round(self.plan.rate(self.progress), 6)
        print(json.dumps(fields), flush=True)


def weighted_loss(model: Llama, part: Batch) -> Tensor:
    """Return the sum over all tokens of weight times surprise, in nats."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(part.inputs)
    losses = functional.cross_entropy(logits.float().flatten(0, 1), part.targets.flatten(), reduction="none")
    return (losses * part.weights.flatten()).sum()


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--peak-rate", type=float, default=2e-3)
    parser.add_argument("--n-warmup", type=int, default=100)
    parser.add_argument("--n-decay", type=int, default=800)
    parser.add_argument("--n-parts", type=int, default=2)
    parser.add_argument("--n-part-tokens", type=int, default=4096)
    parser.add_argument("--n-threads", type=int, default=2)
    plan = Plan(**vars(parser.parse_args()))
    plan.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(plan.n_threads)
    torch.manual_seed(1)
    Trainer(plan).run()


if __name__ == "__main__":
    main()
