// Learning curves: the value by epoch, a line for each trial, in the colour of the last rung that it
// reached.

section('curves', 'Learning curves', (study, root) => {
  const its = parts(root, (content) => {
    const plot = new Plot(content, { height: 320 });
    const legend = el('div');
    const finding = el('p', { class: 'finding' });
    content.append(
      legend,
      finding,
      asTable('Trials by the last epoch that they reached', ['Last epoch', 'Trials', 'Best value'], () =>
        rungRows(current),
      ),
    );
    return { plot, legend, finding };
  });
  const curves = study.once('curves', () =>
    study.rows.map((row) => ({ row, reports: study.reportsOf(row) })).filter(({ reports }) => reports.length),
  );
  const longest = curves.reduce((most, { reports }) => Math.max(most, reports[reports.length - 1][0]), 0);
  if (
    missing(
      its,
      curves.length === 0
        ? 'No trial reported its value by epochs.'
        : longest < 2
          ? 'Each trial reported one epoch only, so there are no curves.'
          : '',
    )
  )
    return;
  const levels = levelsOf(study, curves);
  const x = epochScale(study, longest);
  const y = resultScale(
    curves.flatMap(({ reports }) => reports.map(([, value]) => value)),
    study.sign,
  );
  const finding = curvesFinding(study, curves, y);
  const ends = curves
    .map(({ row, reports }) => {
      const [epoch, value] = reports[reports.length - 1];
      return { x: x.at(epoch), y: y.at(value), trial: row.id, text: () => tipOf(study, row) };
    })
    .filter((point) => point.x !== null && point.y !== null);
  its.plot.show({
    x,
    y,
    xName: 'epoch',
    yName: study.shown,
    label: finding,
    points: ends,
    paint: (context, place) =>
      curves.forEach((curve) =>
        paintCurve(context, place, {
          x,
          y,
          curve,
          levels,
          many: curves.length > 100,
          best: curve.row === study.best,
        }),
      ),
  });
  refill(
    its.legend,
    legendOf([
      ...levels.map((level, index) => [levelColour(levels, index), `to epoch ${level}`]),
      ...statesOf(curves.map(({ row }) => row))
        .filter((state) => state !== 'completed')
        .map((state) => [state, state]),
    ]),
  );
  its.finding.textContent = finding;
});

// The rungs where the scheduler has some, else the last epochs of trials, at most six of them.
function levelsOf(study, curves) {
  const ended = new Set(curves.map(({ reports }) => reports[reports.length - 1][0]));
  const rungs = study.levels.filter((level) => level <= Math.max(...ended));
  const found = rungs.length > 1 && rungs.length <= 8 ? rungs : [...ended].sort((one, other) => one - other);
  if (found.length <= 6) return found;
  const step = (found.length - 1) / 5;
  return Array.from({ length: 6 }, (_, index) => found[Math.round(index * step)]);
}

// The longest training is the darkest, as in a scale from the lightest to the darkest.
const levelColour = (levels, index, alpha = 1) =>
  onScale(levels.length < 2 ? 0 : 0.85 * (1 - index / (levels.length - 1)), alpha);

function epochScale(study, longest) {
  const rungs = study.levels.filter((level) => level > 0 && level <= longest);
  if (rungs.length > 2 && rungs.length <= 8 && rungs[rungs.length - 1] >= 8 * rungs[0]) {
    const scale = logScale(1, longest);
    return { ...scale, ticks: () => rungs.map((level) => ({ at: scale.at(level), text: String(level) })) };
  }
  return linearScale(Math.min(1, longest), longest, { whole: true });
}

function paintCurve(context, place, { x, y, curve: { row, reports }, levels, many, best }) {
  const end = reports[reports.length - 1][0];
  const index = levels.findIndex((level) => level >= end);
  context.strokeStyle = levelColour(
    levels,
    index < 0 ? levels.length - 1 : index,
    best ? 1 : many ? 0.35 : 0.75,
  );
  context.lineWidth = (best ? 3 : many ? 1 : 1.5) * place.ratio;
  context.beginPath();
  let drawn = false;
  let lastPlace = null;
  for (const [epoch, value] of reports) {
    const [across, up] = [x.at(epoch), y.at(value)];
    if (across === null || up === null) {
      drawn = false;
      continue;
    }
    lastPlace = [place.x(across), place.y(up)];
    if (drawn) context.lineTo(...lastPlace);
    else context.moveTo(...lastPlace);
    drawn = true;
  }
  context.stroke();
  if (!lastPlace) return;
  context.fillStyle = context.strokeStyle;
  if (row.state !== 'completed') markColour(context, row.state);
  context.globalAlpha = many && !best ? 0.6 : 1;
  drawMark(context, row.state, ...lastPlace, (best ? 5 : many ? 2 : 3) * place.ratio, many && !best);
  context.globalAlpha = 1;
}

function rungRows(study) {
  const byEpoch = new Map();
  for (const row of study.rows) {
    if (!row.last_epoch) continue;
    const found = byEpoch.get(row.last_epoch) || { count: 0, best: NaN };
    const value = study.valueOf(row);
    found.count += 1;
    if (Number.isFinite(value) && !((study.sign || 1) * value >= (study.sign || 1) * found.best))
      found.best = value;
    byEpoch.set(row.last_epoch, found);
  }
  return [...byEpoch]
    .sort(([one], [other]) => one - other)
    .map(([epoch, { count, best }]) => [epoch, count, best]);
}

function curvesFinding(study, curves, y) {
  const reached = rungRows(study);
  const told =
    reached.length > 8 ? [] : reached.map(([epoch, count]) => `${grouped(count)} to epoch ${epoch}`);
  const before = told.length ? `: ${told.join(', ')}` : '';
  const best = study.best ? ` The thick line is the best one, trial ${study.best.id}.` : '';
  return `${plural(curves.length, 'trial')}${before}.${best}${beyondText(y)}`;
}
