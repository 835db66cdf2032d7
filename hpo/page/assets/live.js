// What a live page does with a change that it hears of.

function hear(change) {
  const before = current && current.best && current.best.id;
  const study = apply(change);
  showTroubles();
  showStudies();
  if (!study) return;
  if (!current && study.head) choose(study);
  if (study === current)
    lazily(
      ...(change.trials || change.head ? [] : ['headline', 'importance', 'slices', 'parallel', 'contour']),
    );
  else lazily('comparison');
  if (study === current && study.best && before !== study.best.id)
    say(`New best: ${short(number(study.head.best.value))}, trial ${study.best.id}`);
}

// What cannot be read now: what was shown of it before stays.
function showTroubles() {
  const troubled = [...studies.values()].filter((study) => study.error);
  const box = byId('troubles');
  box.hidden = !troubled.length;
  refill(
    box,
    troubled.map((study) => el('p', {}, data(nameOf(study), 120), ': ', data(study.error, 600))),
  );
}
