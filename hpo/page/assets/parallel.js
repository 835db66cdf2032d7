// Parallel coordinates: a line for each trial through its hyperparameters to its value. Drag along an axis
// to brush it, click it to let go.

const TOP = 34;
const BOTTOM = 14;
const TALL = 340;
const BETWEEN = 92;
const THIN = 1.2;
// Up to one pixel of the screen in width, ten thousand lines take half of the time.
const hairline = () => 1 / (window.devicePixelRatio || 1);

section('parallel', 'Parallel coordinates', (study, root) => {
  const its = parts(root, makeParallel);
  const rows = study.valued;
  if (missing(its, whyNoPoints(study))) return;
  its.study = study;
  its.rows = rows;
  its.axes = axesOf(study, rows);
  if (!filter.brushes.size) its.brushes.clear();
  its.brushes.show(its.axes);
  its.brushes.filter();
  drawParallel(its);
});

function makeParallel(content) {
  const canvas = el('canvas', { role: 'img', 'aria-describedby': 'brush-count' });
  const over = el('div', { class: 'parallel-wide' }, canvas);
  const count = el('p', { class: 'count', id: 'brush-count', 'aria-live': 'polite' });
  const its = { canvas, over, count, drag: null };
  its.brushes = new Brushes(() => {
    drawParallel(its);
    table.page = 0;
    stale('trials');
  });
  const clear = button(
    'Clear brushes',
    () => {
      its.brushes.clear();
      filter.brushes.clear();
      drawParallel(its);
      stale('trials');
    },
    { class: 'quiet' },
  );
  const bar = el('div', { class: 'scale-bar' });
  its.bar = bar;
  content.append(
    el(
      'p',
      { class: 'help' },
      'Drag along an axis, or move the sliders, to choose trials; the table shows those that are left.',
    ),
    scrollable('Picture of the parallel coordinates', over),
    bar,
    el('div', { class: 'controls' }, count, clear),
    el('details', { class: 'slider-box', open: true }, el('summary', {}, 'Ranges'), its.brushes.root),
  );
  canvas.addEventListener('pointerdown', (event) => beginBrush(its, event));
  canvas.addEventListener('pointermove', (event) => moveBrush(its, event));
  canvas.addEventListener('pointerup', (event) => endBrush(its, event));
  new ResizeObserver(() =>
    requestAnimationFrame(
      () => its.study && its.width !== over.parentElement.clientWidth && drawParallel(its),
    ),
  ).observe(content);
  return its;
}

function axesOf(study, rows) {
  const given = ranked(study).map((entry) => {
    const read = (row) => (row.config || {})[entry.name];
    const scale = scaleFor(entry, rows.map(read));
    return {
      name: entry.name,
      scale,
      place: (row) => scale.at(scale.kind === 'category' ? read(row) : number(read(row))),
    };
  });
  const scale = resultScale(
    rows.map((row) => study.valueOf(row)),
    study.sign,
  );
  return [
    ...given,
    { name: study.shown, scale, place: (row) => scale.at(study.valueOf(row)), isValue: true },
  ];
}

function sizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function drawParallel(its) {
  const { axes, rows, study } = its;
  const room = its.over.parentElement.clientWidth;
  if (!room) return;
  its.width = room;
  const width = Math.max(room, axes.length * BETWEEN);
  its.place = (index) => BETWEEN / 2 + (index * (width - BETWEEN)) / Math.max(1, axes.length - 1);
  its.up = (at) => TALL - BOTTOM - at * (TALL - TOP - BOTTOM);
  const context = sizeCanvas(its.canvas, width, TALL);
  const kept = rows.filter(passes);
  const passing = new Set(kept);
  if (kept.length < rows.length)
    paintLines(
      context,
      its,
      rows.filter((row) => !passing.has(row)),
      () => colours.dim,
      0.25,
      rows.length > 300 ? hairline() : THIN,
    );
  const value = axes[axes.length - 1];
  const many = kept.length > 300;
  const shares = new Map(kept.map((row) => [row, study.sign < 0 ? 1 - value.place(row) : value.place(row)]));
  // The good ones on top; in fifty colours, each of them mixed once.
  const tints = Array.from({ length: 51 }, (_, step) => onScale(step / 50));
  paintLines(
    context,
    its,
    [...kept].sort((one, other) => shares.get(other) - shares.get(one)),
    (row) => tints[Math.round(shares.get(row) * 50)],
    many ? 0.25 : 0.7,
    many ? hairline() : THIN,
  );
  if (study.best && passing.has(study.best))
    paintLines(context, its, [study.best], () => colours.ink, 1, 2.5);
  axes.forEach((axis, index) => paintAxis(context, its, axis, index));
  its.count.textContent =
    its.brushes.ranges.size || isFiltered()
      ? `${grouped(kept.length)} of ${plural(rows.length, 'trial')} chosen.`
      : `${plural(rows.length, 'trial')}.`;
  refill(its.bar, el('span', {}, 'best'), gradient(), el('span', {}, 'worst'));
  its.canvas.setAttribute(
    'aria-label',
    `Parallel coordinates of ${plural(rows.length, 'trial')} over ${plural(axes.length - 1, 'hyperparameter')} and ${cut(study.shown, 60)}. The sliders below choose ranges.`,
  );
}

