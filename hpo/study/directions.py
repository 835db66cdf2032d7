"""Metrics whose names contradict the direction in which a study optimises them."""

from __future__ import annotations

import itertools
import re

from hpo.study.trial import Direction, Metric


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LARGE_IS_GOOD = _set_of("""
    accuracy acc auc auroc aucroc auprc roc f1 fscore r2 precision recall sensitivity specificity
    reward rewards iou miou dice jaccard bleu rouge ndcg mcc kappa psnr ssim
    sharpe likelihood elbo throughput
""")
_SMALL_IS_GOOD = _set_of("""
    loss losses error errors err mse mae rmse rmsle mape smape nll perplexity ppl cost latency regret
    brier crps wer cer fid deviance logloss crossentropy divergence rmsd
""")
# Any of these may turn the meaning round, or make another quantity of it.
_OTHERWISE = _set_of("""
    neg negative negated minus one inverse inverted inv non gap diff difference delta drop std var
    variance time seconds epochs steps rank reduction improvement decrease increase to until information
    scale savings saved benefit tolerance threshold bits count num number
""")
# These are good where they are large, unless another word says of what: `risk_score`, `davies_bouldin_score`.
_LARGE_ALONE = _set_of("score scores return returns")
_PLAIN = _set_of("""
    val valid validation train training test dev eval holdout cv fold oof mean avg average median macro micro
    weighted total final best last
""")


def contradiction(metric: Metric) -> str | None:
    """Why the direction of a metric is probably not what was meant; None where its name does not say.

    A wrong remark is worse than none, so a name that holds words of both kinds says nothing.

    Example:
        >>> contradiction(Metric("valAccuracy")).partition(":")[0]
        "The study makes 'valAccuracy' small, and a metric of this name is good where it is large"
        >>> contradiction(Metric("val_error")), contradiction(Metric("accuracy_gap"))
        (None, None)
    """
    words = _words(metric.name)
    large, small = bool(words & (_LARGE_IS_GOOD | _LARGE_ALONE)), bool(words & _SMALL_IS_GOOD)
    if not words & _LARGE_IS_GOOD and words & _LARGE_ALONE and not _is_plain(metric.name):
        return None
    if large == small or words & _OTHERWISE or re.match(r"\s*1\s*-", metric.name):
        return None
    minimizes = metric.direction is Direction.MINIMIZE
    if minimizes is small:
        return None
    is_made, is_good = ("small", "large") if minimizes else ("large", "small")
    mend = "maximize" if minimizes else "minimize"
    return (
        f"The study makes {metric.name!r} {is_made}, and a metric of this name is good where it is "
        f"{is_good}: if so, begin a new study with {mend}={metric.name!r}."
    )


def _is_plain(name: str) -> bool:
    """Whether no word of a name says of what it is."""
    return all(word in _LARGE_ALONE | _PLAIN or word.isdigit() for word in _parted(name))


def _words(name: str) -> set[str]:
    """The words of a name, with and without numbers, and each two that stand side by side as one.

    Those of `accuracyTop5` are `accuracy`, `top`, `top5` and `accuracytop5`, those of `F1` are `f1` and `f`.
    """
    found = _parted(name)
    pairs = (first + second for first, second in itertools.pairwise(found))
    return {*found, *(word.rstrip("0123456789") for word in found), *pairs}


def _parted(name: str) -> list[str]:
    """The words of a name in snake case, in camel case or with any marks between them."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[a-z]+\d*|\d+", parted.lower())
