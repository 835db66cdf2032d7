// Several studies beside each other: their incumbents by trials or by seconds, and a table.

const DASHES = [[], [6, 3], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2], [1, 2], [8, 2, 2, 2]];

section('comparison', 'Comparison', (study, root) => {
  const all = [...studies.values()].filter((each) => each.head);
  if (all.length < 2) return;
  const its = parts(root, makeComparison);
  const goals = new Set(all.map((each) => `${each.goal.direction} ${each.goal.name}`));
  const drawn = all.filter(
    (each) => each.goal.name === study.goal.name && each.goal.direction === study.goal.direction,
  );
  missing(its, '');
  drawComparison(its, drawn, study.goal);
  its.finding.textContent = comparisonFinding(
    drawn,
    study.goal,
    goals.size > 1 ? all.length - drawn.length : 0,
  );
  drawStudyTable(its, all, study);
});

function makeComparison(content) {
  const its = { bySeconds: false };
  const bySeconds = toggle('By seconds of work', (pressed) => {
    its.bySeconds = pressed;
    stale('comparison');
  });
  content.append(el('div', { class: 'controls' }, bySeconds));
  its.plot = new Plot(content, { height: 300 });
  its.legend = el('div');
  its.finding = el('p', { class: 'finding' });
  its.table = el('div');
  content.append(its.legend, its.finding, its.table);
  return its;
}

// Completed trials in the order in which they ended: [trials, seconds, value].
function trajectory(study) {
  return study.once('trajectory', () => {
    const goal = study.goal;
    const sign = goal.direction === 'maximize' ? -1 : 1;
    const ended = study.rows
      .filter((row) => row.state === 'completed' && Number.isFinite(number(row.value)))
      .map((row) => [
        row.runs && row.runs.length ? number(row.runs[row.runs.length - 1][1]) : 0,
        number(row.value),
      ])
      .sort(([one], [other]) => one - other);
    const steps = [];
    ended.forEach(([seconds, value], index) => {
      if (!steps.length || sign * value < sign * steps[steps.length - 1][2])
        steps.push([index + 1, seconds, value]);
    });
    return { steps, trials: ended.length, seconds: number(study.head.seconds) || 0 };
  });
}

function drawComparison(its, drawn, goal) {
  const found = drawn.map(trajectory);
  const place = its.bySeconds ? 1 : 0;
  const most = Math.max(1, ...found.map((each) => (its.bySeconds ? each.seconds : each.trials)));
  const x = its.bySeconds ? linearScale(0, most) : linearScale(1, most, { whole: true });
  const y = resultScale(
    found.flatMap(({ steps }) => steps.map((step) => step[2])),
    goal.direction === 'maximize' ? -1 : 1,
  );
  its.plot.show({
    x,
    y,
    xName: its.bySeconds ? 'seconds of work' : 'trials completed',
    yName: goal.name,
    points: [],
    label: `Incumbents of ${drawn.length} studies; the table below has their ends.`,
    paint: (context, spot) =>
      found.forEach(({ steps, trials, seconds }, index) => {
        const end = x.at(its.bySeconds ? seconds : trials);
        paintSteps(
          context,
          spot,
          steps.map((step) => [x.at(step[place]), y.at(step[2])]),
          colours[`series-${index % 8}`],
          DASHES[index % 8],
          end,
        );
      }),
  });
  refill(its.legend, legendOf(drawn.map((each, index) => [`series-${index % 8}`, nameOf(each)])));
  [...its.legend.querySelectorAll('.swatch')].forEach((mark, index) => {
    if (index % 8) mark.style.borderTopStyle = index % 2 ? 'dashed' : 'dotted';
  });
}

const nameOf = (study) => study.label || study.head.name;

function comparisonFinding(drawn, goal, left) {
  const sign = goal.direction === 'maximize' ? -1 : 1;
  const ends = drawn
    .filter((each) => trajectory(each).steps.length)
    .map((each) => [each, trajectory(each).steps.at(-1)[2]])
    .sort(([, one], [, other]) => sign * (one - other));
  const leader = ends.length
    ? `${cut(nameOf(ends[0][0]), 60)} has the best ${cut(goal.name, 40)}, ${short(ends[0][1])}.`
    : 'No study has a result yet.';
  return leader + (left ? ` ${left} with another goal ${left === 1 ? 'is' : 'are'} in the table only.` : '');
}

function drawStudyTable(its, all, study) {
  const rows = all.map((each) => {
    const { head } = each;
    const show = button(cut(nameOf(each), 40), () => choose(each), {
      class: 'link',
      'aria-current': each === study ? 'true' : null,
      title: `Show ${cut(nameOf(each), 200)}`,
    });
    return [
      show,
      each.goal.name,
      head.best ? number(head.best.value) : '',
      head.num_trials,
      duration(head.seconds),
      (head.searcher || {}).name || '',
      (head.scheduler || {}).name || '',
      plain(head.seed),
    ];
  });
  const key = JSON.stringify([
    study.key,
    all.map((each) => [each.head.best, each.head.num_trials, each.head.seconds]),
  ]);
  if (its.table.key === key) return;
  const focused = its.table.contains(document.activeElement);
  its.table.key = key;
  refill(
    its.table,
    tableOf(
      'Studies',
      ['Study', 'Goal', 'Best', 'Trials', 'Time of work', 'Searcher', 'Scheduler', 'Seed'],
      rows,
    ),
  );
  if (focused) its.table.querySelector('[aria-current]').focus();
}