function paintLines(context, its, rows, colour, alpha, width) {
  context.globalAlpha = alpha;
  context.lineWidth = width;
  for (const row of rows) {
    context.strokeStyle = colour(row);
    context.beginPath();
    let drawn = false;
    its.axes.forEach((axis, index) => {
      const at = axis.place(row);
      // A hyperparameter that the trial does not have leaves a gap.
      if (at === null) {
        drawn = false;
        return;
      }
      if (drawn) context.lineTo(its.place(index), its.up(at));
      else context.moveTo(its.place(index), its.up(at));
      drawn = true;
    });
    context.stroke();
  }
  context.globalAlpha = 1;
}

function paintAxis(context, its, axis, index) {
  const x = its.place(index);
  context.strokeStyle = colours['ink-2'];
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, its.up(0));
  context.lineTo(x, its.up(1));
  context.stroke();
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = index === its.axes.length - 1 ? 'right' : 'left';
  const beside = index === its.axes.length - 1 ? -6 : 6;
  for (const tick of axis.scale.ticks(6))
    paintText(context, canvasText(tick.text, 10), x + beside, its.up(tick.at), colours.ink);
  context.textAlign = 'center';
  context.font = `600 ${FONT}`;
  const atEnd = index === 0 || index === its.axes.length - 1;
  const room = (atEnd ? BETWEEN : its.place(1) - its.place(0)) - 8;
  paintText(context, fitting(context, axis.name, room), x, 12, colours.ink);
  const range = its.brushes.ranges.get(axis.name);
  if (!range) return;
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.3;
  context.fillRect(x - 8, its.up(range[1]), 16, its.up(range[0]) - its.up(range[1]));
  context.globalAlpha = 1;
  context.strokeStyle = colours.accent;
  context.lineWidth = 2;
  context.strokeRect(x - 8, its.up(range[1]), 16, its.up(range[0]) - its.up(range[1]));
}

// As much of a name as there is room for, in pixels.
function fitting(context, name, room) {
  let most = 40;
  while (most > 4 && context.measureText(canvasText(name, most)).width > room) most -= 1;
  return canvasText(name, most);
}

// Text over lines has a rim in the colour of the paper.
function paintText(context, text, x, y, colour) {
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeStyle = colours.paper;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function heightAt(its, event) {
  const y = event.clientY - its.canvas.getBoundingClientRect().top;
  return Math.min(1, Math.max(0, (TALL - BOTTOM - y) / (TALL - TOP - BOTTOM)));
}

function beginBrush(its, event) {
  const x = event.clientX - its.canvas.getBoundingClientRect().left;
  const index = its.axes.findIndex((_, place) => Math.abs(its.place(place) - x) < 18);
  if (index < 0) return;
  its.drag = { name: its.axes[index].name, from: heightAt(its, event), moved: false };
  its.canvas.setPointerCapture(event.pointerId);
  event.preventDefault();
}

function moveBrush(its, event) {
  if (!its.drag) return;
  const at = heightAt(its, event);
  if (Math.abs(at - its.drag.from) < 0.01 && !its.drag.moved) return;
  its.drag.moved = true;
  its.brushes.set(
    its.drag.name,
    [its.drag.from, at].sort((one, other) => one - other),
  );
}

function endBrush(its, event) {
  if (!its.drag) return;
  if (!its.drag.moved) its.brushes.set(its.drag.name, null);
  its.drag = null;
  its.canvas.releasePointerCapture(event.pointerId);
}
