"""Metrics whose names contradict the direction in which a study optimises them."""

from __future__ import annotations

import re

from hpo.study.trial import Direction, Metric


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LARGE_IS_GOOD = _set_of("""
    accuracy acc auc auroc aucroc auprc roc f1 fscore r2 precision recall sensitivity specificity score
    scores reward rewards return returns iou miou dice jaccard bleu rouge ndcg mcc kappa psnr ssim
    sharpe fitness likelihood elbo throughput
""")
_SMALL_IS_GOOD = _set_of("""
    loss losses error errors err mse mae rmse rmsle mape smape nll perplexity ppl cost latency regret
    brier crps wer cer fid deviance logloss entropy divergence rmsd
""")
# Any of these may turn the meaning round, or make another quantity of it.
_OTHERWISE = _set_of("""
    neg negative negated minus one inverse inverted inv non gap diff difference delta drop std var
    variance time seconds epochs steps rank reduction improvement decrease increase to until information
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
    large, small = bool(words & _LARGE_IS_GOOD), bool(words & _SMALL_IS_GOOD)
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


def _words(name: str) -> set[str]:
    """The words of a name in snake case, camel case or with any marks between them, with and without numbers.

    Those of `accuracyTop5` are `accuracy`, `top` and `top5`, those of `F1` are `f1` and `f`.
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    found = re.findall(r"[a-z]+\d*|\d+", parted.lower())
    return {*found, *(word.rstrip("0123456789") for word in found)}
