// Slices: the value against each hyperparameter, on the axis that its range has.

const MOST_SLICES = 12;

section('slices', 'Slices', (study, root) => {
  const its = parts(root, (content) => {
    const legend = el('div');
    const grid = el('div', { class: 'grid' });
    const finding = el('p', { class: 'finding' });
    content.append(legend, grid, finding);
    return { legend, grid, finding, plots: new Map() };
  });
  const rows = study.valued;
  if (missing(its, whyNoPoints(study))) return;
  const shown = ranked(study).slice(0, MOST_SLICES);
  const key = JSON.stringify([study.key, shown.map((entry) => entry.name)]);
  if (its.key !== key) {
    its.key = key;
    for (const plot of its.plots.values()) plot.end();
    its.grid.replaceChildren();
    its.plots = new Map(shown.map((entry) => [entry.name, new Plot(its.grid, { height: 200, zoom: false })]));
  }
  const y = resultScale(
    rows.map((row) => study.valueOf(row)),
    study.sign,
  );
  for (const entry of shown) drawSlice(study, its.plots.get(entry.name), entry, rows, y);
  refill(its.legend, stateLegend(rows));
  const more = study.hyperparameters.length - shown.length;
  its.finding.textContent =
    `${plural(rows.length, 'trial')} with a value, each at the ${epochOfValues(study)}.` +
    (more > 0
      ? ` ${plural(more, 'hyperparameter')} of little importance ${more === 1 ? 'is' : 'are'} left out.`
      : '') +
    beyondText(y);
});

function whyNoPoints(study) {
  if (!study.hyperparameters.length) return 'The space has no hyperparameter.';
  return study.valued.length ? '' : 'No trial has a value yet.';
}

function drawSlice(study, plot, entry, rows, y) {
  const value = (row) => (row.config || {})[entry.name];
  const x = scaleFor(entry, rows.map(value));
  const at = x.kind === 'category' ? value : (row) => number(value(row));
  // Trials of one category stand beside each other, at a place that their number gives.
  const aside = (row) => (x.kind === 'category' ? (((row.id * 0.618) % 1) - 0.5) * (0.6 / x.keys.length) : 0);
  const across = (row) => {
    const place = x.at(at(row));
    return place === null ? null : place + aside(row);
  };
  const points = pointsOf(
    study,
    rows,
    across,
    (row) => y.at(study.valueOf(row)),
    (row) => tipOf(study, row),
  );
  const best = study.best ? `; the best has ${cut(short(value(study.best)), 60)}` : '';
  plot.show({
    x,
    y,
    xName: entry.name,
    yName: study.shown,
    points,
    label: `${cut(study.shown, 60)} against ${cut(entry.name, 60)} of ${plural(points.length, 'trial')}${best}. The table of trials has the numbers.`,
    paint: (context, place) => paintPoints(context, place, points),
  });
}

// Those that matter most come first, where it is known; else in the order of the space.
function ranked(study) {
  const shares = new Map(
    ((study.analysis && study.analysis.importance) || []).map(({ name, share }) => [name, number(share)]),
  );
  return [...study.hyperparameters].sort(
    (one, other) => (shares.get(other.name) ?? -1) - (shares.get(one.name) ?? -1),
  );
}
