// The value of each trial by its number, and the incumbent: the best completed trial so far.

section('history', 'History', (study, root) => {
  const its = parts(root, (content) => {
    const choice = el('div', { class: 'controls' });
    content.append(choice);
    const plot = new Plot(content, { height: 300 });
    const legend = el('div');
    const finding = el('p', { class: 'finding' });
    content.append(legend, finding);
    const table = asTable('Incumbents', ['Trial', 'Value'], () =>
      current.incumbents.map(({ row, value }) => [row.id, value]),
    );
    content.append(table);
    return { plot, legend, finding, choice };
  });
  metricChoice(its.choice, study);
  const { rows } = study;
  if (missing(its, rows.length ? '' : 'No trial has been started yet.')) return;
  const x = linearScale(rows[0].id, rows[rows.length - 1].id, { whole: true });
  const y = resultScale(
    rows.map((row) => study.valueOf(row)),
    study.sign,
  );
  // A trial without a value stands at the bad edge, so that it is seen that it was there.
  const edge = study.sign < 0 ? 0 : 1;
  const points = pointsOf(
    study,
    rows,
    (row) => x.at(row.id),
    (row) =>
      Number.isFinite(study.valueOf(row)) ? y.at(study.valueOf(row)) : row.state === 'failed' ? edge : null,
    (row) => tipOf(study, row),
  );
  const finding = historyFinding(study, y);
  its.plot.show({
    x,
    y,
    xName: 'trial',
    yName: study.shown,
    points,
    label: finding,
    paint(context, place) {
      paintPoints(context, place, points);
      paintSteps(
        context,
        place,
        study.incumbents.map(({ row, value }) => [x.at(row.id), y.at(value)]),
        colours.ink,
      );
    },
  });
  refill(its.legend, stateLegend(rows, study.incumbents.length ? [['ink', 'incumbent']] : []));
  its.finding.textContent = finding;
});

// The value of a trial is its last report or its best one; other metrics come from the same report.
const epochOfValues = (study, they = 'it') =>
  study.head.value === 'best' ? `best epoch that ${they} had` : `last epoch that ${they} reached`;

function historyFinding(study, y) {
  const found = study.incumbents;
  const early = study.rows.some((row) => row.state === 'stopped' || row.state === 'paused');
  const where = early ? ` Those that did not complete stand at the ${epochOfValues(study, 'they')}.` : '';
  const start = `${plural(study.rows.length, 'trial')}.${where} `;
  const lost = study.rows.filter((row) => Number.isNaN(study.valueOf(row))).length;
  const without = lost ? ` ${plural(lost, 'trial')} without a value; failed ones stand at the edge.` : '';
  if (!found.length)
    return `${start}No trial completed with a result, so there is no incumbent.${without}${beyondText(y)}`;
  const lastOne = found[found.length - 1];
  return (
    `${start}The best value, ${short(lastOne.value)}, came with trial ${lastOne.row.id}; ` +
    `the incumbent changed ${plural(found.length - 1, 'time')}.${without}${beyondText(y)}`
  );
}

// A staircase that goes on to the right edge.
function paintSteps(context, place, corners, colour, dash = [], end = 1) {
  if (!corners.length) return;
  context.beginPath();
  context.strokeStyle = colour;
  context.lineWidth = 2 * place.ratio;
  context.setLineDash(dash.map((each) => each * place.ratio));
  context.moveTo(place.x(corners[0][0]), place.y(corners[0][1]));
  corners.slice(1).forEach(([x, y], index) => {
    context.lineTo(place.x(x), place.y(corners[index][1]));
    context.lineTo(place.x(x), place.y(y));
  });
  context.lineTo(place.x(end), place.y(corners[corners.length - 1][1]));
  context.stroke();
  context.setLineDash([]);
}

// All pictures of values show the chosen metric.
function metricChoice(box, study) {
  const names = study.metrics;
  const key = `${study.key}\n${names.join('\n')}`;
  if (box.key === key) return;
  box.key = key;
  box.hidden = names.length < 2;
  const select = el(
    'select',
    {
      on: {
        change: () => {
          current.show(names[select.selectedIndex]);
          setFilter(current, filter.text);
          stale();
        },
      },
    },
    names.map((name) => el('option', {}, cut(name, 40))),
  );
  select.selectedIndex = names.indexOf(study.shown);
  refill(box, el('label', { class: 'inline' }, 'Metric ', select));
}
