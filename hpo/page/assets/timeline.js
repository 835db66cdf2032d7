// Timeline: when each trial ran, in seconds of work on the study; a lane for as many as ran at once, or one
// for each trial. What ended a run stands at its end.

const LANE = 18;
const LEFT = 56;
const MOST_LANES = 300;
const ENDS = { ...GLYPHS, interrupted: '\u2717' };

section('timeline', 'Timeline', (study, root) => {
  const its = parts(root, makeTimeline);
  const runs = study.rows
    .flatMap((row) =>
      (row.runs || []).map(([begin, end, first, last_, ending]) => ({
        row,
        begin: number(begin),
        end: ending === 'running' ? Math.max(number(end), number(study.head.seconds) || 0) : number(end),
        first,
        last: last_,
        ending,
      })),
    )
    .sort((one, other) => one.begin - other.begin || one.row.id - other.row.id);
  if (missing(its, runs.length ? '' : 'No trial has run yet, or their runs are not in the log.')) return;
  its.lanes = its.byTrial ? byTrial(runs) : byLane(runs);
  its.runs = runs;
  its.study = study;
  drawTimeline(its);
});

function makeTimeline(content) {
  const canvas = el('canvas', { role: 'img' });
  const box = scrollable('Picture of the timeline', canvas);
  box.classList.add('tall');
  const finding = el('p', { class: 'finding' });
  const legend = el('div');
  const its = { canvas, box, finding, legend, byTrial: false };
  const byTrials = toggle('A lane for each trial', (pressed) => {
    its.byTrial = pressed;
    stale('timeline');
  });
  content.append(
    el('div', { class: 'controls' }, byTrials),
    box,
    legend,
    finding,
    asTable('Runs', ['Trial', 'From, s', 'To, s', 'Epochs', 'End'], () =>
      its.runs
        .slice(0, 500)
        .map((run) => [
          run.row.id,
          run.begin,
          run.end,
          run.last > run.first ? `${run.first + 1} to ${run.last}` : '',
          run.ending,
        ]),
    ),
  );
  canvas.addEventListener('pointermove', (event) => {
    const run = runAt(its, event);
    if (run) showTip(event.clientX, event.clientY, runText(run));
    else hideTip();
  });
  canvas.addEventListener('pointerleave', hideTip);
  canvas.addEventListener('click', (event) => {
    const run = runAt(its, event);
    if (run) showTrial(run.row.id);
  });
  new ResizeObserver(() =>
    requestAnimationFrame(() => its.study && its.width !== box.clientWidth && drawTimeline(its)),
  ).observe(content);
  return its;
}

// The first lane that is free takes the next run, so there are as many lanes as ran at once.
function byLane(runs) {
  const free = [];
  const lanes = [];
  for (const run of runs) {
    let index = free.findIndex((end) => end <= run.begin + 1e-9);
    if (index < 0) index = free.length;
    free[index] = run.end;
    (lanes[index] = lanes[index] || { name: String(index + 1), runs: [] }).runs.push(run);
  }
  return lanes;
}

function byTrial(runs) {
  const lanes = new Map();
  for (const run of runs) {
    if (!lanes.has(run.row.id)) lanes.set(run.row.id, { name: String(run.row.id), runs: [] });
    lanes.get(run.row.id).runs.push(run);
  }
  return [...lanes.values()].sort((one, other) => Number(one.name) - Number(other.name));
}

function drawTimeline(its) {
  const width = its.box.clientWidth;
  if (!width) return;
  its.width = width;
  const lanes = its.lanes.slice(0, MOST_LANES);
  const end = its.runs.reduce((most, run) => Math.max(most, run.end), 0);
  const height = lanes.length * LANE + 30;
  its.scale = linearScale(0, end || 1);
  its.x = (seconds) => LEFT + its.scale.at(seconds) * (width - LEFT - 16);
  const context = sizeCanvas(its.canvas, width, height);
  context.font = FONT;
  context.textBaseline = 'middle';
  for (const tick of its.scale.ticks(Math.max(2, Math.floor(width / 75))))
    paintTick(context, its, tick, height);
  lanes.forEach((lane, index) => {
    context.textAlign = 'right';
    context.fillStyle = colours['ink-2'];
    if (lanes.length <= 60 || index % 5 === 0)
      context.fillText(lane.name, LEFT - 10, index * LANE + LANE / 2);
    for (const run of lane.runs) paintRun(context, its, run, index * LANE);
  });
  refill(its.legend, endLegend(its.runs));
  const finding = timelineFinding(its, end, lanes);
  its.canvas.setAttribute('aria-label', finding);
  its.finding.textContent = finding;
}

function paintTick(context, its, tick, height) {
  const x = its.x(its.scale.from(tick.at));
  context.strokeStyle = colours.line;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height - 22);
  context.stroke();
  context.fillStyle = colours['ink-2'];
  context.textAlign = 'center';
  const seconds = its.scale.from(tick.at);
  context.fillText(
    its.scale.high < 180 ? `${short(Number(seconds.toPrecision(6)))} s` : duration(seconds),
    x,
    height - 10,
  );
}

function paintRun(context, its, run, top) {
  const [from, to] = [its.x(run.begin), its.x(run.end)];
  const wide = Math.max(2, to - from - 1);
  markColour(context, STATES.includes(run.ending) ? run.ending : 'failed');
  context.globalAlpha = 0.4;
  context.fillRect(from, top + 3, wide, LANE - 6);
  context.globalAlpha = 1;
  if (run.row === its.study.best) outline(context, from, top + 3, wide, LANE - 6);
  if (wide < 9) return;
  const y = top + LANE / 2;
  if (run.ending === 'interrupted') {
    context.textAlign = 'right';
    context.fillText(ENDS.interrupted, to - 1, y);
  } else {
    drawMark(context, run.ending, to - 5, y, 3.5);
  }
  const name = String(run.row.id);
  if (wide < 14 + 8 * name.length) return;
  context.textAlign = 'left';
  context.fillStyle = colours.ink;
  context.fillText(name, from + 4, y);
}

// The best trial's runs are framed.
function outline(context, left, top, width, height) {
  context.save();
  context.strokeStyle = colours.ink;
  context.lineWidth = 2;
  context.strokeRect(left + 1, top, Math.max(1, width - 2), height);
  context.restore();
}

function endLegend(runs) {
  const present = [...STATES, 'interrupted'].filter((ending) => runs.some((run) => run.ending === ending));
  return el(
    'ul',
    { class: 'legend' },
    present.map((ending) =>
      el(
        'li',
        {},
        el(
          'span',
          { class: `swatch ${ending === 'interrupted' ? 'failed' : ending}`, 'aria-hidden': 'true' },
          ENDS[ending],
        ),
        ending === 'running' ? 'still running' : `ended ${ending}`,
      ),
    ),
    runs.some((run) => run.row === current.best) ? el('li', {}, 'framed: the best trial') : null,
  );
}

function runAt(its, event) {
  if (!its.lanes) return null;
  const box = its.canvas.getBoundingClientRect();
  const lane = its.lanes[Math.floor((event.clientY - box.top) / LANE)];
  const x = event.clientX - box.left;
  return (lane && lane.runs.find((run) => its.x(run.begin) - 2 <= x && x <= its.x(run.end) + 2)) || null;
}

const runText = (run) =>
  `Trial ${run.row.id}, ${run.ending}\nfrom ${duration(run.begin)} to ${duration(run.end)}` +
  (run.last > run.first ? `\nepochs ${run.first + 1} to ${run.last}` : '');

function timelineFinding(its, end, lanes) {
  const most = byLane(its.runs).length;
  const hidden = its.lanes.length - lanes.length;
  const cutOff = its.runs.filter((run) => run.ending === 'interrupted').length;
  return (
    `${plural(its.runs.length, 'run')} of ${plural(new Set(its.runs.map((run) => run.row.id)).size, 'trial')} in ${duration(end)} of work; at most ${most} at once.` +
    (cutOff ? ` ${plural(cutOff, 'run')} interrupted.` : '') +
    (hidden > 0 ? ` ${plural(hidden, 'more lane')} not drawn.` : '')
  );
}
